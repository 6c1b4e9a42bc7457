"""What has to hold of the sources; each fault is one line that names the clause or question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from overlap import FREE, LIMIT, share, words
from sources import SPLITS, STRATA, Sources

AGREEMENTS, CLAUSES, TWINS = 40, 480, range(6, 11)
TEST, TEST_PER_STRATUM, TRAIN_PAIRS, UNANSWERABLE, SECOND = 300, 30, 400, 15, 150
NEAR = 0.85
"""Share of their common words at which two questions of different splits are one."""


def faults(data: Sources) -> list[str]:
    """Every fault found; empty when the sources are sound."""
    return [*_clauses(data), *_questions(data), *_judgments(data), *_leaks(data), *_sizes(data)]


def _clauses(data: Sources) -> Iterator[str]:
    sentences: dict[str, str] = {}
    for agreement in data.agreements:
        families = Counter(clause["family"] for clause in agreement["clauses"])
        yield from (f"{agreement['slug']}: two clauses of family {name}" for name, n in families.items() if n > 1)
        for clause in agreement["clauses"]:
            cid = clause["id"]
            if not cid.startswith(f"{agreement['slug']}."):
                yield f"{cid}: stands in {agreement['slug']}.yaml"
            for sentence in re.split(r"(?<=[.;])\s+", clause["text"]):
                plain = " ".join(re.findall(r"\w+", sentence.lower()))
                if len(plain.split()) >= 8 and sentences.setdefault(plain, cid) != cid:
                    yield f"{cid}: shares a sentence with {sentences[plain]}: {sentence}"
    ids = Counter(clause["id"] for agreement in data.agreements for clause in agreement["clauses"])
    yield from (f"{cid}: id used {n} times" for cid, n in ids.items() if n > 1)
    yield from (f"{name}: {len(twins)} twins" for name, twins in data.families.items() if len(twins) not in TWINS)


def _questions(data: Sources) -> Iterator[str]:
    ids = Counter(question["id"] for question in data.questions)
    yield from (f"{qid}: id used {n} times" for qid, n in ids.items() if n > 1)
    clauses, families = data.clauses, data.families
    for question in data.questions:
        qid, grades = question["id"], question["grades"]
        if not qid.startswith(f"{question['family']}-q") or question["family"] not in families:
            yield f"{qid}: not of the family {question['family']}, or a family without clauses"
        if question["split"] not in SPLITS or question["stratum"] not in STRATA:
            yield f"{qid}: unknown split {question['split']} or stratum {question['stratum']}"
        if not all(type(grade) is int and 0 <= grade <= 3 for grade in grades.values()) or 3 not in grades.values():
            yield f"{qid}: a grade is not an integer from 0 to 3, or none is 3"
        yield from (f"{qid}: unknown clause {cid}" for cid in grades if cid not in clauses)
        yield from (f"{qid}: twin {cid} is not judged" for cid in families[question["family"]] if cid not in grades)
        answers = [clauses[cid]["text"] for cid, grade in grades.items() if grade == 3 and cid in clauses]
        overlap = share(question["text"], answers)
        if overlap >= LIMIT and question["stratum"] not in FREE:
            yield f"{qid}: {overlap:.0%} of its content words stand in its answer"


def _judgments(data: Sources) -> Iterator[str]:
    """The audit's tables agree with the sources."""
    clauses = data.clauses
    grades = {question["id"]: question["grades"] for question in data.questions}
    for qid, judged in data.pooled.items():
        yield from (f"pooled {qid}: unknown clause {cid}" for cid in judged if cid not in clauses)
        yield from (f"pooled {qid} {cid}: judged in the sources" for cid in judged if cid in grades.get(qid, {}))
        if qid not in grades:
            yield f"pooled {qid}: no such question"
    for row in data.second:
        known = grades.get(row["question"], {}) | data.pooled.get(row["question"], {})
        if known.get(row["clause"]) != row["final"]:
            yield f"second reading {row['question']} {row['clause']}: final grade is not what the sources say"


def _leaks(data: Sources) -> Iterator[str]:
    """Nothing of test is an answer, or a question, of train or dev."""
    of = {question["family"]: question["split"] for question in data.questions}
    split = {cid: of.get(clause["family"], "") for cid, clause in data.clauses.items()}
    for question in data.questions:
        if of[question["family"]] != question["split"]:
            yield f"{question['id']}: its family is in two splits"
        if question["split"] == "train":
            answers = [cid for cid, grade in question["grades"].items() if grade >= 2]
            yield from (
                f"{question['id']}: {cid}, a clause of {split[cid]}, is an answer of train"
                for cid in answers
                if split.get(cid) != "train"
            )
    asked = [(question["id"], question["split"], words(question["text"])) for question in data.questions]
    for (one, here, left), (other, there, right) in combinations(asked, 2):
        if here != there and len(left & right) >= NEAR * len(left | right):
            yield f"{one} ({here}) and {other} ({there}) are one question"


def _sizes(data: Sources) -> Iterator[str]:
    test = [question for question in data.questions if question["split"] == "test"]
    pairs = sum(
        list(question["grades"].values()).count(3) for question in data.questions if question["split"] == "train"
    )
    strata = Counter(question["stratum"] for question in test)
    found = [
        ("agreements", len(data.agreements), AGREEMENTS),
        ("clauses", len(data.clauses), CLAUSES),
        ("test questions", len(test), TEST),
        ("question-clause pairs to train on", pairs, TRAIN_PAIRS),
        ("unanswerable questions", len(data.unanswerable), UNANSWERABLE),
        ("pairs read twice", len(data.second), SECOND),
        *((f"test questions of stratum {name}", strata[name], TEST_PER_STRATUM) for name in STRATA),
    ]
    yield from (f"{name}: {number}, under {least}" for name, number, least in found if number < least)

"""The embedded tasks: built from their sources, of the size that their cards say, without leaks; and legal's own measures."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from conftest import ROOT
from harness.config.options import call
from harness.data.table import read_table
from harness.data.table_file import Reading
from harness.measures.judged import Judged
from harness.measures.names import parse
from harness.registry import tasks

LEGAL = ROOT / "tasks" / "data" / "legal"
STRATA = {"keywords", "jargon", "numbers", "party", "reference", "scenario", "negation", "lay"}


def legal(split: str):
    return call(tasks.get("legal"), {"split": split}).dataset


def test_legal_is_what_its_sources_give_and_its_card_says_so():
    """Sound sources (sizes, twins, overlap, leaks), the built files by nobody's hand, and the digest of the card."""
    done = subprocess.run([sys.executable, LEGAL / "build.py", "--check"], check=True, capture_output=True, text=True)
    digest = done.stdout.split()[-1]
    card = (LEGAL / "README.md").read_text(encoding="utf-8")
    assert len(digest) == 64 and digest in card and "canary GUID" in card


def test_legal_has_enough_to_measure_and_to_train_on():
    """Sizes, strata and grades that the task promises."""
    test, dev, train = legal("test"), legal("dev"), legal("train")
    assert len(test.documents) >= 480 and len(set(test.documents.properties["agreement"])) >= 40
    assert len(test.queries) >= 300 and len(dev.queries) >= 40
    strata = Counter(test.queries.properties["stratum"])
    assert set(strata) == STRATA and min(strata.values()) >= 30
    for split in (test, dev, train):
        assert {grade for judged in split.qrels.values() for grade in judged.values()} >= {0, 1, 3}
        assert all(3 in judged.values() for judged in split.qrels.values())
    assert 2 in {grade for judged in test.qrels.values() for grade in judged.values()}
    assert sum(list(judged.values()).count(3) for judged in train.qrels.values()) >= 400
    sizes = Counter(test.documents.properties["family"]).values()
    assert min(sizes) >= 6 and max(sizes) <= 10
    assert len((LEGAL / "unanswerable.jsonl").read_text().splitlines()) >= 15


def test_legal_hides_its_answers_behind_other_words():
    """Outside keywords and jargon less than 40 % of a question's content words stand in its answer."""
    for line in (LEGAL / "queries.jsonl").read_text(encoding="utf-8").splitlines():
        about = json.loads(line)["metadata"]
        assert about["overlap"] < 0.4 or about["stratum"] in ("keywords", "jargon")


def test_legal_splits_share_no_family_and_no_answer_of_train():
    """A model tuned on train has seen no test family's questions, and none of its clauses as an answer."""
    families = {split: set(legal(split).queries.properties["family"]) for split in ("train", "dev", "test")}
    assert sum(map(len, families.values())) == len(set().union(*families.values()))
    train = legal("train")
    of = dict(zip(train.documents.ids, train.documents.properties["family"], strict=True))
    answers = {of[clause] for judged in train.qrels.values() for clause, grade in judged.items() if grade >= 2}
    assert answers <= families["train"]


def test_the_validator_sees_each_fault(tmp_path):
    """One planted fault at a time, each named; the sources as they are have none."""
    code = f"""
import copy, dataclasses, sys
sys.path.insert(0, {str(LEGAL)!r})
from pathlib import Path
from sources import read
from validate import faults
whole = read(Path({str(LEGAL)!r}))
assert not faults(whole)
def planted(change):
    made = copy.deepcopy(whole)
    change(made)
    return faults(made)
def at(split): return lambda made: next(one for one in made.questions if one["split"] == split)
first = lambda made: made.questions[0]
clause = lambda made, agreement: made.agreements[agreement]["clauses"][0]
lay = lambda made: next(one for one in made.questions if one["stratum"] == "lay")
checks = {{
    "is not judged": lambda made: first(made)["grades"].pop(made.families[first(made)["family"]][-1]),
    "unknown clause": lambda made: first(made)["grades"].update(nowhere=1),
    "is not an integer": lambda made: first(made)["grades"].update({{next(iter(first(made)["grades"])): 4}}),
    "content words stand": lambda made: lay(made).update(text=clause(made, 0)["text"])
    or lay(made)["grades"].update({{clause(made, 0)["id"]: 3}}),
    "shares a sentence": lambda made: clause(made, 0).update(text=clause(made, 1)["text"]),
    "two clauses of family": lambda made: clause(made, 0).update(family=made.agreements[0]["clauses"][1]["family"]),
    "is an answer of train": lambda made: at("train")(made)["grades"].update(
        {{made.families[at("test")(made)["family"]][0]: 3}}),
    "are one question": lambda made: at("train")(made).update(text=at("test")(made)["text"]),
    "its family is in two splits": lambda made: at("train")(made).update(split="test"),
    "id used 2 times": lambda made: made.questions[1].update(id=made.questions[0]["id"]),
    "unknown split": lambda made: first(made).update(stratum="hard"),
    "under 15": lambda made: made.unanswerable.clear(),
    "final grade is not": lambda made: made.second[0].update(final=9),
}}
for said, change in checks.items():
    found = planted(change)
    assert any(said in one for one in found), (said, found[:3])
print(len(checks))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.strip() == "13", done.stderr


def judged(ranking: list[str]) -> Judged:
    """A question of family f that needs a1 and a2; the twin t0 says the opposite, t1 does not, o0 is of elsewhere."""
    family = {"a1": "f", "a2": "f", "t0": "f", "t1": "f", "o0": "g"}
    return Judged(
        "q", ranking, np.zeros(len(ranking), dtype=np.float32), {"a1": 3, "a2": 3, "t0": 0, "t1": 1, "o0": 0},
        {"family": "f"}, {clause: {"family": one} for clause, one in family.items()},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "ranking", "value"),
    [
        ("complete-answer@2", ["a1", "a2"], 1.0),
        ("complete-answer@2", ["a1", "t1", "a2"], 0.0),
        ("complete-answer@3", ["a1", "t1", "a2"], 1.0),
        ("complete-answer(rel=1)@3", ["a1", "t1", "a2"], 1.0),
        ("wrong-direction@3", ["t0", "a1"], 1.0),
        ("wrong-direction@3", ["a1", "t0"], 0.0),
        ("wrong-direction@3", ["o0", "t1", "a1", "t0"], 0.0),  # another topic, and a twin that does not mislead
        ("wrong-direction@2", ["t1", "x", "t0"], 0.0),  # beyond the cutoff
        ("wrong-direction@3", ["t1", "t0"], 1.0),  # no right clause at all
        ("review-cost@10", ["a1", "a2", "t0"], 24.0),  # two read, both needed
        ("review-cost@10", ["t0", "a2", "t1", "a1"], 48.0),
        ("review-cost@2", ["t0", "a2", "t1", "a1"], 424.0),  # two read, one missed
        ("review-cost@5", [], 800.0),
        ("review-cost(fee=1.0,miss=10.0)@3", ["a1", "t0", "t1"], 13.0),
    ],
)
def test_legals_measures_by_hand(measure, ranking, value):
    """Each counted on paper."""
    parsed = parse(measure)
    assert parsed.plugin.function(judged(ranking), **parsed.options) == value
    assert parsed.plugin.direction == ("higher" if measure.startswith("complete") else "lower")


def test_faq_is_a_table_as_a_company_has_it():
    """Several questions to an answer; the kind of question and the channel are slices."""
    data, taken = read_table(ROOT / "tasks" / "data" / "faq" / "faq.csv", name="faq", reading=Reading())
    assert not taken
    assert len(data.documents) >= 120 and len(data.queries) >= 250
    assert {"topic", "channel", "kind"} <= set(data.queries.properties)

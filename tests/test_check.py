"""`python -m harness.check`: every fault is named with its ids, nothing else is, and the ceiling is right."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import toys
from harness.checks.alike import copies, matches_in, near_copies
from harness.checks.ceiling import ceilings
from harness.checks.digests import digests, jaccard, words_of
from harness.checks.faults import faults
from harness.checks.profile import DatasetProfile
from harness.data import beir
from harness.data.build import dataset
from harness.measures.evaluate import evaluate
from harness.types import Texts
from test_bad_input import refused

COMMAND = "check"
VOCABULARY = [f"w{number:03d}" for number in range(900)]


def words(seed: object, number: int) -> str:
    """A text of its own: no two of them share five words in a row."""
    return " ".join(random.Random(str(seed)).choices(VOCABULARY, k=number))


def clean() -> SimpleNamespace:
    """A small set without a fault: 30 documents, 12 queries of the test split, two of the train split."""
    return SimpleNamespace(
        corpus={f"d{one:02d}": words(f"d{one}", 130) for one in range(1, 31)},
        queries={f"q{one:02d}": words(f"q{one}", 12) for one in range(1, 13)}
        | {"t1": words("t1", 12), "t2": words("t2", 12)},
        test={(f"q{one:02d}", f"d{one:02d}"): 1 for one in range(1, 13)},
        train={("t1", "d21"): 1, ("t2", "d22"): 1},
    )


def planted() -> SimpleNamespace:
    """The same set with one fault of each kind."""
    parts = clean()
    corpus, queries, test, train = parts.corpus, parts.queries, parts.test, parts.train
    test["q01", "ghost"] = 1  # a document that is not there
    test["nobody", "d01"] = 1  # a query that is not there
    corpus["x-copy"] = corpus["d25"].replace(" ", "  ")  # a copy that no judgment is about
    corpus["x-near"] = corpus["d26"].replace(corpus["d26"].split()[60], "another", 1)
    queries["q-copy"], test["q-copy", "d02"] = queries["q02"], 1
    queries["q-near"], test["q-near", "d03"] = queries["q03"].upper() + "?", 1
    corpus["x-empty"], test["q04", "x-empty"] = " ", 1
    queries["q-empty"], test["q-empty", "d27"] = "", 1
    corpus["x-long"] = words("long", 700)
    corpus["x-query"] = queries["q05"]
    queries["t3"], train["t3", "d23"] = queries["q06"].title() + ".", 1
    queries["t4"], train["t4", "d07"] = " ".join([*queries["q07"].split()[:11], "different"]), 1
    queries["q-zero"], test["q-zero", "d28"] = words("zero", 12), 0
    corpus["x-unjudged"] = corpus["d08"]
    corpus["x-conflict"], test["q09", "x-conflict"] = corpus["d09"], 2
    test |= {("q10", f"d{one:02d}"): 1 for one in range(11, 22)}
    return parts


PLANTED = {
    "unknown-document": (1, ["q01 → ghost (grade 1)"]),
    "unknown-query": (1, ["nobody"]),
    "duplicate-document": (3, ["d08", "x-unjudged", "d09", "x-conflict", "d25", "x-copy"]),
    "near-duplicate-document": (1, ["d26", "x-near"]),
    "duplicate-query": (1, ["q02", "q-copy"]),
    "near-duplicate-query": (1, ["q03", "q-near"]),
    "empty-document": (1, ["x-empty"]),
    "empty-query": (1, ["q-empty"]),
    "long": (1, ["x-long", "(700 words)"]),
    "query-in-corpus": (1, ["x-query is query q05"]),
    "leak": (1, ["q06", "train t3"]),
    "near-leak": (1, ["q07", "train t4"]),
    "no-positive": (1, ["q-zero"]),
    "unjudged-copy": (1, ["q08: x-unjudged is d08"]),
    "other-spelling": (1, ["d25", "x-copy"]),
    "conflict": (1, ["q09: d09 has 1, its copy x-conflict has 2"]),
    "beyond-cutoff": (1, ["q10 (12 relevant)"]),
}


def written(parts: SimpleNamespace, folder: Path) -> str:
    """A folder in BEIR layout, and the words that name it."""
    (folder / "qrels").mkdir(parents=True)
    for name, texts in (("corpus", parts.corpus), ("queries", parts.queries)):
        lines = [json.dumps({"_id": identifier, "text": text}) for identifier, text in texts.items()]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for split in ("test", "train"):
        lines = [f"{query}\t{document}\t{grade}" for (query, document), grade in getattr(parts, split).items()]
        (folder / "qrels" / f"{split}.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *lines]))
    return f"task.path={folder}"


def found(printed: str) -> dict[str, tuple[int, str]]:
    """Kind → count and the lines about it."""
    blocks = re.split(r"\n(?=  [\d,]+ × |[A-Z])", printed)
    named = [re.match(r"  ([\d,]+) × ([\w-]+): ", block) for block in blocks]
    return {one[2]: (int(one[1].replace(",", "")), block) for one, block in zip(named, blocks, strict=True) if one}


@pytest.mark.parametrize("held", [beir.HELD, 0], ids=["in memory", "on disk"])
def test_every_planted_fault_is_named(tmp_path, capsys, monkeypatch, held):
    """With its count and the ids, and nothing else is; a corpus on disk is no different."""
    monkeypatch.setattr(beir, "HELD", held)
    from harness.commands.check import Options, main

    assert main.function(Options(words=500, strict=True), ["task=beir", written(planted(), tmp_path / "set")]) == 1
    printed = capsys.readouterr().out
    told = found(printed)
    assert told.keys() == PLANTED.keys()
    for kind, (count, ids) in PLANTED.items():
        assert told[kind][0] == count, told[kind]
        assert all(one in told[kind][1] for one in ids), told[kind]
        assert all(part in told[kind][1] for part in ("      score ", "      such as ", "      mend ")), told[kind]
    assert "train (14 queries)" not in printed and "train (4 queries)" in printed
    assert "not there: dev" in printed


def test_a_clean_twin_has_none(harness, tmp_path):
    """The same folder without the faults, as a user asks: nothing found, and everything can be reached."""
    done = harness("task=beir", written(clean(), tmp_path / "set"), "strict=true", command=COMMAND)
    assert done.returncode == 0, done.stderr
    assert not found(done.stdout) and "FAULTS: none" in done.stdout
    assert re.search(r"nDCG@10 +1\.0000 +1\.0000 +1\.0000", done.stdout)


def test_faults_are_no_failure_unless_strict(harness, tmp_path):
    """0 by default: a report is no failure."""
    path = written(planted(), tmp_path / "set")
    assert harness("task=beir", path, command=COMMAND).returncode == 0
    assert harness("task=beir", path, "strict=true", command=COMMAND).returncode == 1


def test_21_a_copy_of_the_relevant_document_counts_as_wrong(capsys):
    """A system that returns the unjudged copy scores 0 at nDCG@1; the check says so, with the ceiling."""
    texts = ["the clause", "the clause", "something else"]
    whole = dataset(
        name="toy",
        split="test",
        documents=Texts(["a", "b", "c"], texts),
        queries=Texts(["q1", "q2"], ["which clause", "what else"]),
        qrels={"q1": {"a": 1}, "q2": {"c": 1}},
    )
    answer = toys.run({"q1": {"a": 0.9, "b": 0.9, "c": 0.1}, "q2": {"c": 0.9}})  # equal texts have equal scores
    assert evaluate(answer, whole, ["nDCG@1"])[0].values.tolist() == [0.0, 1.0]  # and b stands before a

    from harness.commands.check import Options, report
    from harness.context import Context
    from harness.evaluation.opening import Opener
    from harness.refs import TaskRef

    task = toys.task(whole, ["nDCG@1", "recall@2"])
    assert report(task, TaskRef("toy", {}, "toy"), Options(), Opener(Context()), 6000, "") == 2
    printed = capsys.readouterr().out
    assert found(printed).keys() == {"duplicate-document", "unjudged-copy"}
    assert "q1: b is a “the clause”" in printed
    one, two = ceilings(task, DatasetProfile(whole))
    assert (one.judged, one.by_id, one.worst) == (1.0, 0.5, 0.5)
    assert (two.judged, two.by_id, two.worst) == (1.0, 1.0, 1.0)


def test_the_ceiling_is_what_hand_and_pencil_say():
    """Missing, empty and copied documents, an empty query, and two queries of one text that need different documents."""
    whole = dataset(
        name="toy",
        split="test",
        documents=Texts(["a", "b", "c", "z-empty", "copy-of-b", "d"], ["A", "B", "C", "", "B", "D"]),
        queries=Texts(["missing", "empty", "copied", "mute", "twin1", "twin2"], ["1", "2", "3", "", "5", "5"]),
        qrels={
            "missing": {"a": 1, "ghost": 1},
            "empty": {"z-empty": 1},
            "copied": {"b": 1},
            "mute": {"c": 1},
            "twin1": {"c": 1},
            "twin2": {"d": 1},
        },
        strict=False,
    )
    (one,) = ceilings(toys.task(whole, ["recall@1"]), DatasetProfile(whole))
    assert one.judged == pytest.approx((0.5 + 5) / 6)
    assert one.by_id == pytest.approx((0.5 + 0 + 0 + 0 + 1) / 6)  # copy-of-b stands before b; one of the twins loses
    (two,) = ceilings(toys.task(whole, ["recall@2"]), DatasetProfile(whole))
    assert two.by_id == pytest.approx((0.5 + 0 + 1 + 0 + 2) / 6)


def test_the_ceiling_keeps_to_what_may_be_ranked():
    """The query's own document under exclude_self, and what is not among its candidates, cannot be returned."""
    whole = toys.data({"a": {"a": 1, "b": 1}}, candidates={"a": ["a", "b", "c"]})
    (alone,) = ceilings(toys.task(whole, ["recall@2"], exclude_self=True), DatasetProfile(whole))
    assert (alone.judged, alone.worst) == (1.0, 0.5)
    pooled = toys.data({"a": {"a": 1, "b": 1}}, candidates={"a": ["b", "c"]})
    (narrow,) = ceilings(toys.task(pooled, ["recall@2"]), DatasetProfile(pooled))
    assert narrow.worst == 0.5


def test_near_copies_are_those_that_all_pairs_give():
    """Against the Jaccard of sets of tuples, over all pairs of texts with one to twelve words changed."""
    dice = random.Random(3)
    texts = []
    for origin in range(40):
        base = words(origin, 150).split()
        for changed in (0, *range(1, 13, 2)):
            copy = list(base)
            for place in dice.sample(range(150), changed):
                copy[place] = f"new{dice.random()}"
            texts.append(" ".join(copy))
    sets = [{tuple(text.split()[one : one + 5]) for one in range(146)} for text in texts]
    near = {
        (one, other)
        for other in range(len(texts))
        for one in range(other)
        if len(sets[one] & sets[other]) >= 0.9 * len(sets[one] | sets[other])
    }
    linked = {place: {place} for pair in near for place in pair}
    for one, other in near:
        if linked[one] is not linked[other]:
            linked[one] |= linked[other]
            linked.update(dict.fromkeys(linked[other], linked[one]))
    expected = sorted({tuple(sorted(group)) for group in linked.values()})
    known = digests(texts)
    assert [tuple(group) for group in near_copies(known, texts)] == expected and len(expected) == 40
    crossed = {(match.position, match.other_position) for match in matches_in(known, texts, known, texts)}
    assert crossed == near | {(b, a) for a, b in near} | {(one, one) for one in range(len(texts))}


@pytest.mark.parametrize(
    ("one", "other", "same", "near"),
    [
        ("A clause.", "A  clause.\n", True, True),
        ("A clause.", "a clause", False, True),
        ("ﬁne “print”", "FINE print", False, True),
        ("C#", "C++", False, False),
        ("-5", "5", False, False),
        ("shall pay the fee", "shall not pay the fee", False, False),
        ("你好，世界", "你好世界", False, True),
        ("?!", "!!", False, False),
        ("", " ", False, False),
    ],
)
def test_short_texts_are_copies_only_where_they_say_the_same(one, other, same, near):
    """White space makes no difference, case and punctuation a near copy, everything else another text."""
    known = digests([one, other])
    assert bool(copies(known)) == same
    assert (bool(near_copies(known, [one, other])) or same) == near


def test_what_the_judgments_tell_apart_is_a_remark(capsys):
    """Twins on purpose: near copies that every query about them judges are no fault of the data."""
    first = words("clause", 130)
    texts = [first, first.replace(first.split()[60], "not", 1), "something else"]
    parts = {
        "name": "toy",
        "split": "test",
        "documents": Texts(["a", "b", "c"], texts),
        "queries": Texts(["q"], ["what"]),
    }
    from harness.commands.check import Options, report
    from harness.context import Context
    from harness.evaluation.opening import Opener
    from harness.refs import TaskRef

    for qrels, fault in (({"q": {"a": 1, "b": 0}}, 0), ({"q": {"a": 1}}, 1)):
        task = toys.task(dataset(**parts, qrels=qrels))
        assert report(task, TaskRef("toy", {}, "toy"), Options(), Opener(Context()), 6000, "") == fault
        assert ("judged-apart" in found(capsys.readouterr().out)) == (not fault)


def test_a_query_under_its_own_id_is_no_finding_where_it_is_left_out(harness, tmp_path):
    """ArguAna and Quora: with exclude_self the query's own document is never ranked."""
    parts = clean()
    parts.corpus["q05"] = parts.queries["q05"]
    path = written(parts, tmp_path / "set")
    assert "query-in-corpus" in found(harness("task=beir", path, command=COMMAND).stdout)
    assert not found(harness("task=beir", path, "task.exclude_self=true", command=COMMAND).stdout)


def test_scifact_has_what_eyes_have_verified(harness, shared):
    """Of its test split: two claims that are training claims too, and 63 that are one reworded, with its document.

    Each of the 65 pairs was read. No text of the corpus is a copy: the most alike pair has a Jaccard of 0.124 (all pairs,
    with scipy).
    """
    done = harness("task=beir", f"task.path={shared / 'scifact'}", "examples=100", command=COMMAND)
    assert done.returncode == 0, done.stderr
    told = found(done.stdout)
    assert {kind: count for kind, (count, _) in told.items()} == {"leak": 2, "near-leak": 63}
    assert "= train 871" in told["leak"][1] and "= train 1291" in told["leak"][1]
    for pair in (
        "13 “5% of perinatal",
        "54 “AMP-activated",
        "1137 “TNFAIP3 is a tumor suppressor in glioblastoma.” = train 1135",
    ):
        assert pair in told["near-leak"][1]
    trained = harness("task=beir", f"task.path={shared / 'scifact'}", "task.split=train", command=COMMAND)
    told = found(trained.stdout)
    assert {kind: count for kind, (count, _) in told.items()} == {"duplicate-query": 2, "leak": 2, "near-leak": 67}
    assert "= 86" in told["duplicate-query"][1] and "= 90" in told["duplicate-query"][1]


@pytest.mark.parametrize("task", ["legal", "faq"])
def test_the_embedded_sets_have_no_fault(harness, task):
    """Twin clauses that say the opposite are no near copies."""
    assert "FAULTS: none" in harness(f"task={task}", command=COMMAND).stdout


def test_a_models_limit_is_a_texts_limit(harness, shared):
    """A text of more words than the model reads tokens is cut for certain."""
    done = harness("task=beir", f"task.path={shared / 'scifact'}", "model=minilm", "splits=false", command=COMMAND)
    corpus = [json.loads(line) for line in (shared / "scifact" / "corpus.jsonl").read_text().splitlines()]
    longer = sum(len(words_of(f"{row.get('title', '')} {row['text']}")) > 256 for row in corpus)
    assert found(done.stdout).keys() == {"long"} and found(done.stdout)["long"][0] == longer
    assert "minilm reads 256 tokens" in done.stdout


def test_jaccard_of_texts_without_five_words_is_none():
    """Short texts are compared as a whole."""
    assert jaccard("one two", "one two") == 0.0
    assert jaccard(words(1, 9), words(1, 9)) == 1.0


LINES = [
    ([], ["Say which task", "task=NAME"]),
    (["task=legall"], ["Unknown task 'legall'", "Did you mean legal"]),
    (["taks=legal"], ["Unknown option 'taks'", "Did you mean task"]),
    (["task=legal", "task.splitt=dev"], ["Unknown option 'task.splitt'", "task.split"]),
    (["task=legal", "task.split=tset"], ["task.split=tset", "test, dev, train"]),
    (["task=legal", "wrds=3"], ["Unknown option 'wrds'", "Did you mean words"]),
    (["task=legal", "words=0"], ["words=0", "at least 1"]),
    (["task=legal", "words=many"], ["words", "'many'"]),
    (["task=legal,faq"], ["names several", "Name one here: task=legal"]),
    (["task=beir"], ["task.name=NAME", "task.path=DIR"]),
    (["task=beir", "task.path=nowhere"], ["nowhere does not exist"]),
    (["task=table"], ["task.path=VALUE"]),
    (["task=legal", "model=wordllama"], ["model=wordllama", "words=N"]),
    (["task=legal", "model=bge-bas"], ["Unknown model 'bge-bas'"]),
    (["task=legal", "measures=[nDGC@10]"], ["Unknown measure 'nDGC'"]),
    (["task=legal", "data.mirror=nowhere"], ["data.mirror=nowhere is not a folder"]),
    (["legal"], ["'legal' is not KEY=VALUE"]),
]


@pytest.mark.parametrize(("arguments", "said"), LINES, ids=[" ".join(one) for one, _ in LINES])
def test_mistake_on_the_command_line(harness, arguments, said):
    """One line, exit code 2."""
    refused(harness(*arguments, command=COMMAND), *said)


def test_a_judgment_that_contradicts_itself_is_refused_with_its_line(harness, tmp_path):
    """Two grades for one query and document in one file: which one is meant, nobody can say."""
    path = written(clean(), tmp_path / "set")
    with (tmp_path / "set" / "qrels" / "test.tsv").open("a") as file:
        file.write("\nq01\td01\t0\n")
    refused(harness("task=beir", path, command=COMMAND), "test.tsv:14", "judged 0 for 'q01'")


def test_a_text_without_spaces_is_measured_in_characters():
    """Thai sets no space between words; a table of contents whose dots are not words is no such text."""
    whole = dataset(
        name="toy",
        split="test",
        documents=Texts(["thai", "dots", "short"], ["ก" * 700, "Contents " + ". " * 700, "ข" * 500]),
        queries=Texts(["q"], ["what"]),
        qrels={"q": {"thai": 1}},
    )
    (long,) = faults(DatasetProfile(whole), words=100)
    assert long.kind == "long" and long.count == 1 and long.examples[0].startswith("thai ")


def test_words_stand_for_the_job_that_an_evaluation_would_do():
    """Choice, options, label, depth and the words that ask for it again; twice in one process, and no model is loaded."""
    from harness.compose.composition import job
    from harness.config.options import resolved

    for _ in range(2):
        made = job(["model=bm25(k1=0.9)", "task=mteb/SciFact", "depth=50", "measures=nDCG@5"])
        assert (made.system.plugin, made.system.label) == ("bm25", "bm25(k1=0.9)")
        assert (made.task.plugin, made.task.options["name"], made.task.label) == ("mteb", "SciFact", "mteb/SciFact")
        assert (made.task.depth, made.task.measures, made.task.limit) == (50, ("nDCG@5",), None)
        assert made.overrides[:2] == ("model=bm25", "task=mteb/SciFact") and "model.k1=0.9" in made.overrides
    assert resolved(job(["task=faq"]).task.options)["path"].endswith("tasks/data/faq/faq.csv")


def test_answers_that_differ_in_case_or_white_space_are_counted(harness, tmp_path):
    """They look alike in a spreadsheet and are two documents of a table, one of which counts as wrong; exact copies are one."""
    rows = ["how?,Press  the button.", "why?,press the Button.", "who?,Press the button!", "How?,Ask", "where?,Ask"]
    (tmp_path / "faq.csv").write_text("\n".join(["question,answer", *rows]) + "\n")
    done = harness("task=table", "task.path=faq.csv", command=COMMAND)
    assert done.returncode == 0, done.stderr
    count, block = found(done.stdout)["other-spelling"]
    assert (
        count == 2 and "a1 “Press the button.” = a2 “press the Button.”" in block and "q2 “how?” = q5 “How?”" in block
    )

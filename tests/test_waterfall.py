"""A waterfall: each step differs from the one before in one thing, and the last is the system that ships."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

import toys
from harness.compose.composition import open_system
from harness.context import Context
from harness.evaluation.runs import stored_run
from harness.evaluation.stages import stages
from harness.facts import Facts, Notes
from harness.measures.evaluate import evaluate
from harness.measures.names import parse
from harness.report.canvas import png, svg
from harness.report.waterfall import formatting
from harness.report.waterfall.build import milliseconds, waterfall
from harness.report.waterfall.markdown import markdown, table
from harness.report.waterfall.page import page
from harness.report.waterfall.plot import draw
from harness.types import Run


def chain(name: str, folder: Path) -> list[tuple[str, str]]:
    context = Context(results=folder, opener=open_system, runner=stored_run)
    return [(what, one.name) for what, one in stages(context.open(name), context)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bm25", ["bm25"]),
        ("wordllama", ["wordllama"]),
        ("minilm", ["minilm(window=256)", "minilm"]),
        ("minilm(window=128)", ["minilm(window=128)"]),
        (
            "minilm(dims=128,precision=int8)",
            ["minilm(window=256)", "minilm", "minilm(dims=128)", "minilm(dims=128,precision=int8)"],
        ),
        ("rrf/bm25+wordllama", ["wordllama", "rrf/bm25+wordllama"]),
        (
            "rrf/bm25+minilm-tokens(dims=64)",
            [
                "minilm-tokens(window=160)",
                "minilm-tokens",
                "minilm-tokens(dims=64)",
                "rrf/bm25+minilm-tokens(dims=64)",
            ],
        ),
        (
            "rerank(k=30)/bm25:wordllama",
            ["bm25", "rerank(k=10)/bm25:wordllama", "rerank(k=20)/bm25:wordllama", "rerank(k=30)/bm25:wordllama"],
        ),
    ],
)
def test_each_step_is_one_change_and_the_last_is_what_was_named(tmp_path: Path, name: str, expected: list[str]) -> None:
    """Under names that can be typed."""
    found = chain(name, tmp_path)
    assert [system for _, system in found] == expected
    assert len({what for what, _ in found}) == len(found)


def runs(queries: int = 60) -> tuple[object, list[Run]]:
    """A data set, and four systems: one step that changes nothing, one for the better and one for the worse."""
    ids = [f"q{number}" for number in range(queries)]
    documents = {f"d{number}": f"text {number}" for number in range(20)}
    qrels = {query: {f"d{at % 20}": 1} for at, query in enumerate(ids)}
    whole = toys.data(qrels, documents)
    generator = np.random.default_rng(0)

    def ranking(place) -> Run:
        rows = {}
        for at, query in enumerate(ids):
            order = [name for name in documents if name != f"d{at % 20}"]
            order.insert(place(at), f"d{at % 20}")
            rows[query] = {name: float(-position) for position, name in enumerate(order)}
        return toys.run(rows, depth=20)

    noise = generator.integers(0, 3, size=queries)
    first = [int(place) for place in noise]
    return whole, [
        ranking(lambda at: first[at] + 2),
        ranking(lambda at: first[at] + 2 + (at % 2) - (at % 4 == 1) - (at % 4 == 3)),
        ranking(lambda at: max(0, first[at] - 1)),
        ranking(lambda at: first[at] + 5),
    ]


def made(**more):
    whole, four = runs()
    names = ("read whole", "as cut", "reranked", "cheaper")
    steps = [
        (what, f"s{at}", Facts(bytes=100 * at), run) for at, (what, run) in enumerate(zip(names, four, strict=True))
    ]
    return waterfall("s3", "toy", whole, parse("nDCG@10"), steps, more.get("ceiling", 1.0)), whole, four


def test_changes_are_paired_and_those_that_cannot_be_told_are_grey() -> None:
    """Each is the mean of the differences of the same queries; the p values know that there are three."""
    found, whole, four = made()
    values = [evaluate(run, whole, ["nDCG@10"])[0].values for run in four]
    for at, step in enumerate(found.steps):
        assert step.quality.mean == pytest.approx(values[at].mean())
        if step.change is not None:
            assert step.change.difference == pytest.approx((values[at] - values[at - 1]).mean())
            assert step.change.low <= step.change.difference <= step.change.high
    assert [step.told for step in found.steps] == [False, False, True, True]
    assert "most is won by “reranked”" in formatting.headline(found)
    assert "most is lost by “cheaper”" in formatting.headline(found)


def test_every_rendering_holds_every_step() -> None:
    """The same numbers on the page, in Markdown, in CSV and in the plot."""
    found, *_ = made()
    drawn = draw(found)
    texts = [markdown(found), page(found, svg(drawn)), svg(drawn)]
    for step in found.steps:
        assert all(step.what in text and f"{step.quality.mean:.3f}" in text for text in texts)
    rows = list(csv.DictReader(io.StringIO(table(found))))
    assert [row["step"] for row in rows] == [step.what for step in found.steps]
    assert png(drawn)[:4] == b"\x89PNG"
    alone = waterfall("s", "toy", made()[1], parse("nDCG@10"), [("s", "s", Facts(), made()[2][0])], None)
    assert "what the data admit" not in markdown(alone) + page(alone, svg(draw(alone)))


def test_what_a_query_costs_is_the_sum_over_the_parts() -> None:
    """Encoding and search of each part; nothing is said where nothing was clocked."""
    own = Notes(seconds={"encode_query": 1.0, "search": 2.0, "encode_document": 100.0})
    assert milliseconds(own, 100) == pytest.approx(30)
    parts = {"a": {"seconds": {"search": 1.0}}, "b": {"seconds": {"encode_query": 3.0}}}
    assert milliseconds(Notes(seconds={"search": 9.0}, other={"parts": parts}), 100) == pytest.approx(40)
    nested = {"first": {"seconds": {"search": 0.5}, "parts": parts}, "second": {"seconds": {"score_pairs": 6.0}}}
    assert milliseconds(Notes(seconds={"search": 9.0}, other={"parts": nested}), 100) == pytest.approx(100)
    assert milliseconds(Notes(), 100) is None


def test_the_command_writes_its_pages_and_searches_nothing_twice(harness, tmp_path: Path) -> None:
    """By the words a user types; a second call finds every run."""
    done = harness("rerank(k=20)/bm25:wordllama", "task=faq", command="waterfall")
    assert done.returncode == 0, done.stderr
    stem = "faq-rerank_k=20_bm25_wordllama-nDCG@10"
    assert sorted(path.name for path in (tmp_path / "results" / "waterfall").iterdir()) == [
        f"{stem}.{ending}" for ending in ("csv", "html", "md", "png")
    ]
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "results" / "runs").rglob("*.gz"))
    assert (
        harness(
            "model=rerank", "model.systems=[bm25,wordllama]", "model.k=20", "task=faq", command="waterfall"
        ).returncode
        == 0
    )
    assert sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "results" / "runs").rglob("*.gz")) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["task=faq"], "Name one system"),
        (["bm25", "model=bm25", "task=faq"], "Name one system"),
        (["bm25"], "Say on which task"),
        (["bm52", "task=faq"], "bm25"),
        (["bm25", "task=faq", "measure=nDCG@1000"], "depth=1000"),
    ],
)
def test_a_mistake_is_one_line(harness, words: list[str], said: str) -> None:
    """What is missing, and how to say it."""
    done = harness(*words, command="waterfall")
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr

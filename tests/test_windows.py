"""Windows: long documents in passages that come back as documents, with nothing of them left unread."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from conftest import opened
from harness.errors import ConfigError, ModelError
from harness.models.windows import Cutter, Windows
from harness.systems.windows import document_of
from harness.types import Purpose, Texts

FILLER = "The parties met in the town hall and spoke at length about the weather, the roads and the harvest. "
FACT = "The cook shall be paid ninety silver marks for every banquet."
LONG = {
    "fact-last": FILLER * 30 + FACT,
    "fact-middle": FILLER * 15 + FACT + " " + FILLER * 15,
    "fact-first": FACT + " " + FILLER * 30,
    "short": FACT,
    "other": FILLER * 30 + "The gardener may keep two goats.",
    "empty": "",
}
QUESTION = {"q1": "What does the cook earn for a banquet?"}


def texts(mapping: dict[str, str]) -> Texts:
    return Texts(list(mapping), list(mapping.values()))


@pytest.fixture(scope="module")
def cutter(minilm_folder) -> Cutter:
    return Cutter(minilm_folder, Windows(32, 20), "")


@pytest.mark.parametrize(
    "text", [FILLER * 20, "naïve café 漢字漢字 " * 50, "file-name_v2.txt;" * 60, "a\n\n\tb " * 200]
)
def test_every_character_is_in_a_passage_and_no_passage_is_cut(cutter, minilm, text):
    """Windows overlap, begin with a word where there is one, and fit into what the model reads, special tokens and all."""
    (spans,) = cutter.spans([text])
    assert len(spans) > 3 and spans[0][0] == 0 and spans[-1][1] == len(text.rstrip())
    for (before, end), (start, stop) in itertools.pairwise(spans):
        assert before < start <= end < stop  # forward, without a gap but for white space
    tokenizer = minilm.model._model.tokenizer
    assert max(len(tokenizer(text[start:stop])["input_ids"]) for start, stop in spans) <= 32


def test_a_gap_between_windows_is_refused(minilm_folder):
    """What lies in it would be read by no passage, and the number would look like any other."""
    with pytest.raises(ConfigError, match=r"would be read by neither. Give at most 30"):
        Cutter(minilm_folder, Windows(32, 31), "")
    with pytest.raises(ConfigError, match=r"Give at most 25"):
        Cutter(minilm_folder, Windows(32, 30), "passage about law text: ")
    with pytest.raises(ConfigError, match=r"stride=40 is longer than model.window=32"):
        opened("minilm", window=32, stride=40)
    with pytest.raises(ConfigError, match=r"longer than what the model reads, 256 tokens"):
        opened("minilm", window=300)
    with pytest.raises(ConfigError, match=r"Say how long they are"):
        opened("minilm", stride=10)
    with pytest.raises(ModelError, match=r"reads whole texts"):
        opened("wordllama", window=100)
    with pytest.raises(ConfigError, match=r"leaves no room"):
        opened("minilm", window=2).index(texts(LONG), Purpose("toy"))


def ranking(documents=LONG, queries=QUESTION, depth=10, **options):
    run = opened("minilm", **options).index(texts(documents), Purpose("toy")).search(texts(queries), depth)
    return dict(zip(run.doc_ids[0], run.scores[0].tolist(), strict=True)), run


def test_what_stands_behind_the_limit_is_found():
    """Without windows the document whose last sentence answers is ranked like one that does not."""
    whole, _ = ranking()
    assert abs(whole["fact-last"] - whole["other"]) < 0.02 and whole["fact-first"] - whole["fact-last"] > 0.1
    best, run = ranking(window=64, stride=40)
    assert min(best[name] for name in ("fact-last", "fact-middle", "fact-first")) - best["other"] > 0.1
    assert run.notes.cut_documents == [] and run.notes.truncation["document"]["texts_cut"] == 0
    assert run.notes.other["passages"]["documents"] == len(LONG) < run.notes.other["passages"]["passages"]
    first, _ = ranking(window=64, stride=40, pool="first-p")
    assert first["fact-first"] - first["fact-last"] > 0.1
    assert set(best) == set(first) == set(LONG)


@pytest.mark.parametrize("pool", ["max", "mean", "first-p"])
def test_scores_are_those_of_the_passages_one_by_one(minilm, minilm_folder, pool):
    """Each passage encoded by itself, the best, the mean or the first taken by hand."""
    found, _ = ranking(window=64, stride=40, pool=pool)
    question = minilm.encode(list(QUESTION.values()), "query")[0]
    spans = Cutter(minilm_folder, Windows(64, 40), "").spans(list(LONG.values()))
    for (name, text), cuts in zip(LONG.items(), spans, strict=True):
        scores = minilm.encode([text[start:stop] for start, stop in cuts], "document") @ question
        expected = {"max": scores.max(), "mean": scores.mean(), "first-p": scores[0]}[pool]
        assert found[name] == pytest.approx(float(expected), abs=2e-6)


def test_few_documents_with_many_passages_do_not_crowd_out_the_others():
    """The best passages are all of one document: passages are fetched until there are as many documents as asked for."""
    crowd = {"crowd": (FACT + " ") * 200, **{f"d{number}": f"{FILLER} It was day {number}." for number in range(40)}}
    found, _ = ranking(crowd, depth=30, window=32, stride=20)
    assert len(found) == 30 and next(iter(found)) == "crowd"
    whole, _ = ranking({name: text for name, text in crowd.items() if name != "crowd"}, depth=29, window=32, stride=20)
    assert list(found)[1:] == list(whole)


def test_candidates_and_self_matches_are_documents(minilm):
    """A candidate stands for all of its passages; a document of the query's id is left out, whatever its passages."""
    for pool in ("max", "mean"):
        index = opened("minilm", window=64, stride=40, pool=pool).index(texts(LONG), Purpose("toy"))
        asked = texts({"fact-first": FACT})
        run = index.search(asked, 2, candidates={"fact-first": ["other", "fact-last", "empty"]})
        assert list(run.doc_ids[0]) == ["fact-last", "other"]
        run = index.search(asked, 5, exclude_self=True)
        assert len(run.doc_ids[0]) == 5 and "fact-first" not in run.doc_ids[0]


def test_windows_are_another_system_and_none_is_the_same(minilm):
    """Every number of them is part of the identity; a model without windows keeps the key that it had."""
    plain = opened("minilm")
    assert plain.identity == minilm.identity
    others = [opened("minilm", window=64), opened("minilm", window=64, stride=40), opened("minilm", window=65),
              opened("minilm", window=64, pool="mean")]  # fmt: skip
    assert len({one.identity for one in [plain, *others]}) == 5
    assert others[1].facts.other == {"window": 64, "stride": 40, "pool": "max"}


def test_windows_longer_than_every_document_change_nothing():
    """Each document is one passage."""
    short = {name: text[:200] for name, text in LONG.items()}
    plain, _ = ranking(short)
    for pool in ("max", "mean", "first-p"):
        same, _ = ranking(short, window=256, stride=192, pool=pool)
        assert list(same) == list(plain)
        np.testing.assert_allclose(list(same.values()), list(plain.values()), atol=1e-6)


def test_passages_stand_in_the_order_of_their_documents():
    """Ties are broken by ids: a document whose id begins another's comes where its passages do."""
    ids = ["a", "a b", "ab", "a!", "B"]
    passages = [f"{one}\0{number:06d}" for one in ids for number in (0, 1)]
    assert list(dict.fromkeys(document_of(one) for one in sorted(passages))) == sorted(ids)


def test_the_board_says_what_mends_a_cut():
    """The row of the same weights that reads the rest; where there is none, the option that makes it."""
    from harness.facts import Checks, Facts
    from harness.report.board import board
    from harness.report.footer import truncation
    from test_report import no_scores, record

    cut = Checks(truncation={"document": {"texts_cut": 0.3, "tokens_cut": 0.1}})
    facts = Facts(kind="dense", weights="w", max_length=256)
    plain = dataclasses.replace(record("a", "t", 0.5, checks=cut), facts=facts)
    (line,) = truncation(board([plain], no_scores))
    assert line.endswith("are cut; model.window=256 reads the rest in passages")
    whole = dataclasses.replace(
        record("a(window=256)", "t", 0.6), facts=dataclasses.replace(facts, other={"window": 256})
    )
    (line,) = truncation(board([plain, whole], no_scores))
    assert line.endswith("are cut; a(window=256) reads the rest")

"""What a system answers is checked where it enters, whoever made it, and its number is that of its ranking."""

from __future__ import annotations

import numpy as np
import pytest
import pytrec_eval

import toys
from harness.errors import NotApplicable, PluginError, RunError
from harness.facts import Notes
from harness.measures.evaluate import evaluate
from harness.types import Run


def mean(run: Run, dataset, measure: str = "nDCG@3") -> float:
    return float(evaluate(run, dataset, [measure])[0].values.mean())


class Answers:
    """A plug-in system that answers each query with these documents and scores."""

    name, identity = "answers", "1"

    def __init__(self, ids, scores, query_ids=None):
        self.ids, self.scores, self.query_ids = ids, scores, query_ids

    def index(self, documents, purpose, progress):
        return self

    def search(self, queries, depth, **_):
        return Run(self.query_ids or list(queries.ids), self.ids, self.scores, depth)


TASK = toys.task(toys.data({"q": {"a": 1}}), depth=3)


def test_an_ascending_answer_is_put_in_order():
    """Best last: as it stands it would be recorded with the score of the reversed ranking; pytrec_eval sorts by score."""
    scores = {"b": 0.1, "c": 0.2, "a": 0.3}
    run = toys.ranked(Answers([list(scores)], [np.array(list(scores.values()), dtype=np.float32)]), TASK)
    assert run.doc_ids == [["a", "c", "b"]]
    theirs = pytrec_eval.RelevanceEvaluator({"q": {"a": 1}}, {"ndcg_cut.3"}).evaluate({"q": scores})["q"]["ndcg_cut_3"]
    assert mean(run, TASK.dataset) == theirs == 1.0
    assert mean(Run(["q"], [list(scores)], run.scores, 3), TASK.dataset) == 0.5  # what was recorded without the check


def test_mixed_order_and_ties_are_put_in_the_one_order():
    """Score first, then document id, both descending."""
    run = toys.ranked(Answers([["a", "b", "c"]], [[1.0, 2.0, 1.0]]), TASK)
    assert run.doc_ids == [["b", "c", "a"]] and run.scores[0].tolist() == [2.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("ids", "scores", "said"),
    [
        ([["a", "b"]], [[1.0, float("nan")]], "the score of 'b' for query 'q' is nan"),
        ([["a", "b"]], [[1.0, float("inf")]], "is inf, which cannot be ranked"),
        ([["a", "zz"]], [[2.0, 1.0]], "'zz', ranked for query 'q', is not in the corpus"),
        ([["a", "a"]], [[2.0, 1.0]], "a document is ranked twice for query 'q'"),
        ([["a", "b"]], [[2.0]], "has 2 documents and scores of shape (1,)"),
        ([["a", "b", "c", "d"]], [[4.0, 3.0, 2.0, 1.0]], "answered with 4 documents; 3 were asked for"),
        ([["a"], ["b"]], [[1.0]], "1 query ids, 2 lists of documents and 1 lists of scores"),
    ],
)
def test_what_is_no_ranking_is_refused_with_who_made_it(ids, scores, said):
    """Each of these gave a plausible number before."""
    with pytest.raises(RunError) as caught:
        toys.ranked(Answers(ids, scores), TASK)
    assert said in str(caught.value) and str(caught.value).startswith("answers (toys.py:1): ")


def test_answers_to_what_was_not_asked_are_refused():
    """Another query, one twice, the query itself where it is to be left out, and what is no candidate."""
    for query_ids, said in ((["other"], "query 'other' was not asked"), (["q", "q"], "a query is answered twice")):
        lists = [["a"]] * len(query_ids)
        with pytest.raises(RunError, match=said):
            toys.ranked(Answers(lists, [[1.0]] * len(lists), query_ids), TASK)
    own = toys.task(toys.data({"a": {"b": 1}}), exclude_self=True)
    with pytest.raises(RunError, match="answered with itself"):
        toys.ranked(Answers([["a"]], [[1.0]]), own)
    pools = toys.task(toys.data({"q": {"a": 1}}, candidates={"q": ["a", "b"]}))
    with pytest.raises(RunError, match="'c', ranked for query 'q', is not among its candidates"):
        toys.ranked(Answers([["a", "c"]], [[2.0, 1.0]]), pools)


def test_what_is_no_system_index_or_run_is_said_with_its_place():
    """None, and other things that a plug-in may return by mistake."""

    class Nothing:
        name, identity = "nothing", "1"

        def index(self, documents, purpose, progress):
            return None

    class NoRun(Nothing):
        def index(self, documents, purpose, progress):
            return self

        def search(self, queries, depth, **_):
            return {"q": {"a": 1.0}}

    with pytest.raises(PluginError, match=r"toys.py:1: index\(\) returned NoneType"):
        toys.ranked(Nothing(), TASK)
    with pytest.raises(RunError, match=r"search\(\) returned dict, not a Run"):
        toys.ranked(NoRun(), TASK)
    with pytest.raises(NotApplicable, match="makes no vectors"):
        _ = toys.whole(Nothing()).encoder


def test_the_clock_and_the_first_texts_are_noted_for_any_system():
    """A system that notes nothing has them all the same; what it notes itself stays. Index and search are apart."""
    run = toys.ranked(Answers([["a"]], [[1.0]]), TASK)
    assert run.notes.first == {"query": "query q", "document": "document a"}
    assert run.notes.seconds["search"] >= 0 and run.notes.index["seconds"] >= 0

    class Noting(Answers):
        size = 12

        def search(self, queries, depth, **_):
            return Run(
                ["q"], [["a"]], [[1.0]], depth, Notes(first={"query": "prompt: query q"}, seconds={"search": 7.0})
            )

    run = toys.ranked(Noting([], []), TASK)
    assert run.notes.first == {"query": "prompt: query q"} and run.notes.seconds["search"] == 7.0
    assert run.notes.index["bytes"] == 12


def test_no_system_sees_the_judgments():
    """What index() and search() are handed holds no qrels, and neither does the purpose."""
    seen = []

    class Looking(Answers):
        def index(self, documents, purpose, progress):
            seen.extend([documents, purpose])
            return self

        def search(self, queries, depth, **options):
            seen.extend([queries, *options.values()])
            return super().search(queries, depth)

    toys.ranked(Looking([["a"]], [[1.0]]), TASK)
    assert not any(hasattr(one, "qrels") or isinstance(one, type(TASK)) for one in seen)

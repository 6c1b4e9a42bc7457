"""What each kind of mteb's tasks hands to its metrics, and the values per item that follow from it.

What is drawn again is what another test set would have other ones of: pairs (STS, pair classification), test texts
(classification), sentences (bitext mining), source texts (summarization), documents (clustering). What mteb's seed fixes is
part of the measure and is not drawn: which training samples a classifier sees in each of the experiments, which documents
stand in a sampled set. So a text that is drawn is drawn in all experiments, and a document in all sets that hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from harness.data.mteb_clusters import listed_clusters, sampled_clusters
from harness.data.mteb_listen import Call, Floats, Items, NoItems, Reader, listen, refused, rows_of
from harness.stats.class_contributions import f1
from harness.stats.contributions import averaged
from harness.stats.rank_contributions import average_precision, best_accuracy, kendall, spearman

SIMILARITIES = {
    "similarity": ("similarity_scores", 1),
    "cosine": ("cosine_scores", 1),
    "manhattan": ("manhattan_distances", -1),
    "euclidean": ("euclidean_distances", -1),
    "dot": ("dot_scores", 1),
}
"""Of a pair classification's measures the answers behind them, and their sign."""


def listener(task: Any) -> Callable[[Any, str, str], Reader]:
    """Who understands this kind of task: by the nearest of mteb's abstract classes."""
    for base in type(task).__mro__:
        if base.__name__ in LISTENERS:
            return LISTENERS[base.__name__]
    raise refused(task)


def _sts(task: Any, subset: str, split: str) -> Reader:
    calls = listen(task, "_calculate_scores")
    function, _, correlation = task.metadata.main_score.rpartition("_")
    answers = {
        "cosine": "cosine_scores",
        "manhattan": "manhattan_distances",
        "euclidean": "euclidean_distances",
        "": "similarity_scores",
    }.get(function)
    if correlation != "spearman" or answers is None:
        raise refused(task)

    def read(_: Mapping[str, Any]) -> Items:
        ((given, gold),) = (call.arguments for call in calls)
        return Items("pairs", spearman(gold, given[answers]), "correlation")

    return read


def _pairs(task: Any, subset: str, split: str) -> Reader:
    calls = listen(task, "_compute_metrics")
    function, _, name = task.metadata.main_score.rpartition("_")
    contributions = {"ap": average_precision, "accuracy": best_accuracy}.get(name)
    if contributions is None or (function != "max" and function not in SIMILARITIES):
        raise refused(task)
    functions = list(SIMILARITIES.values()) if function == "max" else [SIMILARITIES[function]]

    def read(_: Mapping[str, Any]) -> Items:
        ((given, labels),) = (call.arguments for call in calls)
        positive = np.asarray(list(labels), dtype=np.int64) == 1
        every = [contributions(sign * np.asarray(given[answers]), positive) for answers, sign in functions]
        best = max(every, key=lambda values: float(np.nan_to_num(values.mean(), nan=-1.0)))
        return Items("pairs", best, "share" if name == "ap" else "mean")

    return read


def _classified(task: Any, subset: str, split: str) -> Reader:
    """Accuracy is the share of the experiments in which a text is right; F1 is averaged over experiments."""
    calls, name = listen(task, "_calculate_scores"), task.metadata.main_score
    if name not in ("accuracy", "f1", "f1_weighted"):
        raise refused(task)

    def values(call: Call) -> Floats:
        true, guess = (np.asarray(list(one)) for one in call.arguments[:2])
        if name == "accuracy":
            right = true == guess
            return np.asarray(right.all(axis=1) if right.ndim == 2 else right, dtype=np.float64)
        return f1(true, guess, weighted=name == "f1_weighted")

    def read(_: Mapping[str, Any]) -> Items:
        parts = [values(call) for call in calls]
        return Items("texts", _over_experiments(task, parts), "mean" if name == "accuracy" else "share")

    return read


def _regression(task: Any, subset: str, split: str) -> Reader:
    calls = listen(task, "_calculate_scores")
    if task.metadata.main_score != "kendalltau":
        raise refused(task)

    def read(_: Mapping[str, Any]) -> Items:
        parts = [kendall(*(np.asarray(list(one)) for one in call.arguments[:2])) for call in calls]
        return Items("texts", _over_experiments(task, parts), "correlation")

    return read


def _over_experiments(task: Any, parts: Sequence[Floats]) -> Floats:
    """The same texts in each experiment; or, in a cross-validation, other ones in each fold."""
    if task.is_cross_validation:
        ends = np.cumsum([len(part) for part in parts])
        return averaged(
            [(np.arange(end - len(part), end), part) for end, part in zip(ends, parts, strict=True)], ends[-1]
        )
    return averaged([(np.arange(len(part)), part) for part in parts], len(parts[0]))


def _zero_shot(task: Any, subset: str, split: str) -> Reader:
    calls = listen(task, "_calculate_scores")
    if task.metadata.main_score != "accuracy":
        raise refused(task)

    def read(_: Mapping[str, Any]) -> Items:
        ((labels, probabilities),) = (call.arguments for call in calls)
        right = np.asarray(list(labels)) == np.asarray(probabilities).argmax(1)
        return Items("texts", right.astype(np.float64), "mean")

    return read


def _bitext(task: Any, subset: str, split: str) -> Reader:
    """A sentence that is drawn brings its nearest neighbour with it; the other side stays as it is."""
    calls, name = listen(task, "_compute_metrics"), task.metadata.main_score
    if name not in ("f1", "accuracy"):
        raise refused(task)

    def read(_: Mapping[str, Any]) -> Items:
        ((neighbours, gold),) = (call.arguments for call in calls)
        guess = np.array([neighbour["corpus_id"] for neighbour in neighbours])
        right = np.array([gold[row][1] for row in range(len(guess))])
        values = np.asarray(right == guess, dtype=np.float64) if name == "accuracy" else f1(right, guess, weighted=True)
        return Items("sentences", values, "share" if name == "f1" else "mean")

    return read


def _summaries(task: Any, subset: str, split: str) -> Reader:
    """mteb's mean over source texts of the correlation of their summaries' scores with people's."""
    calls = listen(task, "_save_task_predictions")
    function, _, correlation = task.metadata.main_score.rpartition("_")
    answers = {"cosine": "cosine_scores", "dot": "dot_scores", "": "similarity_scores"}.get(function)
    if correlation != "spearman" or answers is None:
        raise refused(task)

    def read(_: Mapping[str, Any]) -> Items:
        from scipy.stats import spearmanr

        (given,) = (call.arguments[0] for call in calls)
        told = list(rows_of(task, subset, split)[task.relevancy_column_name])
        kept = [number for number, scores in enumerate(told) if len(set(scores)) > 1]
        if len(given["human_scores"]) != len(kept):
            raise NoItems("mteb leaves out texts whose summaries are all alike to this system, and does not say which")
        values = [spearmanr(*pair) for pair in zip(given["human_scores"], given[answers], strict=True)]
        if "Deprecated" in task.evaluator.__name__:  # its mean is over correlations and their p values together
            means = [(one.statistic + one.pvalue) / 2 for one in values]
        else:
            means = [one.statistic for one in values]
        return Items("texts", np.array(means, dtype=np.float64), "mean", ids=[str(number) for number in kept])

    return read


LISTENERS: Mapping[str, Callable[[Any, str, str], Reader]] = {
    "AbsTaskSTS": _sts,
    "AbsTaskPairClassification": _pairs,
    "AbsTaskMultilabelClassification": _classified,
    "AbsTaskRegression": _regression,
    "AbsTaskClassification": _classified,
    "AbsTaskZeroShotClassification": _zero_shot,
    "AbsTaskBitextMining": _bitext,
    "AbsTaskSummarization": _summaries,
    "AbsTaskClustering": sampled_clusters,
    "AbsTaskClusteringLegacy": listed_clusters,
}

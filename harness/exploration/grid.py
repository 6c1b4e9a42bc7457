"""nDCG of every pipeline and query, as matrix work: each leg's documents are pooled once, and only the best are sorted.

For one weight the best k of a query are among the documents that stand high in either leg. So the documents are taken by
their better rank, more of them until no other one can reach the k-th score (Fagin, Lotem and Naor 2003, Optimal
Aggregation Algorithms for Middleware): exactly what sorting all of them gives.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.exploration.pipelines import STEP, Pipeline, Rule
from harness.search.fusion import Floats, Leg, as_scored, normalised, reciprocal, summed
from harness.search.pool import LACKING, Pool, padded, pooled
from harness.search.ranking_order import best_rows
from harness.types import Dataset, Run

BLOCK = 400
"""Queries at once."""
FIRST = 48
"""Documents of a query that are looked at first."""
NOTHING: tuple[Sequence[str], NDArray[np.float32]] = ((), np.zeros(0, dtype=np.float32))


@dataclass(frozen=True)
class Block:
    """Some queries: their pooled documents with gains, and the two legs' scores.

    Attributes:
        pool: By the better rank.
        order: Rank of each pooled document's id among the query's, shape (queries, width).
        gains: Gain of the document of that rank, shape (queries, width).
        ideal: The best DCG that the judgments allow, shape (queries,); 0 where nothing is relevant.
        scores, counts: Of each leg, shape (queries, its depth) and (queries,).
    """

    pool: Pool
    order: NDArray[np.int64]
    gains: Floats
    ideal: Floats
    scores: tuple[Floats, Floats]
    counts: tuple[NDArray[np.int64], NDArray[np.int64]]


def grid(
    runs: tuple[Run, Run],
    dataset: Dataset,
    tried: Sequence[Pipeline],
    bounds: tuple[float, float],
    *,
    k: int,
    exp: bool,
) -> Floats:
    """nDCG@k of each pipeline and query, shape (pipelines, queries), in the order of the data set's queries.

    Args:
        runs: The two systems', as deep as the deepest leg that is tried.
        bounds: The least score of each, for the theoretical minimum.
        exp: The gain is 2^grade − 1 instead of the grade.
    """
    answers = [
        dict(zip(run.query_ids, zip(run.doc_ids, run.scores, strict=True), strict=True)) for run in runs
    ]  # fmt: skip
    query_ids = list(dataset.queries.ids)
    out = np.zeros((len(tried), len(query_ids)))
    groups: dict[tuple[Rule, int], list[int]] = {}
    for number, pipeline in enumerate(tried):
        groups.setdefault((pipeline.rule, pipeline.legs), []).append(number)
    for start in range(0, len(query_ids), BLOCK):
        some = query_ids[start : start + BLOCK]
        block = _block(
            [[answer.get(query_id, NOTHING) for query_id in some] for answer in answers],
            some,
            dataset.qrels,
            k,
            exp=exp,
        )
        for (rule, legs), numbers in groups.items():
            steps = np.array([tried[number].step for number in numbers])
            out[numbers, start : start + len(some)] = _measured(block, rule, legs, steps, bounds, k)
    return out


def _block(
    rows: Sequence[Sequence[tuple[Sequence[str], NDArray[np.float32]]]], query_ids: Sequence[str],
    qrels: Mapping[str, Mapping[str, int]], k: int, *, exp: bool,
) -> Block:  # fmt: skip
    pool = pooled([[names for names, _ in part] for part in rows])
    queries, width = pool.documents.shape
    behind = np.arange(width) >= pool.counts[:, None]
    documents = np.where(behind, len(pool.names) + np.arange(width), pool.documents)
    order = np.empty_like(documents)
    sorted_columns = np.argsort(documents, axis=1)
    np.put_along_axis(order, sorted_columns, np.broadcast_to(np.arange(width), documents.shape), axis=1)
    in_order = np.take_along_axis(documents, sorted_columns, axis=1)
    positions = {name: position for position, name in enumerate(pool.names.tolist())}
    gains, ideal = np.zeros((queries, width)), np.zeros(queries)
    for row, query_id in enumerate(query_ids):
        gain = {
            name: float(2**grade - 1 if exp else grade) for name, grade in qrels[query_id].items() if grade > 0
        }  # fmt: skip
        best = sorted(gain.values(), reverse=True)[:k]
        ideal[row] = sum(value * discount for value, discount in zip(best, _discounts(k), strict=False))
        for name, value in gain.items():
            if name in positions:
                at = int(np.searchsorted(in_order[row], positions[name]))
                if at < width and in_order[row, at] == positions[name]:
                    gains[row, at] = value
    one, two = (padded([values for _, values in part]) for part in rows)
    return Block(pool, order, gains, ideal, (one[0], two[0]), (one[1], two[1]))


def _measured(
    block: Block, rule: Rule, legs: int, steps: NDArray[np.int64], bounds: tuple[float, float], k: int
) -> Floats:
    """nDCG of each weight, shape (steps, queries)."""
    counts = [np.minimum(count, legs) for count in block.counts]
    scores = [score[:, :legs] for score in block.scores]
    parts = [
        _leg(rule, score, count, bound) for score, count, bound in zip(scores, counts, bounds, strict=True)
    ]  # fmt: skip
    held = [(ranks != LACKING) & (ranks <= legs) for ranks in block.pool.ranks]
    values = np.zeros((len(steps), len(block.ideal)))
    inner = (steps > 0) & (steps < STEP)
    if inner.any():
        given = [part.given(ranks) for part, ranks in zip(parts, block.pool.ranks, strict=True)]
        weights = np.array([_weights(int(step)) for step in steps[inner]])
        if rule.how == "rrf":
            weights = np.array([Pipeline(rule, legs, int(step)).weights for step in steps[inner]])
        values[inner] = _swept(block, given, held[0] | held[1], weights, k)
    alone = [
        _swept(block, [as_scored(score, count).given(ranks)], own, np.ones((1, 1)), k)[0]
        for score, count, ranks, own in zip(scores, counts, block.pool.ranks, held, strict=True)
    ]
    if rule.how != "rrf":  # one leg that answers alone stands as it is
        for number, part in enumerate(parts):
            rows = part.hits & ~parts[1 - number].hits
            values[:, rows] = alone[number][rows]
    values[steps == STEP], values[steps == 0] = alone[0], alone[1]
    return values


def _leg(rule: Rule, scores: Floats, counts: NDArray[np.int64], bound: float) -> Leg:
    if rule.how == "rrf":
        return reciprocal(counts, scores.shape[1], rule.k)
    return normalised(scores, counts, rule.how, rule.missing, bound)


def _weights(step: int) -> tuple[float, ...]:
    """As a `ConvexFusion` takes them: shares of their sum."""
    given = (step / STEP, (STEP - step) / STEP)
    return tuple(weight / math.fsum(given) for weight in given)


def _swept(
    block: Block, given: Sequence[Floats], held: NDArray[np.bool_], weights: Floats, k: int
) -> Floats:  # fmt: skip
    """nDCG of each row of weights, shape (weights, queries).

    Args:
        given: What each leg gives to the pooled documents, shape (queries, width).
        held: The documents that are ranked at all; likewise.
        weights: Shape (weights, legs).
    """
    out = np.zeros((len(weights), len(block.ideal)))
    rows = np.flatnonzero((block.ideal > 0) & held.any(axis=1))
    width = FIRST
    beyond = [np.where(held, part, -np.inf) for part in given]
    beyond = [np.maximum.accumulate(part[:, ::-1], axis=1)[:, ::-1] for part in beyond]
    while len(rows):
        width = min(width, held.shape[1])
        columns = np.s_[rows, :width]
        ranked, best = _best(block, [part[columns] for part in given], held[columns], weights, rows, width, k)
        gains = np.where(best > -np.inf, block.gains[rows[:, None], ranked], 0.0)
        out[:, rows] = _dcg(gains) / block.ideal[rows]
        if width == held.shape[1]:
            break
        reach = _total([part[rows, width] for part in beyond], weights)
        settled = (reach < best[..., -1]).all(axis=0) if best.shape[-1] == k else np.zeros(len(rows), dtype=bool)
        rows, width = rows[~settled], width * 2
    return out


def _best(
    block: Block, given: Sequence[Floats], held: NDArray[np.bool_], weights: Floats, rows: NDArray[np.int64], width: int,
    k: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:  # fmt: skip
    """The best k by id's rank, and their scores, shape (weights, rows, k): in the one order."""
    scores = np.where(held, _total(given, weights), np.float32(-np.inf))
    order = np.broadcast_to(block.order[rows, :width], scores.shape).reshape(-1, width)
    ranked, best = best_rows(order, scores.reshape(-1, width), np.arange(block.order.shape[1]), k)
    shape = (len(weights), len(rows), -1)
    return ranked.reshape(shape), best.reshape(shape)


def _total(given: Sequence[Floats], weights: Floats) -> NDArray[np.float32]:
    """float32 of the weighted sum, shape (weights, …), as a fusion rounds it."""
    several = (slice(None), *(None,) * given[0].ndim)
    total = summed([weights[:, number][several] * part for number, part in enumerate(given)])
    return total.astype(np.float32)


def _dcg(gains: Floats) -> Floats:
    """Over the last axis, rank by rank as trec_eval sums."""
    total = np.zeros(gains.shape[:-1])
    for rank, discount in enumerate(_discounts(gains.shape[-1])):
        total += gains[..., rank] * discount
    return total


def _discounts(k: int) -> list[float]:
    """1 / log2(rank + 1)."""
    return [1 / math.log2(rank + 1) for rank in range(1, k + 1)]

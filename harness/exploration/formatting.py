"""How an exploration's numbers are written, the same in Markdown, on the terminal and on the page."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.exploration.pipelines import Pipeline
from harness.exploration.values import Exploration, Gap


def verdict(exploration: Exploration) -> str:
    """The one sentence that a reader takes away."""
    estimate, unseen = exploration.estimate, "queries that did not choose it"
    name = exploration.chosen.typed(exploration.names)
    ahead = [gap for gap in exploration.gaps if gap.p <= 0.05 and gap.difference > 0]
    if exploration.chosen.single:
        said = "no fusion is better than it"
    elif len(ahead) == len(exploration.gaps):
        said = "better than either system alone"
    else:
        worst = min(exploration.gaps, key=lambda gap: gap.difference)
        said = f"but {worst.to} alone cannot be told from it with these queries"
    return f"{name}: {exploration.measure} {estimate.mean:.3f} [{estimate.low:.3f}, {estimate.high:.3f}] on {unseen}, {said}."


def figures(exploration: Exploration) -> list[tuple[str, str]]:
    """What is told beside it, line by line."""
    how = (
        f"cross-fitting over {exploration.queries} queries: each is scored by what the others chose"
        if exploration.on == "cross-fitting"
        else f"{exploration.on}, {exploration.chosen_from} queries; tested on {exploration.queries} others"
    )
    best = exploration.best.typed(exploration.names)
    return [
        ("chosen on", how),
        *((f"ahead of {gap.to} by", span(gap)) for gap in exploration.gaps),
        (
            "best on the test queries themselves",
            f"{exploration.resubstitution:.3f} ({best}), which is no estimate: choosing there would have promised "
            f"{exploration.optimism:+.3f} that it does not keep",
        ),
        *stability(exploration),
        ("as good as the best of its curve", plateau(exploration)),
        (
            "pipelines",
            f"{len(exploration.tried):,} measured in {exploration.seconds:.1f} s from one run of each system",
        ),
    ]


def stability(exploration: Exploration) -> Iterator[tuple[str, str]]:
    """How often cross-fitting chose the chosen one, where it did."""
    if len(exploration.stability):
        share = float(exploration.stability[exploration.tried.index(exploration.chosen)])
        different = int((exploration.stability > 0).sum())
        yield "chosen again", f"by {share:.0%} of the cross-fits; {different} pipelines were chosen by any"


def plateau(exploration: Exploration) -> str:
    """`bm25's weight from 0.22 to 0.48`: all weights of the curve that cannot be told from its best."""
    curve = exploration.curve
    inside = curve.weights[curve.plateau]
    whole = bool(np.diff(np.flatnonzero(curve.plateau)).max(initial=1) == 1)
    return (
        f"{exploration.names[0]}'s weight from {inside[0]:.2f} to {inside[-1]:.2f}{'' if whole else ', with gaps'} "
        f"({curve.name}): the queries cannot tell them apart"
    )


def span(gap: Gap) -> str:
    """`+0.041 [+0.020, +0.062], p < 0.001`."""
    p = "p < 0.001" if gap.p < 0.001 else f"p = {gap.p:.3f}"
    return f"{gap.difference:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}], {p}"


def rules(exploration: Exploration) -> list[tuple[Pipeline, float]]:
    """Each rule's best pipeline on the test queries, best first."""
    found: dict[str, tuple[Pipeline, float]] = {}
    for pipeline, mean in zip(exploration.tried, exploration.means.tolist(), strict=True):
        name = pipeline.typed(exploration.names) if pipeline.single else pipeline.rule.name
        if name not in found or mean > found[name][1]:
            found[name] = (pipeline, mean)
    return sorted(found.values(), key=lambda entry: -entry[1])

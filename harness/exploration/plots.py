"""nDCG against the weight: the chosen rule with its band and plateau, the others behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.exploration.values import Exploration
from harness.report.canvas import ACCENT, GREEN, GREY, INK, ORANGE, PURPLE, RULE, VERMILION, figure, frame, shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = (VERMILION, GREEN, PURPLE, ORANGE, GREY, INK)


def weights(exploration: Exploration) -> Figure:
    """One curve per rule at the chosen depth; the line across is what choosing is worth on unseen queries."""
    curve, (one, two) = exploration.curve, exploration.names
    drawn = figure(8.6, 4.4)
    axes = drawn.add_subplot()
    axes.fill_between(curve.weights, curve.low, curve.high, color=ACCENT, alpha=0.13, linewidth=0)
    for (name, means), colour in zip(exploration.others.items(), COLOURS, strict=False):
        axes.plot(curve.weights, means, color=colour, linewidth=1, alpha=0.75, label=name)
    axes.plot(curve.weights, curve.means, color=ACCENT, linewidth=2.2, label=f"{curve.name}, 95 % interval", zorder=4)
    inside = [mean if flat else float("nan") for mean, flat in zip(curve.means, curve.plateau, strict=True)]
    axes.plot(
        curve.weights, inside, color=ACCENT, linewidth=7, alpha=0.35, solid_capstyle="butt", label="as good as its best"
    )
    axes.axhline(exploration.estimate.mean, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), label="on unseen queries")
    chosen = exploration.chosen
    place = exploration.tried.index(chosen)
    axes.plot([chosen.weight], [exploration.means[place]], "o", color=INK, markersize=7, zorder=5, label="chosen")
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"← {shortened(two)} alone  |  weight of {shortened(one)}  |  {shortened(one)} alone →")
    axes.set_ylabel(f"{exploration.measure}, {exploration.queries} queries")
    title = f"Fusions of {shortened(one)} and {shortened(two)} on {shortened(exploration.task)}"
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    frame(axes)
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    return drawn


def draw(exploration: Exploration) -> dict[str, Figure]:
    """Caption → figure."""
    caption = (
        f"{exploration.measure} against the weight, with the 95 % interval of the chosen rule; thick: weights that the queries "
        "cannot tell from its best; dashed: what choosing is worth on queries that did not choose"
    )
    return {caption: weights(exploration)}

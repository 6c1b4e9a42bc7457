"""How the numbers of a waterfall are written, the same on the page, in Markdown and in the plot."""

from __future__ import annotations

from harness.report.formatting import SHARES
from harness.report.waterfall.values import Step, Waterfall


def number(waterfall: Waterfall, value: float) -> str:
    """A value in the measure's unit."""
    return f"{value:.3f}" if waterfall.unit in SHARES else f"{value:,.2f} {waterfall.unit}"


def change(waterfall: Waterfall, step: Step) -> str:
    """`+0.031 [+0.012, +0.050]`; a dash for the first."""
    if step.change is None:
        return "–"
    digits = ".3f" if waterfall.unit in SHARES else ",.2f"
    one = step.change
    return f"{one.difference:+{digits}} [{one.low:+{digits}}, {one.high:+{digits}}]"


def chance(step: Step) -> str:
    """The adjusted p value; a dash for the first."""
    if step.change is None:
        return "–"
    return f"{step.change.p:.4f}" if step.change.p >= 0.0001 else "< 0.0001"


def milliseconds(step: Step) -> str:
    """`0.31`, `12`; a dash where nothing was clocked."""
    if step.milliseconds is None:
        return "–"
    return f"{step.milliseconds:,.0f}" if step.milliseconds >= 10 else f"{step.milliseconds:.2f}"


def size(step: Step) -> str:
    """Bytes of a document, or a dash."""
    return f"{step.bytes:,.0f}" if step.bytes else "–"


def headline(waterfall: Waterfall) -> str:
    """Where it ends, and the greatest loss and gain that the queries can tell."""
    last = waterfall.steps[-1]
    bounds = (
        f" [{number(waterfall, last.quality.low)}, {number(waterfall, last.quality.high)}]"
        if last.quality.n > 1
        else ""
    )
    text = f"{waterfall.system} reaches {waterfall.measure} {number(waterfall, last.quality.mean)}{bounds} on {waterfall.task}"
    if waterfall.ceiling is not None:
        text += f", where the data admit {number(waterfall, waterfall.ceiling)}"
    told = [step for step in waterfall.steps if step.told and step.change is not None]
    sign = 1 if waterfall.direction == "higher" else -1
    worst = min(told, key=lambda step: sign * _difference(step), default=None)
    best = max(told, key=lambda step: sign * _difference(step), default=None)
    parts = []
    if best is not None and sign * _difference(best) > 0:
        parts.append(f"most is won by “{best.what}” ({_signed(waterfall, best)})")
    if worst is not None and sign * _difference(worst) < 0:
        parts.append(f"most is lost by “{worst.what}” ({_signed(waterfall, worst)})")
    if not parts and len(waterfall.steps) > 1:
        parts.append("no step changes anything that these queries can tell")
    return "; ".join([text, *parts]) + "."


def _difference(step: Step) -> float:
    return step.change.difference if step.change is not None else 0.0


def _signed(waterfall: Waterfall, step: Step) -> str:
    return f"{_difference(step):+.3f}" if waterfall.unit in SHARES else f"{_difference(step):+,.2f}"

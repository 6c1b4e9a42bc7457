"""The fusions that are tried, and what each is called on the command line."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.config.label import label
from harness.registry import systems
from harness.search.fusion import Missing, Normalisation

STEP = 50
"""Weights go from 0 to 1 in so many steps."""


@dataclass(frozen=True)
class Rule:
    """How two legs' scores become one, but for the weight: reciprocal ranks with their k, or a normalisation."""

    how: Normalisation | Literal["rrf"]
    missing: Missing = "lowest"
    k: int = 60

    @property
    def name(self) -> str:
        """`rrf k=10`, `z-score`, `theoretical-min, missing=zero`."""
        if self.how == "rrf":
            return f"rrf k={self.k}"
        return self.how + (f", missing={self.missing}" if self.missing != "lowest" else "")


RULES = (
    Rule("rrf"), Rule("rrf", k=10), Rule("min-max"), Rule("z-score"), Rule("theoretical-min"),
    Rule("theoretical-min", "zero"), Rule("distribution"),
)  # fmt: skip
"""`missing=zero` is `lowest` under min-max, and the mean of the hits under z-score."""


@dataclass(frozen=True)
class Pipeline:
    """One fusion of two systems; a weight of 0 or 1 is one of them alone, whatever the rule and the legs.

    Attributes:
        weight: Of the first system, in steps of `STEP`; the second has the rest.
        legs: How many documents of each system are joined.
    """

    rule: Rule
    legs: int
    step: int

    @property
    def weight(self) -> float:
        """Of the first system."""
        return self.step / STEP

    @property
    def weights(self) -> tuple[float, float]:
        """Of both, as they are typed."""
        return self.step / STEP, (STEP - self.step) / STEP

    @property
    def single(self) -> bool:
        """True for one system alone."""
        return self.step in (0, STEP)

    def typed(self, names: Sequence[str]) -> str:
        """What stands after `model=`."""
        if self.single:
            return names[0] if self.step else names[1]
        own: dict[str, object] = {"weights": list(self.weights), "legs": self.legs}
        choice = "rrf" if self.rule.how == "rrf" else "fusion"
        own |= {"k": self.rule.k} if choice == "rrf" else {"normalize": self.rule.how, "missing": self.rule.missing}
        parameters = inspect.signature(systems.get(choice).function).parameters
        usual = {key: parameter.default for key, parameter in parameters.items() if key != "systems"}
        return label(choice, {"systems": list(names), **{**usual, **own}}, usual)


def pipelines(depths: Sequence[int], rules: Sequence[Rule]) -> list[Pipeline]:
    """Each system alone, then every rule at every depth with every weight between."""
    alone = [Pipeline(rules[0], max(depths), step) for step in (STEP, 0)]
    return [*alone, *(Pipeline(rule, legs, step) for rule in rules for legs in depths for step in range(1, STEP))]

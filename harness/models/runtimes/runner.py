"""What every runtime returns: a forward pass ready to run, or the reason why it cannot run a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from harness.models.ragged import Features
from harness.types import Vectors

Forward = Callable[[Features, Mapping[str, Any]], Vectors]
"""(padded columns of one batch, what all texts share) → float32 vectors of shape (batch, dimension).

A batch that does not fit into the device is a `MemoryError`."""


class Runner(NamedTuple):
    """A forward pass, ready to run.

    Attributes:
        executes: The precision that the library says it computes in on this machine, in its own words (`f32`, `bf16`,
            `torch.bfloat16 on AVX2`): for the record, beside the dtype that was asked for.
    """

    forward: Forward
    executes: str


class Unsupported(Exception):
    """This runtime cannot run this model; says why."""

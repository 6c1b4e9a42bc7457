"""The protocol behind which a forward pass runs, and why one cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.models.ragged import Features
from harness.types import Vectors

Runner = Callable[[Features, Mapping[str, Any]], Vectors]
"""(padded columns of one batch, what all texts share) → float32 vectors of shape (batch, dimension).

A batch that does not fit into the device is a `MemoryError`."""


class Unsupported(Exception):
    """This runtime cannot run this model; says why."""

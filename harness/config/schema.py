"""The options that every run has. What a task or a model adds to them stands in its own signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from omegaconf import MISSING


class Kept(Enum):
    """How vectors are kept on disk."""

    float32 = "float32"
    float16 = "float16"
    none = "none"


class Audit(Enum):
    """What is looked into besides."""

    none = "none"
    prompts = "prompts"


@dataclass
class Data:
    """Where data sets come from."""

    mirror: str | None = None
    """A folder that stands in for the hub: ORG/NAME below it is the data set (or model) of that name."""
    models: str | None = None
    """The same for models, where they lie elsewhere than the data sets."""
    cache: str | None = None
    """Folder of downloads, kept vectors and converted models, instead of HARNESS_CACHE or ~/.cache/embedding-harness."""
    vectors: Kept = Kept.float32
    """How vectors are kept: float32, float16 (half the space, rounded), or none."""


@dataclass
class Encode:
    """How texts are encoded."""

    shard: str | None = None
    """`3/16`: only encode the third of sixteen parts of the documents, for the store; evaluate when all are there."""


@dataclass
class Settings:
    """`harness KEY=VALUE …`; not frozen, because Hydra fills it in."""

    model: Any = MISSING
    task: Any = MISSING
    measures: list[str] | None = None
    """Instead of the task's own; the first is the one the leaderboard shows. `measures=[nDCG@10,recall@100]`"""
    depth: int | None = None
    """How many documents are ranked per query, instead of the task's own depth."""
    limit: int | None = None
    """Use the first N queries only: a try-out, marked as such on the board."""
    audit: Audit = Audit.none
    """`prompts`: each model with its prompts, with none and with them swapped, in one table."""
    device: str = "auto"
    """`cpu`, `cuda`, `mps`, or `auto` for the best one present."""
    memory: int = 1024
    """Megabytes of documents' vectors that a search holds at once, whatever the corpus."""
    budget: float | None = None
    """What embedding endpoints may cost in this command, in the currency of their price sheets: stops before it is passed."""
    results: str = "results"
    """Folder of records, runs, tables and plots."""
    overwrite: bool = False
    """Evaluate again what is already recorded under the same fingerprints."""
    progress: bool = True
    """Show a progress display on standard error."""
    board: bool = True
    """Write the leaderboard at the end."""
    data: Data = field(default_factory=Data)
    encode: Encode = field(default_factory=Encode)

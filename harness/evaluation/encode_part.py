"""`encode.shard=3/16`: one part of each task's documents into the embedding store, and nothing else.

Sixteen processes, on one machine or on several that share the store's folder, make together what one would make alone;
the evaluation that follows finds every vector there.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.config.jobs import Job
from harness.context import Context
from harness.errors import ConfigError
from harness.evaluation.display import Display
from harness.evaluation.opening import Opener, label_of
from harness.types import Task


def parsed(shard: str) -> tuple[int, int]:
    """`3/16` as (3, 16); `ConfigError` for anything that is no part of a whole."""
    part, _, parts = shard.partition("/")
    if not (part.isdigit() and parts.isdigit() and 1 <= int(part) <= int(parts)):
        raise ConfigError(
            f"encode.shard={shard} is no part of a whole. Say which of how many, such as encode.shard=3/16."
        )
    return int(part), int(parts)


def fill(jobs: Sequence[Job], context: Context, display: Display, shard: str) -> None:
    """Encode that part of every job's documents."""
    part, parts = parsed(shard)
    opener = Opener(context)
    for job in jobs:
        for cell in display.walk(opener.cells(job)):
            system, task = opener.system(cell.system), opener.task(cell.task)
            encode = getattr(system.system, "encode_part", None)
            if encode is None or not isinstance(task, Task):
                raise ConfigError(
                    f"encode.shard is for a dense model on a retrieval task, which {cell.system.label} × "
                    f"{label_of(cell.task)} is not. Leave it out there."
                )
            data = task.dataset
            fresh = encode(data.documents, data.queries, task.purpose, part, parts, display.texts)
            display.say(
                f"{cell.system.label} × {label_of(cell.task)}: part {shard} is in the store, {fresh:,} texts encoded now"
            )

"""Records of a small board, as if they had been evaluated: for what is only read from records."""

from __future__ import annotations

from typing import Any

from harness.facts import Facts
from harness.records.digest import digest
from harness.records.record import Measured, Record

MINILM = Facts(
    kind="dense", model="sentence-transformers/all-MiniLM-L6-v2", weights="8e1a", licence="apache-2.0", dimension=384,
    max_length=256, precision="float32", runtime="torch", dtype="float32",
)  # fmt: skip


def record(
    system: str = "minilm",
    task: str = "mteb/SciFact",
    mean: float = 0.64508,
    facts: Facts = MINILM,
    date: str = "2026-11-27T19:38:35+00:00",
    limit: int | None = None,
    measures: tuple[Measured, ...] = (),
    subset: str = "default",
    split: str = "test",
    main_score: str = "ndcg_at_10",
    **dataset: Any,
) -> Record:
    """A result of one of mteb's tasks (`mteb/NAME`), or of one's own, with nDCG@10 as its measure."""
    name = task.partition("(")[0].removeprefix("mteb/")
    own = {"mteb_task": name, "subset": subset, "languages": ["eng-Latn"], "main_score": main_score}
    interval = "95% bootstrap over queries, 10000 resamples"
    return Record(
        key=digest([system, task, mean])[:32],
        status="ok",
        system=system,
        task=task,
        facts=facts,
        dataset={
            "name": task, "revision": "abc", "split": split, "fingerprint": "f" * 32, "kind": "Retrieval", "depth": 100,
            "exclude_self": False, "counts": {"documents": 5183, "queries": 300},
            "options": own if task.startswith("mteb/") else {}, "asked": {"plugin": "x", "options": {}, "limit": limit},
            **dataset,
        },
        measures=measures or (Measured("nDCG@10", mean, mean - 0.04, mean + 0.04, 300, interval),),
        provenance={
            "date": date, "command": f"harness model={system} task={task}", "harness": "0.2.0", "python": "3.11.7",
            "libraries": {"mteb": "2.26.24", "torch": "2.13.0"}, "machine": {"processor": "x", "cores": 2, "memory_gib": 1},
        },
    )  # fmt: skip

"""Records as mteb's result files: `ORG__NAME/REVISION/TASK.json` and `model_meta.json`, read back by mteb's own tooling.

Written without mteb: the format is that of mteb's `TaskResult` (mteb 2). Subsets and splits of one task, which are
records of their own here, are one file there.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.records.atomic import write_text
from harness.records.mteb_names import theirs
from harness.records.record import Record


def export(records: Sequence[Record], folder: Path) -> list[Path]:
    """Write what mteb can read: every successful record of one of mteb's tasks. Returns the files."""
    groups: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for record in records:
        if record.status == "ok" and record.dataset.get("options", {}).get("mteb_task"):
            name, revision = identity(record)
            groups[name, revision, record.dataset["options"]["mteb_task"]].append(record)
    files = []
    for (name, revision, task), group in groups.items():
        place = folder / name.replace("/", "__").replace(" ", "_") / revision
        write_text(place / f"{task}.json", _json(task_result(task, group)))
        write_text(place / "model_meta.json", _json(model_meta(group[-1], name, revision)))
        files.append(place / f"{task}.json")
    return files


def identity(record: Record) -> tuple[str, str]:
    """mteb's name and revision of a system: ORG/NAME where it has one, `harness/SYSTEM` else."""
    name = str(record.facts.model)
    plain = record.system == record.system.partition("(")[0]
    if "/" not in name or not plain:
        name = "harness/" + re.sub(r"[^\w.=-]+", "_", record.system)
    return name, str(record.facts.revision or record.facts.weights or "none")


def task_result(task: str, records: Sequence[Record]) -> dict[str, Any]:
    """mteb's `TaskResult` of one task: scores by split, one entry per subset."""
    scores: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        options = record.dataset["options"]
        scores[record.dataset["split"]].append(
            {
                **{theirs(measure.measure): measure.mean for measure in record.measures if theirs(measure.measure)},
                "main_score": record.measures[0].mean,
                "hf_subset": options["subset"],
                "languages": options["languages"],
            }
        )
    newest = records[-1]
    return {
        "dataset_revision": newest.dataset["revision"],
        "task_name": task,
        "mteb_version": newest.provenance["libraries"].get("mteb", ""),
        "scores": dict(scores),
        "evaluation_time": sum(sum(one.seconds.values()) for one in records),
        "kg_co2_emissions": None,
        "date": None,
    }


def model_meta(record: Record, name: str, revision: str) -> dict[str, Any]:
    """What mteb shows of a model."""
    facts = record.facts
    return {
        "name": name,
        "revision": revision,
        "n_parameters": facts.parameters,
        "embed_dim": facts.dimension,
        "max_tokens": facts.max_length,
        "license": facts.licence or None,
        "similarity_fn_name": facts.similarity or None,
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"

"""mteb's result files, `ORG__NAME/REVISION/TASK.json` and `model_meta.json`: `mteb.ResultCache(DIR).load_results()` reads them.

Written without mteb: the format is that of mteb's `TaskResult` (mteb 2). Subsets and splits of one task, which are
records of their own here, are one file there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.errors import ResultsError
from harness.records.archive import slug
from harness.records.atomic import write_text
from harness.records.mteb_names import ours, theirs
from harness.records.record import Measured, Record
from harness.report.export import Source, model_names, tell_left_out

TO = "mteb-results"


def export(source: Source, to: Path) -> Iterator[Path]:
    """Write what mteb can read: every record of one of mteb's tasks, `DIR/results/ORG__NAME/REVISION/TASK.json`."""
    records = [record for record in source.complete() if record.dataset.get("options", {}).get("mteb_task")]
    if not records:
        raise ResultsError(
            f"{source.archive.folder} holds no record of one of mteb's tasks. Evaluate one: task=mteb task.name=NAME"
        )
    scored = [record for record in records if main_score(record) is not None]
    tell_left_out("the task's main score is not recorded; harness rescore computes it", records, scored)
    groups: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    called, meta = model_names(scored), dict[Path, str]()
    for record in scored:
        revision = str(record.facts.revision or record.facts.weights or "none")
        groups[called[record.system], revision, record.dataset["options"]["mteb_task"]].append(record)
    for (name, revision, task), group in groups.items():
        folder = to / "results" / name.replace("/", "__").replace(" ", "_") / slug(revision)
        write_text(folder / f"{task}.json", _json(task_result(task, group)), "to=DIR")
        meta[folder / "model_meta.json"] = _json(model_meta(group[-1], name, revision))
        yield folder / f"{task}.json"
    for path, text in meta.items():
        write_text(path, text, "to=DIR")


def main_score(record: Record) -> Measured | None:
    """What mteb ranks models by on this task, whatever the record's own first measure is; None where it is not recorded."""
    name = record.dataset["options"].get("main_score")
    return (record.get(ours(name)) or record.get(name)) if name else record.primary


def task_result(task: str, records: Sequence[Record]) -> dict[str, Any]:
    """mteb's `TaskResult` of one task: scores by split, one entry per subset."""
    scores: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        options, main = record.dataset["options"], main_score(record)
        assert main is not None
        scores[record.dataset["split"]].append(
            {
                **{theirs(measure.measure): measure.mean for measure in record.measures if theirs(measure.measure)},
                "main_score": main.mean,
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
        "evaluation_time": sum(sum(record.seconds.values()) for record in records),
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

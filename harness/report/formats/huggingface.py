"""Files for a model's repository on the Hugging Face Hub: `.eval_results/TASK.yaml` for its leaderboards, `model-index.yaml`.

`DIR/ORG/NAME/.eval_results/` holds the main score of each of mteb's tasks under mteb's task ids and in percent, as
`ModelMeta.push_eval_results` writes them, and so on the same leaderboards. `DIR/ORG/NAME/model-index.yaml` holds every
measure of every task as a share, tasks of one's own too, for the model card: `metadata_update(ORG/NAME, …)` of
huggingface_hub merges it. The formats: docs/hub/eval-results and modelcard.md of huggingface/hub-docs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import yaml

from harness.data.mteb_registry import Origin, origin
from harness.errors import ResultsError
from harness.records.archive import slug
from harness.records.atomic import write_text
from harness.records.record import Record
from harness.report.comparability import grouped
from harness.report.export import Source, model_names, on_hub, tell_left_out
from harness.report.formats.mteb import main_score
from harness.report.formatting import estimate

TO = "huggingface"


def export(source: Source, to: Path) -> Iterator[Path]:
    """Write the files of each model that is on the hub as it is; a fusion or BM25 has no repository there."""
    complete = source.complete()
    called = model_names(complete)
    records = [record for record in complete if on_hub(record) and called[record.system] == record.facts.model]
    if not records:
        raise ResultsError(
            f"{source.archive.folder} holds no result of a model that is on the hub under its own name and as it is there. "
            "Evaluate one: harness model=minilm task=NAME"
        )
    tell_left_out("no model of the hub as it is there, so no repository to put it into", complete, records)
    for name, own in grouped(records, lambda record: record.facts.model).items():
        entries: dict[str, list[dict[str, Any]]] = {}
        origins: dict[str, Origin | None] = {}
        for task, parts in grouped([record for record in own if _mteb(record)], _mteb).items():
            origins[task] = origin(task)
            if entry := eval_results(task, origins[task], parts):
                entries[task] = entry
        for task, entry in entries.items():
            path = to / name / ".eval_results" / f"{slug(task)}.yaml"
            write_text(path, _yaml(entry), "to=DIR")
            yield path
        path = to / name / "model-index.yaml"
        results = [_index_result(record, origins.get(_mteb(record))) for record in own]
        write_text(path, _yaml({"model-index": [{"name": name.partition("/")[2], "results": results}]}), "to=DIR")
        yield path


def eval_results(task: str, source: Origin | None, records: Sequence[Record]) -> list[dict[str, Any]]:
    """One entry per subset and split, and the task's own where none of them is missing; empty without a main score."""
    if source is None:
        return []
    entries, values = [], {}
    for record in records:
        main = main_score(record)
        if main is None:
            continue
        subset, split = record.dataset["options"]["subset"], record.dataset["split"]
        values[subset, split] = main.mean
        note = f"{estimate(main)}{f', n={main.n}' if main.n else ''}; {_how(record)}"
        entries.append(_entry(source, f"{task}_{subset}_{split}", main.mean, record, note))
    if set(values) == {(subset, split) for subset in source.subsets for split in source.splits}:
        whole = f"mean of {len(entries)} subsets and splits; {_how(records[-1])}"
        note = entries[0]["notes"] if len(entries) == 1 else whole
        entries.append(_entry(source, task, fmean(values.values()), records[-1], note))
    return entries


def _entry(source: Origin, task_id: str, value: float, record: Record, note: str) -> dict[str, Any]:
    """A result as the hub reads it: `value` in percent, as mteb gives it on its leaderboards."""
    revision = record.dataset.get("revision")
    return {
        "dataset": {"id": source.dataset, "task_id": task_id, **({"revision": revision} if revision else {})},
        "value": round(value * 100, 5),
        "date": str(record.provenance.get("date", ""))[:10],
        "notes": note,
    }


def _how(record: Record) -> str:
    """What of the model's use and of the program can move the number."""
    facts = record.facts
    prompts = [f"{role} prompt {text!r}" for role, text in sorted((facts.prompts or {}).items()) if text]
    length = [f"{facts.max_length} tokens"] if facts.max_length else []
    limits = [facts.dtype] if facts.dtype else []
    version = f"embedding-harness {record.provenance.get('harness', '')}"
    library = record.provenance.get("libraries", {}).get("mteb")
    return ", ".join([*prompts, *length, *limits, version, *([f"data by mteb {library}"] if library else [])])


def _index_result(record: Record, source: Origin | None) -> dict[str, Any]:
    """All measures of one record as a result of a model index."""
    data = record.dataset
    options = data.get("options", {})
    dataset = {
        "name": record.task,
        "type": source.dataset if source else str(data.get("name", record.task)),
        "config": options.get("subset"),
        "split": data.get("split"),
        "revision": data.get("revision") or None,
        "args": {"fingerprint": data.get("fingerprint"), **({"depth": data["depth"]} if "depth" in data else {})},
    }
    return {
        "task": {"type": str(data.get("kind") or "Retrieval"), "name": record.task},
        "dataset": {key: value for key, value in dataset.items() if value is not None},
        "metrics": [
            {"type": measure.measure, "value": measure.mean, "name": estimate(measure)} for measure in record.measures
        ],
    }


def _mteb(record: Record) -> str:
    return str(record.dataset.get("options", {}).get("mteb_task", ""))


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000)

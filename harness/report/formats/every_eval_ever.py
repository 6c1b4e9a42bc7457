"""Every Eval Ever's schema 0.3, one file per system with every measure of every task: `every_eval_ever validate` reads it.

`DIR/data/embedding-harness/DEVELOPER/MODEL/UUID.json`, as its datastore is laid out. The UUID is a digest of the results: the
same records give the same files. The schema: every_eval_ever/schemas/eval.schema.json of evaleval/every_eval_ever.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.data.mteb_registry import Origin, origin
from harness.errors import ResultsError
from harness.records.archive import slug
from harness.records.atomic import write_text
from harness.records.digest import digest
from harness.records.record import Measured, Record
from harness.report.comparability import grouped
from harness.report.export import Source, model_names

TO = "every-eval-ever"
SCHEMA = "0.3.0"
COLLECTION = "embedding-harness"
UNIT = {"share": "proportion", "mteb": "proportion"}
UNBOUNDED = ("-Infinity", "Infinity")
"""How the schema writes that a measure has no least and no greatest value."""
SIGNED = ("spearman", "pearson", "kendall", "p-MRR", "p_mrr")
"""Parts of the names of mteb's scores that lie between -1 and 1."""
CONFIDENCE = re.compile(r"(\d+)\s?% bootstrap over .*?, (\d+) resamples")


def export(source: Source, to: Path) -> Iterator[Path]:
    """Write a file for each system."""
    records = [record for record in source.complete() if record.measures]
    if not records:
        raise ResultsError(
            f"{source.archive.folder} holds no result of a whole task. Evaluate one: harness model=NAME task=NAME"
        )
    called = model_names(records)
    origins = {task: origin(task) for task in sorted({_mteb(record) for record in records} - {""})}
    for system, own in grouped(records, lambda record: record.system).items():
        document = log(own, called[system], source.organization, origins)
        developer, _, model = called[system].partition("/")
        name = str(
            uuid.UUID(digest([system, [record.key for record in own], document["evaluation_id"]])[:32], version=4)
        )
        path = to / "data" / COLLECTION / slug(developer) / slug(model) / f"{name}.json"
        write_text(path, json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "to=DIR")
        yield path


def log(records: Sequence[Record], name: str, organization: str, origins: dict[str, Origin | None]) -> dict[str, Any]:
    """An `EvaluationLog`: the results of one system. `name` is ORG/NAME."""
    newest = max(records, key=lambda record: str(record.provenance["date"]))
    provenance, seconds = newest.provenance, str(int(datetime.fromisoformat(newest.provenance["date"]).timestamp()))
    return {
        "schema_version": SCHEMA,
        "evaluation_id": f"{COLLECTION}/{newest.system}/{seconds}",
        "evaluation_timestamp": provenance["date"],
        "retrieved_timestamp": seconds,
        "source_metadata": {
            "source_name": "embedding-harness",
            "source_type": "evaluation_run",
            "source_organization_name": organization or "unknown",
            "evaluator_relationship": _relationship(organization, name.partition("/")[0]),
        },
        "eval_library": {
            "name": "embedding-harness",
            "version": str(provenance.get("harness") or "unknown"),
            "additional_details": _texts(
                {key: provenance.get(key) for key in ("commit", "python", "libraries", "machine")}
            ),
        },
        "model_info": _model(newest, name),
        "evaluation_results": [
            _result(record, measured, origins.get(_mteb(record))) for record in records for measured in record.measures
        ],
    }


def bounds(measured: Measured) -> tuple[float | str, float | str]:
    """The least and the greatest value of a measure: 0 to 1 of a share, -1 to 1 of a correlation; else none are claimed."""
    least, most = (-1.0, 1.0) if any(part in measured.measure for part in SIGNED) else (0.0, 1.0)
    return (least, most) if measured.unit in UNIT and least <= measured.mean <= most else UNBOUNDED


def _relationship(organization: str, developer: str) -> str:
    if not organization:
        return "other"
    return "first_party" if organization.casefold() == developer.casefold() else "third_party"


def _model(record: Record, name: str) -> dict[str, Any]:
    facts = record.facts
    api = facts.kind == "api"
    open_weights = not api and facts.model == name and bool(facts.weights)
    details = {
        "deployment_type": "externally_managed" if api else "self_deployed",
        "model_availability": "open_weights" if open_weights else "unknown",
        "system": record.system,
        **{key: value for key, value in facts.flat().items() if key not in ("model", "libraries", "other")},
    }
    version = record.provenance.get("libraries", {}).get(facts.runtime, "unknown")
    engine = {"inference_engine": {"name": facts.runtime, "version": str(version)}} if facts.runtime else {}
    developer = {"developer": name.partition("/")[0]} if not name.startswith("harness/") else {}
    return {
        "name": facts.model or record.system,
        "id": name,
        **developer,
        **engine,
        "additional_details": _texts(details),
    }


def _result(record: Record, measured: Measured, source: Origin | None) -> dict[str, Any]:
    least, most = bounds(measured)
    cutoff = measured.measure.partition("@")[2]
    return {
        "evaluation_result_id": f"{record.key}/{measured.measure}",
        "evaluation_name": record.task,
        "evaluation_timestamp": record.provenance["date"],
        "source_data": _data(record, source),
        "metric_config": {
            "evaluation_description": measured.source or f"{measured.measure} as mteb computes it",
            "metric_id": measured.measure,
            "metric_name": measured.measure,
            "metric_kind": re.sub(r"[(@].*", "", measured.measure).lower(),
            "metric_unit": UNIT.get(measured.unit, measured.unit),
            **({"metric_parameters": {"k": int(cutoff)}} if cutoff.isdigit() else {}),
            "lower_is_better": measured.direction == "lower",
            "score_type": "continuous",
            "min_score": least,
            "max_score": most,
        },
        "score_details": {"score": measured.mean, **_uncertainty(measured)},
        "generation_config": {
            "generation_args": {"execution_command": str(record.provenance.get("command", ""))},
            "additional_details": _texts(
                {"depth": record.dataset.get("depth"), "prompts": record.checks.prompts or None}
            ),
        },
    }


def _uncertainty(measured: Measured) -> dict[str, Any]:
    """The interval, where there is one, and how it came about."""
    if measured.low is None or measured.high is None:
        return {}
    interval: dict[str, Any] = {"lower": measured.low, "upper": measured.high, "method": measured.interval}
    counts: dict[str, Any] = {"num_samples": measured.n} if measured.n else {}
    if match := CONFIDENCE.match(measured.interval):
        interval["confidence_level"] = int(match[1]) / 100
        counts["num_bootstrap_samples"] = int(match[2])
    return {"uncertainty": {"confidence_interval": interval, **counts}}


def _data(record: Record, source: Origin | None) -> dict[str, Any]:
    """The data set that it was evaluated on; its fingerprint says which content."""
    data = record.dataset
    about = {key: data.get(key) for key in ("revision", "split", "fingerprint", "kind", "counts")}
    about["subset"] = data.get("options", {}).get("subset")
    name = {"dataset_name": str(data.get("name") or record.task)}
    if source is None:
        return {**name, "source_type": "other", "additional_details": _texts(about)}
    queries = data.get("counts", {}).get("queries")
    return {
        **name,
        "source_type": "hf_dataset",
        "hf_repo": source.dataset,
        "hf_split": str(data.get("split")),
        **({"samples_number": int(queries)} if queries else {}),
        "additional_details": _texts(about),
    }


def _texts(details: dict[str, Any]) -> dict[str, str]:
    """Details as the schema has them, every value a text: what is none as JSON; without what is not known."""
    return {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
        for key, value in details.items()
        if value not in (None, "")
    }


def _mteb(record: Record) -> str:
    return str(record.dataset.get("options", {}).get("mteb_task", ""))

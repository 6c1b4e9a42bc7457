"""Every Eval Ever's files: its validator's word where it is installed, else the rules of its schema 0.3 and of its datastore."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import exported
from harness.facts import Facts
from harness.records.archive import Archive
from harness.records.record import Measured
from harness.report.formats.every_eval_ever import bounds
from test_export import ROOT, kept


def text(*values: str) -> dict[str, Any]:
    return {"type": "string", **({"enum": list(values)} if values else {})}


def fields(required: dict[str, Any], optional: dict[str, Any], closed: bool = True) -> dict[str, Any]:
    """An object of these fields; the schema leaves most objects open, and here what it does not name is a slip of ours."""
    properties = {**required, **optional}
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": not closed}


TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
NUMBER, COUNT = {"type": "number"}, {"type": "integer"}
BOUND = {"oneOf": [NUMBER, text("Infinity", "-Infinity")]}
DEPLOYED = {
    "deployment_type": text("self_deployed", "externally_managed", "unknown"),
    "model_availability": text("open_weights", "closed_weights", "unknown"),
}
DATA = [
    fields(
        {"dataset_name": text(), "source_type": {"const": "hf_dataset"}},
        {"hf_repo": text(), "hf_split": text(), "samples_number": COUNT, "additional_details": TEXTS},
    ),
    fields({"dataset_name": text(), "source_type": {"const": "other"}}, {"additional_details": TEXTS}),
]
METRIC = fields(
    {"lower_is_better": {"type": "boolean"}, "score_type": {"const": "continuous"}, "min_score": BOUND, "max_score": BOUND},
    {
        "evaluation_description": text(), "metric_id": text(), "metric_name": text(), "metric_kind": text(),
        "metric_unit": text(), "metric_parameters": {"type": "object"},
    },
)  # fmt: skip
INTERVAL = fields(
    {"lower": NUMBER, "upper": NUMBER},
    {"confidence_level": {"type": "number", "minimum": 0, "maximum": 1}, "method": text()},
)
UNCERTAINTY = fields({}, {"confidence_interval": INTERVAL, "num_samples": COUNT, "num_bootstrap_samples": COUNT})
RESULT = fields(
    {
        "evaluation_name": text(),
        "source_data": {"oneOf": DATA},
        "metric_config": METRIC,
        "score_details": fields({"score": NUMBER}, {"uncertainty": UNCERTAINTY, "details": TEXTS}),
    },
    {
        "evaluation_result_id": text(),
        "evaluation_timestamp": text(),
        "generation_config": fields(
            {}, {"generation_args": fields({}, {"execution_command": text()}), "additional_details": TEXTS}
        ),
    },
)
LIBRARY = fields({"name": text(), "version": text()}, {"additional_details": TEXTS})
MODEL = fields(
    {
        "name": text(),
        "id": text(),
        "additional_details": {**TEXTS, "required": list(DEPLOYED), "properties": DEPLOYED},
    },
    {"developer": text(), "inference_engine": fields({}, {"name": text(), "version": text()})},
)
SOURCE = fields(
    {
        "source_type": text("documentation", "evaluation_run"),
        "source_organization_name": text(),
        "evaluator_relationship": text("first_party", "third_party", "collaborative", "other"),
    },
    {"source_name": text()},
)
SCHEMA = fields(
    {
        "schema_version": {"const": "0.3.0"},
        "evaluation_id": text(),
        "retrieved_timestamp": {"type": "string", "pattern": r"^\d{10}$"},
        "source_metadata": SOURCE,
        "model_info": MODEL,
        "eval_library": LIBRARY,
        "evaluation_results": {"type": "array", "minItems": 1, "items": RESULT},
    },
    {"evaluation_timestamp": text()},
)
"""Required fields, types and enumerations as every_eval_ever 0.3.0 states them, of the parts that are written here."""
PATH = re.compile(r"data/[^/]+/[^/]+/[^/]+/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.json")


def faults(folder: Path, name: str) -> list[str]:
    """What the schema, and the checks that its datastore makes beyond it, have against a file."""
    document = json.loads((folder / name).read_text(encoding="utf-8"))
    found = [error.message for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(document)]
    found += [] if PATH.fullmatch(name) else [f"path {name}"]
    for result in document.get("evaluation_results", ()):
        metric, score = result["metric_config"], result["score_details"]["score"]
        least, most = float(metric.get("min_score", "nan")), float(metric.get("max_score", "nan"))
        found += [] if least <= score <= most else [f"{score} is not within {least} to {most}"]
    try:
        from every_eval_ever.validator.validation_core import validate_file
    except ImportError:  # it needs Python 3.12 and an older huggingface_hub than mteb's
        return found
    report = validate_file(folder / name, repo_path=name, run_semantic_checks=True)
    return found + [str(error) for error in [*report.errors, *report.warnings]]


def logs(folder: Path) -> dict[str, dict[str, Any]]:
    files = {str(file.relative_to(folder)): json.loads(file.read_text()) for file in folder.rglob("*.json")}
    assert not [fault for name in files for fault in faults(folder, name)]
    return {document["model_info"]["additional_details"]["system"]: document for document in files.values()}


def test_the_repositorys_records_hold_to_the_schema(harness, tmp_path):
    """One file per system with every measure, its bounds, interval and direction; the same files again from the same records."""
    words = ("every-eval-ever", "to=out", "organization=Sentence-Transformers", f"results={ROOT / 'results'}")
    done = harness(*words, command="export")
    assert done.returncode == 0, done.stderr
    documents = logs(tmp_path / "out")
    systems = {record.system for record in Archive(ROOT / "results").read()}
    assert set(documents) == systems >= {"minilm", "hybrid-reranked"} and len(done.stdout.split()) == len(systems)
    minilm = documents["minilm"]
    assert minilm["model_info"]["id"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert minilm["source_metadata"]["evaluator_relationship"] == "first_party"
    assert documents["bm25"]["source_metadata"]["evaluator_relationship"] == "third_party"
    read = {(one["evaluation_name"], one["metric_config"]["metric_id"]): one for one in minilm["evaluation_results"]}
    records = [record for record in Archive(ROOT / "results").read() if record.system == "minilm"]
    assert {key: one["score_details"]["score"] for key, one in read.items()} == {
        (record.task, measured.measure): measured.mean for record in records for measured in record.measures
    }
    cost = read["legal", "review-cost@10"]["metric_config"]
    assert cost["lower_is_better"] and cost["metric_unit"] == "EUR" and cost["max_score"] == "Infinity"
    uncertainty = read["legal", "nDCG@10"]["score_details"]["uncertainty"]
    assert uncertainty["num_samples"] == 351 and uncertainty["num_bootstrap_samples"] == 10_000
    assert uncertainty["confidence_interval"]["confidence_level"] == 0.95
    assert uncertainty["confidence_interval"]["lower"] == pytest.approx(0.3130034)
    before = {file: file.read_bytes() for file in (tmp_path / "out").rglob("*.json")}
    assert harness(*words, command="export").returncode == 0
    assert {file: file.read_bytes() for file in (tmp_path / "out").rglob("*.json")} == before


def test_a_public_task_names_its_data_set_and_a_variant_is_a_log_of_its_own(harness, tmp_path):
    """Where the data lie on the hub; an endpoint is managed elsewhere; what nobody said is unknown."""
    kept(
        tmp_path,
        exported.record(),
        exported.record("minilm(dims=64)", mean=0.5, facts=Facts(kind="dense", model=exported.MINILM.model, dims=64)),
        exported.record(
            "api/voyage-3.5", facts=Facts(kind="api", model="voyage-3.5", weights="not known: behind an endpoint")
        ),
    )
    done = harness("every-eval-ever", "to=out", command="export")
    assert done.returncode == 0, done.stderr
    documents = logs(tmp_path / "out")
    assert set(documents) == {"minilm", "minilm(dims=64)", "api/voyage-3.5"}
    (result,) = documents["minilm"]["evaluation_results"]
    assert result["source_data"]["hf_repo"] == "mteb/scifact" and result["source_data"]["samples_number"] == 300
    assert documents["minilm"]["source_metadata"] == {
        "source_name": "embedding-harness", "source_type": "evaluation_run", "source_organization_name": "unknown",
        "evaluator_relationship": "other",
    }  # fmt: skip
    details = documents["api/voyage-3.5"]["model_info"]["additional_details"]
    assert (details["deployment_type"], details["model_availability"]) == ("externally_managed", "unknown")
    assert documents["minilm(dims=64)"]["model_info"]["id"] != documents["minilm"]["model_info"]["id"]


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (Measured("nDCG@10", 0.5, None, None, 1), (0.0, 1.0)),
        (Measured("cosine_spearman", 0.5, None, None, 1, unit="mteb"), (-1.0, 1.0)),
        (Measured("gain", 1.5, None, None, 1), ("-Infinity", "Infinity")),
        (Measured("cost", 0.5, None, None, 1, unit="EUR"), ("-Infinity", "Infinity")),
    ],
)
def test_bounds_hold_the_score(measured, expected):
    """A bound that nobody stated is not made up: its datastore refuses a score beyond it."""
    assert bounds(measured) == expected


def test_the_rules_above_find_a_fault(harness, tmp_path):
    """Each of them, in a file that was right."""
    kept(tmp_path, exported.record())
    assert harness("every-eval-ever", "to=out", command="export").returncode == 0
    (file,) = (tmp_path / "out").rglob("*.json")
    name, whole = str(file.relative_to(tmp_path / "out")), json.loads(file.read_text())

    def broken(change) -> list[str]:
        document = json.loads(json.dumps(whole))
        change(document)
        file.write_text(json.dumps(document))
        return faults(tmp_path / "out", name)

    assert broken(lambda _: None) == []
    assert broken(lambda document: document.pop("eval_library"))
    assert broken(lambda document: document["model_info"]["additional_details"].update(dimension=384))
    assert broken(lambda document: document["evaluation_results"][0]["metric_config"].pop("max_score"))
    assert broken(lambda document: document["evaluation_results"][0]["score_details"].update(score=64.5))
    assert broken(lambda document: document["source_metadata"].update(evaluator_relationship="self"))

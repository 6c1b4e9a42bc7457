"""Folders that stand in for hub data sets, made from the shared files: what `hf download` would leave behind."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_card(folder: Path, configs: dict[str, dict[str, str]]) -> None:
    """README.md whose YAML names the files: config → split → path."""
    listed = [
        {"config_name": name, "data_files": [{"split": split, "path": path} for split, path in files.items()]}
        for name, files in configs.items()
    ]
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump({'configs': listed})}---\n", encoding="utf-8")


def scifact(shared: Path, mirror: Path) -> Path:
    """mirror/mteb/scifact as mteb's SciFact reads it."""
    folder = mirror / "mteb" / "scifact"
    folder.mkdir(parents=True)
    for name in ("corpus.jsonl", "queries.jsonl"):
        keep = ("_id", "title", "text")
        rows = map(json.loads, (shared / "scifact" / name).read_text(encoding="utf-8").splitlines())
        write_jsonl(folder / name, ({key: row[key] for key in keep if key in row} for row in rows))
    with (shared / "scifact" / "qrels" / "test.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    write_jsonl(folder / "qrels" / "test.jsonl", ({**row, "score": int(row["score"])} for row in rows))
    write_card(
        folder,
        {
            "default": {"test": "qrels/test.jsonl"},
            "corpus": {"corpus": "corpus.jsonl"},
            "queries": {"queries": "queries.jsonl"},
        },
    )
    return mirror


def stsbenchmark(shared: Path, mirror: Path) -> Path:
    """mirror/mteb/stsbenchmark-sts as mteb's STSBenchmark reads it."""
    folder = mirror / "mteb" / "stsbenchmark-sts"
    files = {"test": "test.csv", "validation": "dev.csv"}
    for split, name in files.items():
        with (shared / "stsbenchmark" / name).open(encoding="utf-8", newline="") as file:
            rows = [{"sentence1": one, "sentence2": two, "score": float(score)} for one, two, score in csv.reader(file)]
        write_jsonl(folder / f"{split}.jsonl", rows)
    write_card(folder, {"default": {split: f"{split}.jsonl" for split in files}})
    return mirror


def banking77(shared: Path, mirror: Path, path: str = "mteb/banking77") -> Path:
    """mirror/mteb/banking77 as mteb's Banking77Classification reads it."""
    folder = mirror / path
    labels: dict[str, int] = {}
    for split in ("train", "test"):
        with (shared / "banking77" / f"{split}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for name in sorted({row["category"] for row in rows}):
            labels.setdefault(name, len(labels))
        write_jsonl(
            folder / f"{split}.jsonl",
            ({"text": row["text"], "label": labels[row["category"]], "label_text": row["category"]} for row in rows),
        )
    write_card(folder, {"default": {"train": "train.jsonl", "test": "test.jsonl"}})
    return mirror


def model(folder: Path, mirror: Path, name: str) -> Path:
    """mirror/ORG/NAME with a model's files."""
    shutil.copytree(folder, mirror / name)
    return mirror

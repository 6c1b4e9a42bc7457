"""The sources as values: agreements, clauses, questions, and the judgments that the audit added."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SPLITS = ("test", "dev", "train")
STRATA = ("keywords", "jargon", "numbers", "party", "reference", "scenario", "negation", "lay")
Record = dict[str, Any]
Grades = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Sources:
    """Everything that was written by hand.

    Attributes:
        agreements: As in their files, with their file's name as `slug`.
        questions: As in their files, with `family` and `split`.
        unanswerable: Questions that no clause answers, with `why`.
        pooled: question → clause → grade: what the systems found and the authors had not judged.
        second: The rows of the second reading: question, clause, first, second, final.
    """

    agreements: list[Record]
    questions: list[Record]
    unanswerable: list[Record]
    pooled: Grades
    second: list[Record]

    @property
    def clauses(self) -> dict[str, Record]:
        """Clause id → the clause, with the agreement's `slug` and `type`."""
        return {
            clause["id"]: clause | {"slug": agreement["slug"], "type": agreement["type"]}
            for agreement in self.agreements
            for clause in agreement["clauses"]
        }

    @property
    def families(self) -> dict[str, list[str]]:
        """Family → its clauses."""
        twins: dict[str, list[str]] = {}
        for clause in self.clauses.values():
            twins.setdefault(clause["family"], []).append(clause["id"])
        return twins


def read(folder: Path) -> Sources:
    """What lies under sources/ and audit/ of that folder."""
    agreements = [
        {"slug": path.stem, **_yaml(path)} for path in sorted((folder / "sources" / "agreements").glob("*.yaml"))
    ]
    questions = []
    for path in sorted((folder / "sources" / "questions").glob("*.yaml")):
        entry = _yaml(path)
        if entry["family"] != path.stem:
            raise ValueError(f"{path}: holds the questions of {entry['family']}")
        questions += [{**one, "family": entry["family"], "split": entry["split"]} for one in entry["questions"]]
    pooled: Grades = {}
    for row in rows(folder / "audit" / "pooled.tsv"):
        pooled.setdefault(row["question"], {})[row["clause"]] = int(row["grade"])
    second = [
        row | {key: int(row[key]) for key in ("first", "second", "final")}
        for row in rows(folder / "audit" / "second-reading.tsv")
    ]
    return Sources(agreements, questions, _yaml(folder / "sources" / "unanswerable.yaml"), pooled, second)


def rows(path: Path) -> list[Record]:
    """A table with a heading line, tab-separated."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same as SafeLoader and ten times as fast, where PyYAML was built with its C library."""


def _yaml(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), LOADER)

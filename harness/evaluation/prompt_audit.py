"""`audit=prompts`: each model with its prompts, with none, and with them swapped, as three systems of the board."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from harness.config.jobs import Job
from harness.errors import ConfigError
from harness.records.archive import Archive
from harness.records.record import Record

OTHER_ROLE = {"query": "document", "document": "query"}
VARIANTS = ("none", "swapped")


def variants(jobs: Sequence[Job]) -> list[list[Job]]:
    """The jobs of models that have prompts, three times: as configured, without prompts, with them swapped.

    Raises:
        ConfigError: A model has no prompts.
    """
    for job in jobs:
        if not any((job.system.options.get("prompts") or {}).values()):
            raise ConfigError(
                f"audit=prompts: {job.system.label} has no prompts to audit. State them in its YAML, or as "
                "'+model.prompts={query: \"query: \"}'."
            )
    return [list(jobs), *([_changed(job, how) for job in jobs] for how in VARIANTS)]


def swapped(prompts: Mapping[str, Any]) -> dict[str, Any]:
    """Every query's prompt in front of the documents and the other way round: `query`, `Retrieval-query` …"""
    return {_other(key): text for key, text in prompts.items()}


def show_audit(variants: Sequence[Sequence[Record]], archive: Archive) -> None:
    """Print what the audit found, a table for each cell that all three variants have a number in."""
    from harness.report.audit import show

    for three in zip(*variants, strict=True):
        if all(record.status == "ok" for record in three):
            show(three, archive.scores)


def _changed(job: Job, how: str) -> Job:
    prompts = swapped(job.system.options["prompts"]) if how == "swapped" else {}
    label = job.system.label.removesuffix(")")
    name = f"{label}{',' if label != job.system.label else '('}prompts={how})"
    options = {**job.system.options, "prompts": prompts}
    return dataclasses.replace(job, system=dataclasses.replace(job.system, options=options, label=name, longer=()))


def _other(key: str) -> str:
    head, dash, role = key.rpartition("-")
    return f"{head}{dash}{OTHER_ROLE[role]}" if role in OTHER_ROLE else key

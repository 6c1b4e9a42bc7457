"""Any search engine's answers as a system: `model=run model.path=theirs.run`, in TREC's format or ranx's.

An id that is not in the data set and is written as `harness export trec` escapes it stands for the id that it escapes.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from collections.abc import Set as Ids
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import ResultsError, RunError
from harness.facts import Facts, Notes
from harness.hub import local
from harness.records.digest import digest_files
from harness.records.foreign import SIX, read_run_file
from harness.records.runs import unescaped
from harness.registry import system
from harness.types import Candidates, Progress, Purpose, Run, Texts, no_progress

log = logging.getLogger(__name__)


class RunFile:
    """What a file says, whatever corpus and queries it is asked for."""

    depth_independent = True

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ResultsError(
                f"model.path={path} is no file. Give a run in TREC format ({SIX}), or ranx's (JSON, Parquet)."
            )
        self.path = path

    @property
    def facts(self) -> Facts:
        """Its name; of the engine nothing is known."""
        return Facts(kind="run", model=self.path.name)

    @property
    def identity(self) -> str:
        """Digest of the file."""
        return digest_files(self.path.parent, [self.path.name])

    def identity_for(self, purpose: Purpose) -> str:
        """It says the same whatever the task."""
        return ""

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> RunFileIndex:
        """Read the file."""
        return RunFileIndex(self.path, documents)


class RunFileIndex:
    """The file's rankings, of documents that this corpus holds."""

    size = 0

    def __init__(self, path: Path, documents: Texts) -> None:
        self._path, run = path, read_run_file(path)
        self._deepest, self._size = run.depth, len(documents)
        corpus = set(documents.ids)
        doc_ids = [_known(document_ids, corpus) for document_ids in run.doc_ids]
        self._rankings = dict(zip(run.query_ids, zip(doc_ids, run.scores, strict=True), strict=True))
        unknown = [document_id for document_ids in doc_ids for document_id in document_ids if document_id not in corpus]
        if unknown:
            raise RunError(
                f"{path} ranks {len(unknown)} documents that are not in the corpus, such as '{unknown[0]}': it is of another "
                "data set or version."
            )

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """The rankings of these queries; one that the file does not hold is not answered."""
        names = dict(zip(_known(list(self._rankings), set(queries.ids)), self._rankings, strict=True))
        query_ids = [query_id for query_id in queries.ids if query_id in names]
        if not query_ids:
            raise RunError(f"{self._path} answers no query of this data set, such as '{queries.ids[0]}'.")
        ids: list[Sequence[str]] = []
        scores: list[NDArray[np.float32]] = []
        for query_id in query_ids:
            document_ids, values = self._rankings[names[query_id]]
            allowed = set(candidates[query_id]) if candidates is not None else None
            positions = [
                position
                for position, document_id in enumerate(document_ids)
                if not (exclude_self and document_id == query_id) and (allowed is None or document_id in allowed)
            ][:depth]
            ids.append([document_ids[position] for position in positions])
            scores.append(values[positions])
        notes = Notes()
        if self._deepest < min(depth, self._size):
            notes = Notes(other={"ranks_at_most": self._deepest})
            log.warning(
                "%s ranks at most %d documents per query, and %d are asked for: a measure that looks further counts the "
                "rest as missed.", self._path, self._deepest, depth,
            )  # fmt: skip
        return Run(query_ids, ids, scores, depth, notes)


def _known(identifiers: Sequence[str], known: Ids[str]) -> list[str]:
    """The ids, those that are not known unescaped where that gives one that is."""
    return [
        identifier
        if identifier in known or "%" not in identifier or (plain := _plain(identifier)) not in known
        else plain
        for identifier in identifiers
    ]


def _plain(identifier: str) -> str:
    try:
        return unescaped(identifier)
    except ValueError:  # a % that escapes nothing
        return identifier


@system(not_identity=("path",))
def run(path: str) -> RunFile:
    """A run file of any search engine, TREC's format or ranx's: model.path=FILE"""
    return RunFile(local(path))

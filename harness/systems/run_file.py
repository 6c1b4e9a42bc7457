"""Any search engine's answers as a system: a run file in TREC format, `model=run model.path=theirs.run`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import ResultsError, RunError
from harness.facts import Facts
from harness.hub import local
from harness.records.digest import digest_files
from harness.records.trec import read_trec
from harness.registry import system
from harness.types import Candidates, Progress, Purpose, Run, Texts, no_progress


class RunFile:
    """What a file says, whatever corpus and queries it is asked for."""

    depth_independent = True

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ResultsError(f"model.path={path} is no file. Give a run in TREC format: qid Q0 docid rank score tag.")
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
        self._path, run = path, read_trec(path)
        self._rankings = dict(zip(run.query_ids, zip(run.doc_ids, run.scores, strict=True), strict=True))
        corpus = set(documents.ids)
        unknown = sum(document_id not in corpus for document_ids in run.doc_ids for document_id in document_ids)
        if unknown:
            raise RunError(
                f"{path} ranks {unknown} documents that are not in the corpus: it is of another data set or version."
            )

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """The rankings of these queries; one that the file does not hold is not answered."""
        query_ids = [query_id for query_id in queries.ids if query_id in self._rankings]
        if not query_ids:
            raise RunError(f"{self._path} answers no query of this data set, such as '{queries.ids[0]}'.")
        ids: list[Sequence[str]] = []
        scores: list[NDArray[np.float32]] = []
        for query_id in query_ids:
            document_ids, values = self._rankings[query_id]
            allowed = set(candidates[query_id]) if candidates is not None else None
            positions = [
                position
                for position, document_id in enumerate(document_ids)
                if not (exclude_self and document_id == query_id) and (allowed is None or document_id in allowed)
            ][:depth]
            ids.append([document_ids[position] for position in positions])
            scores.append(values[positions])
        return Run(query_ids, ids, scores, depth)


@system(not_identity=("path",))
def run(path: str) -> RunFile:
    """A run file of any search engine, in TREC format: model.path=FILE"""
    return RunFile(local(path))

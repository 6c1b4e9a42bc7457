"""Folders in BEIR layout: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv; and beir's own download by name.

Format: https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset. A title is joined to its text by one space,
which is what both beir and mteb give the model. Further keys under `metadata` become properties for slices.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.data.build import dataset
from harness.data.lines import HELD, TextsOnDisk, located
from harness.errors import DataError, Unreachable, nearest
from harness.hub import Hub
from harness.types import Dataset, Texts

URL = "https://public.ukp.informatik.tu-darmstadt.de/thakur/BEIR/datasets/{name}.zip"


NOTHING: Mapping[str, Any] = {}


def read_folder(folder: Path, split: str, name: str, *, strict: bool = True) -> Dataset:
    """One split of a folder in BEIR layout; `DataError` names file and line of what is malformed or missing."""
    corpus, queries = folder / "corpus.jsonl", folder / "queries.jsonl"
    for path in (folder, corpus, queries, folder / "qrels"):
        if not path.exists():
            raise DataError(
                f"{path} does not exist. A folder in BEIR layout holds corpus.jsonl, queries.jsonl and qrels/{split}.tsv."
            )
    judgments = folder / "qrels" / f"{split}.tsv"
    if not judgments.exists():
        splits = sorted(path.stem for path in judgments.parent.glob("*.tsv"))
        near = nearest(split, splits) or splits
        raise DataError(
            f"{judgments} does not exist. Splits here: {', '.join(splits)}. Try task.split={near[0] if near else 'test'}."
        )
    return dataset(
        name=name,
        split=split,
        documents=_texts(corpus),
        queries=_texts(queries),
        qrels=_qrels(judgments),
        strict=strict,
        otherwise="or count and keep them with task.strict=false",
    )


def download(name: str, hub: Hub) -> Path:
    """The folder of one of BEIR's public sets, from the mirror or through beir's own download.

    `cqadupstack/android` is a folder within the set `cqadupstack`.
    """
    name, _, part = name.partition("/")
    return _whole(name, hub) / part


def _whole(name: str, hub: Hub) -> Path:
    folder = hub.dataset(f"BeIR/{name}", f"beir/{name}", name)
    if folder is not None:
        return folder
    from beir import util

    target = hub.cache / "beir"
    if (target / name).is_dir():
        return target / name
    if hub.offline:
        raise Unreachable(hub.advice(f"the BEIR data set '{name}'", "task=beir task.path=DIR"))
    # beir trusts whatever archive or folder it finds, finished or not: it works aside, and what is whole is moved here
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=f".{name}.") as aside:
        try:
            whole = Path(util.download_and_unzip(URL.format(name=name), aside))
        except Exception as error:
            what = f"the BEIR data set '{name}' ({type(error).__name__})"
            raise Unreachable(hub.advice(what, "task=beir task.path=DIR")) from error
        return whole.replace(target / name)


def _texts(path: Path) -> Texts:
    held = path.stat().st_size <= HELD
    ids: list[str] = []
    texts: list[str] = []
    starts: list[int] = []
    metadata: list[Mapping[str, Any]] = []
    first: dict[str, int] = {}
    for number, start, row in located(path):
        identifier = row.get("_id", row.get("id"))
        if identifier is None or not isinstance(row.get("text"), str):
            lacking = "_id" if identifier is None else "text"
            raise DataError(f"{path}:{number}: '{lacking}' is missing or not text. Keys here: {', '.join(row)}.")
        identifier = str(identifier)
        if identifier in first:
            raise DataError(f"{path}:{number}: the id '{identifier}' stands in line {first[identifier]} already.")
        first[identifier] = number
        ids.append(identifier)
        starts.append(start)
        if held:
            texts.append(_joined(row))
        extra = row.get("metadata")
        metadata.append(extra if isinstance(extra, Mapping) else NOTHING)
    return Texts(
        ids, texts if held else TextsOnDisk(path, np.array(starts, dtype=np.int64), _joined), _columns(metadata)
    )


def _joined(row: Mapping[str, Any]) -> str:
    return f"{row.get('title') or ''} {row['text']}".strip()


def _columns(metadata: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The keys whose values are plain, as columns; absent values are empty strings."""
    plain = dict.fromkeys(
        key for row in metadata for key, value in row.items() if isinstance(value, (str, int, float, bool))
    )
    return {key: [str(row.get(key, "")) for row in metadata] for key in plain}


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip() or (number == 1 and line.startswith("query-id")):
                continue
            fields = line.rstrip("\r\n").split("\t")
            if len(fields) != 3:
                raise DataError(
                    f"{path}:{number}: {len(fields)} fields, expected 3: query-id, corpus-id, score, separated by tabs."
                )
            query_id, document_id, text = fields
            try:
                grade = int(text)
            except ValueError:
                raise DataError(f"{path}:{number}: the score '{text}' is not an integer.") from None
            known = qrels.setdefault(query_id, {})
            if known.get(document_id, grade) != grade:
                raise DataError(
                    f"{path}:{number}: '{document_id}' is judged {grade} for '{query_id}', and {known[document_id]} above."
                )
            known[document_id] = grade
    return qrels

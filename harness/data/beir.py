"""Folders in BEIR layout: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv; and beir's own download by name.

Corpus and queries may be packed (corpus.jsonl.gz) or in several files (corpus/*.jsonl); for judgments see `qrels.py`.
Format: https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset. A title is joined to its text by one space,
which is what both beir and mteb give the model. Further keys under `metadata` become properties for slices.
"""

from __future__ import annotations

import io
import itertools
import tempfile
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.data.build import dataset
from harness.data.lines import HELD, TextsOnDisk, located, seekable
from harness.data.qrels import qrels_files, read_qrels
from harness.errors import DataError, Unreachable, nearest
from harness.hub import Hub
from harness.records.packed import MARK, PACKED, plain_name
from harness.types import Dataset, Texts

URL = "https://public.ukp.informatik.tu-darmstadt.de/thakur/BEIR/datasets/{name}.zip"
MEASURES = ("nDCG@10", "MAP@10", "MRR@10", "recall@10", "recall@100", "precision@10", "success@5", "unjudged@10")
"""What its sets are measured by, the first above all."""
SELF_MATCHES = frozenset({"arguana", "quora", "cqadupstack"})
"""Sets whose queries stand in the corpus under their own id."""
LAYOUT = "A folder in BEIR layout holds corpus.jsonl, queries.jsonl and qrels/{split}.tsv."
NOTHING: Mapping[str, Any] = {}


def read_folder(folder: Path, split: str, name: str, *, strict: bool = True) -> Dataset:
    """One split of a folder in BEIR layout; `DataError` names file and line of what is malformed or missing."""
    if not folder.is_dir():
        raise DataError(f"{folder} does not exist. {LAYOUT.format(split=split)}")
    corpus, queries = (_files(folder, stem, split) for stem in ("corpus", "queries"))
    if not (folder / "qrels").is_dir():
        raise DataError(f"{folder / 'qrels'} does not exist. {LAYOUT.format(split=split)}")
    splits = qrels_files(folder / "qrels")
    if split not in splits:
        near = nearest(split, splits) or list(splits)
        raise DataError(
            f"{folder / 'qrels' / split}.tsv does not exist. Splits here: {', '.join(splits)}. "
            f"Try task.split={near[0] if near else 'test'}."
        )
    return dataset(
        name=name,
        split=split,
        documents=_texts(corpus),
        queries=_texts(queries),
        qrels=read_qrels(_only(splits[split])),
        strict=strict,
        otherwise="or count and keep them with task.strict=false",
    )


def _files(folder: Path, stem: str, split: str) -> list[Path]:
    """corpus.jsonl, corpus.jsonl.gz, or every corpus/*.jsonl and corpus/*.jsonl.gz; likewise the queries."""
    single = [path for path in (folder / f"{stem}.jsonl{ending}" for ending in ("", *PACKED)) if path.is_file()]
    parts = [path for path in sorted((folder / stem).glob("*")) if plain_name(path).suffix.lower() == ".jsonl"]
    if parts and not single:
        for path, other in itertools.pairwise(sorted(parts, key=plain_name)):
            if plain_name(path) == plain_name(other):
                _only([path, other])
        return parts
    if not single:
        raise DataError(
            f"{folder / stem}.jsonl does not exist, nor {stem}.jsonl.gz or {stem}/*.jsonl. {LAYOUT.format(split=split)}"
        )
    return [_only([*single, *parts[:1]])]


def _only(files: list[Path]) -> Path:
    """The one file of a kind; which of two is meant is not guessed."""
    if len(files) > 1:
        raise DataError(f"{files[0]} and {files[1]} stand for the same. Which is meant? Move the other one away.")
    return files[0]


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


def _texts(paths: Sequence[Path]) -> Texts:
    files = [(path, seekable(path)) for path in paths]
    held = sum(file.seek(0, io.SEEK_END) for _, file in files) <= HELD
    ids: list[str] = []
    texts: list[str] = []
    starts: list[array[int]] = []
    metadata: list[Mapping[str, Any]] = []
    first: dict[str, str] = {}
    for path, file in files:
        file.seek(0)
        starts.append(array("q"))
        for number, start, row in located(path, file):
            identifier = _id(path, number, row)
            if identifier in first:
                raise DataError(f"{path}:{number}: the id '{identifier}' stands in {first[identifier]} already.")
            first[identifier] = f"line {number}" if len(files) == 1 else f"{path.name}:{number}"
            ids.append(identifier)
            starts[-1].append(start)
            if held:
                texts.append(_joined(row))
            extra = row.get("metadata")
            metadata.append(extra if isinstance(extra, Mapping) else NOTHING)
    places = [np.array(part, dtype=np.int64) for part in starts]
    on_disk = [(path, file, part) for (path, file), part in zip(files, places, strict=True)]
    whole = Texts(ids, texts if held else TextsOnDisk(on_disk, _joined), _columns(metadata))
    for _, file in files:
        file.close()
    return whole


def _id(path: Path, number: int, row: Mapping[str, Any]) -> str:
    identifier = row.get("_id", row.get("id"))
    if identifier is None or not isinstance(row.get("text"), str):
        lacking = "_id" if identifier is None else "text"
        raise DataError(f"{path}:{number}: '{lacking}' is missing or not text. Keys here: {', '.join(row)}.")
    if not isinstance(identifier, str | int | float) or isinstance(identifier, bool):
        raise DataError(f"{path}:{number}: '_id' is {type(identifier).__name__}, neither text nor a number.")
    return str(identifier).removeprefix(MARK)


def _joined(row: Mapping[str, Any]) -> str:
    return f"{row.get('title') or ''} {row['text']}".strip()


def _columns(metadata: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The keys whose values are plain, as columns; absent values are empty strings."""
    plain = dict.fromkeys(
        key for row in metadata for key, value in row.items() if isinstance(value, (str, int, float, bool))
    )
    return {key: [str(row.get(key, "")) for row in metadata] for key in plain}

"""A dense system: a model, the engine and exact search, composed.

`location.py` says how one is asked for.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.encode.engine import Encoded, encode, truncation
from harness.encode.store import Shelf, Stored
from harness.errors import ModelError, NotApplicable
from harness.models.files import locate, weights_digest
from harness.models.loading import best_device
from harness.models.prompts import prompt
from harness.models.runtimes.choice import accelerated, candidate, instructions, version
from harness.models.spec import ModelSpec
from harness.records.atomic import write_text
from harness.records.digest import digest
from harness.search.exact import MEMORY, search
from harness.search.variant import FULL, Variant
from harness.sources import source
from harness.types import Dataset, Progress, Role, Run, Task, Vectors, no_progress

if TYPE_CHECKING:
    from harness.models.transformer import Transformer


class Dense:
    """A model that is loaded when it is first asked for vectors."""

    def __init__(
        self, name: str, spec: ModelSpec, device: str = "auto", *, variant: Variant = FULL, memory: int = MEMORY
    ) -> None:
        self.name = name
        self.spec = spec
        self.variant = variant
        self._device, self._memory = device, memory
        self._seen: dict[str, Any] = {}
        self._shelves: dict[str, Stored] = {}

    @functools.cached_property
    def folder(self) -> Path:
        """Where the model's files are."""
        return locate(self.spec, source())

    @functools.cached_property
    def weights(self) -> str:
        """Digest of the model's files."""
        return weights_digest(self.spec, self.folder)

    @property
    def runtime(self) -> str:
        """What runs the forward pass; for `auto`, what was found to be exact when the model was first loaded."""
        wanted = candidate(self.spec, self._device)
        return wanted if self.spec.runtime != "auto" or wanted == "torch" else str(self.known["runtime"])

    @functools.cached_property
    def identity(self) -> str:
        """Digest of files and usage; needs no torch once the model was loaded on this machine."""
        rounded = source().vectors == "float16"
        kept = {**dataclasses.asdict(self.variant), "rounded": rounded}
        return digest(["dense", self.weights, {**self.spec.usage(), "runtime": self.runtime}, kept])

    @functools.cached_property
    def model(self) -> Transformer:
        """The loaded model; its dimension is held against the stated one."""
        from harness.models.transformer import Transformer

        _ = self.weights  # refuse other files than the named before they are loaded
        model = Transformer(self.spec, self.folder, self._device, self._notes.with_suffix(""))
        stated = self.spec.dimension
        if stated is not None and stated != model.dimension:
            raise ModelError(
                f"{self.name}: the model's vectors have {model.dimension} numbers, model.dimension says {stated}. "
                "Mend the YAML, or look whether this is the model that was meant."
            )
        known = {
            "model": self.spec.title,
            "weights": self.weights,
            "runtime": model.runtime,
            "parity": round(model.parity, 7),
            "executes": model.executes,
            "similarity": model.similarity,
            "dimension": model.dimension,
            "parameters": model.parameters,
            "max_length": model.max_length,
            "device": model.device,
        }
        write_text(self._notes, json.dumps(known, indent=2) + "\n")
        return model

    @functools.cached_property
    def known(self) -> Mapping[str, Any]:
        """What only the loaded model can tell, noted when it was loaded last: a warm evaluation does not load it."""
        if "model" not in self.__dict__ and self._notes.exists():
            return dict(json.loads(self._notes.read_text(encoding="utf-8")))
        _ = self.model
        return dict(json.loads(self._notes.read_text(encoding="utf-8")))

    @property
    def facts(self) -> Mapping[str, Any]:
        """What made the vectors; what only the loaded model can tell, once it has been loaded."""
        spec = self.spec
        usage = {key: value for key, value in spec.usage().items() if key != "layout"}
        facts: dict[str, Any] = {
            "kind": "static" if spec.layout == "static" else "dense",
            "model": spec.title,
            "revision": spec.revision,
            "weights": self.weights,
            "licence": spec.licence,
            **usage,
            "dimension": spec.dimension,
            "parameters": spec.parameters,
        }
        facts |= self.known if self._notes.exists() else {}
        facts |= dataclasses.asdict(self.variant)
        if facts["dimension"]:
            facts["bytes"] = self.variant.bytes_per_document(facts["dimension"])
            facts["dimension"] = self.variant.dims or facts["dimension"]
        return facts

    @property
    def encoder(self) -> Dense:
        """Itself: a dense system is its own encoder."""
        return self

    @property
    def similarity(self) -> str:
        """`cosine`, `dot` or `euclidean`."""
        return str(self.known["similarity"])

    def encode(
        self, texts: Sequence[str], role: Role, *, task: str = "", kind: str = "", progress: Progress = no_progress
    ) -> Vectors:
        """Vectors of `texts` under the prompt of role and task, shape (len(texts), dimension).

        Raises:
            NotApplicable: A precision that only an index has.
        """
        if not self.variant.exact:
            raise NotApplicable(f"precision={self.variant.precision} is of an index, and this task searches none.")
        done, used = self._encode(texts, role, task, kind, None, progress)
        if len(texts):
            self._seen.setdefault("first", {}).setdefault(role or "text", used + texts[0])
            self._seen.setdefault("prompts", {}).setdefault(role or "text", used)
            self._seen.setdefault("truncation", {}).setdefault(role or "text", []).append(done.facts)
        self.variant.check(done.dimension)
        return np.ascontiguousarray(done.read()[:, : self.variant.dims])

    def seen(self) -> Mapping[str, Any]:
        """First texts, prompts and truncation by role, since it was last asked."""
        seen, self._seen = self._seen, {}
        cut = {role: truncation(parts) for role, parts in seen.pop("truncation", {}).items()}
        return {**seen, "truncation": cut} if seen else {}

    def search(self, task: Task, progress: Progress = no_progress) -> Run:
        """Encode queries and documents, rank exactly; the notes say what the tokenizer was given and what it cut."""
        data = task.dataset
        total = len(data.queries) + len(data.documents)
        notes: dict[str, Any] = {"first": {}, "prompts": {}, "truncation": {}, "norms": {}, "fresh": {}}
        seconds: dict[str, float] = {}
        made: dict[str, Encoded] = {}
        before = 0
        roles: tuple[tuple[Role, Any], ...] = (("query", data.queries), ("document", data.documents))
        for role, texts in roles:
            told = functools.partial(_shifted, progress, before, total)
            encoded, used = self._encode(texts.texts, role, task.name, task.kind, texts.ids, told)
            seconds[f"encode_{role}"] = float(encoded.facts["seconds"].sum())  # when it was encoded, now or before
            notes["fresh"][role] = encoded.fresh
            before += len(texts)
            made[role] = encoded
            notes["prompts"][role] = used
            notes["first"][role] = used + texts.texts[0]
            notes["truncation"][role] = truncation([encoded.facts])
            notes["norms"][role] = encoded.norms()
        notes["cut"] = _questions_of(data, made["document"].facts["cut"] > 0)
        start = time.perf_counter()
        ids, scores = search(
            made["query"].read(),
            made["document"],
            data.queries.ids,
            data.documents.ids,
            similarity=self.similarity,
            depth=task.depth,
            exclude_self=task.exclude_self,
            candidates=data.candidates,
            variant=self.variant,
            memory=self._memory,
            device=best_device(self._device) if accelerated(self._device) else "cpu",
        )
        seconds["search"] = time.perf_counter() - start
        progress(total, total)
        return Run(list(data.queries.ids), ids, scores, task.depth, {**notes, "seconds": seconds})

    def fill(self, task: Task, part: int, parts: int, progress: Progress = no_progress) -> int:
        """Encode one of so many parts of the task's documents, and with the first its queries, into the store.

        Returns:
            How many texts were not there yet.
        """
        data = task.dataset
        start, stop = (len(data.documents) * one // parts for one in (part - 1, part))
        ids, texts = data.documents.ids[start:stop], data.documents.texts[start:stop]
        fresh = self._encode(texts, "document", task.name, task.kind, ids, progress)[0].fresh
        if part == 1:
            queries = data.queries
            fresh += self._encode(queries.texts, "query", task.name, task.kind, queries.ids, no_progress)[0].fresh
        return fresh

    def _encode(
        self, texts: Sequence[str], role: Role, task: str, kind: str, names: Sequence[str] | None, progress: Progress
    ) -> tuple[Encoded, str]:
        used = prompt(self.spec.prompts, role, task, kind)
        done = encode(lambda: self.model, texts, self._shelf(used), prompt=used, names=names, progress=progress)
        return done, used

    def _shelf(self, used: str) -> Shelf:
        """Where vectors under that prompt are kept; everything that made them is its key."""
        where = source()
        if where.vectors == "none":
            return Shelf()
        if used not in self._shelves:
            making = {**self.spec.making(), "runtime": self.runtime, "weights": self.weights, "prompt": used}
            self._shelves[used] = Stored(where.cache / "vectors", making, where.vectors)
        self._shelves[used].refresh()
        return self._shelves[used]

    @property
    def _notes(self) -> Path:
        """File of what the loaded model told; a folder of that name keeps its converted copies."""
        made = {
            **self.spec.making(),
            "similarity": self.spec.similarity,
            "weights": self.weights,
            "device": self._device,
        }
        if self.spec.dtype != "float32":
            made["instructions"] = instructions()  # on another processor, another runtime may be what runs it
        wanted = candidate(self.spec, self._device)
        return source().cache / "models" / f"{digest({**made, 'runtime': [wanted, version(wanted)]})}.json"


def _questions_of(data: Dataset, cut: NDArray[np.bool_]) -> list[str]:
    """The queries of which a relevant document is among those that were cut, shape (documents,)."""
    if not cut.any():
        return []
    short = {data.documents.ids[int(place)] for place in np.flatnonzero(cut)}
    return [
        one for one in data.queries.ids if any(data.qrels[one][name] > 0 for name in short & data.qrels[one].keys())
    ]


def _shifted(progress: Progress, before: int, total: int, done: int, _: int, tokens: int = 0) -> None:
    """Tell the progress of one role as a part of both."""
    progress(before + done, total, tokens)

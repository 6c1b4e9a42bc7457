"""A dense system: a model, the engine and exact search, composed.

A YAML of `conf/model/` extends `hub`, `path` or `package`: one function, told where the model's files are.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from harness.encode.engine import Encoded, encode, truncation
from harness.errors import ModelError
from harness.models.files import locate, weights_digest
from harness.models.prompts import prompt
from harness.models.spec import ModelSpec
from harness.records.digest import digest
from harness.registry import system
from harness.search.exact import search
from harness.sources import source
from harness.types import Progress, Role, Run, Task, Vectors, no_progress


class Dense:
    """A model that is loaded when it is first asked for vectors."""

    def __init__(self, name: str, spec: ModelSpec, device: str = "auto") -> None:
        self.name = name
        self.spec = spec
        self._device = device
        self._seen: dict[str, Any] = {}

    @functools.cached_property
    def folder(self) -> Path:
        """Where the model's files are."""
        return locate(self.spec, source())

    @functools.cached_property
    def weights(self) -> str:
        """Digest of the model's files."""
        return weights_digest(self.spec, self.folder)

    @functools.cached_property
    def identity(self) -> str:
        """Digest of files and usage; needs no torch."""
        return digest(["dense", self.weights, self.spec.usage()])

    @functools.cached_property
    def model(self) -> Any:
        """The loaded model; its dimension is held against the stated one."""
        from harness.models.transformer import Transformer

        _ = self.weights  # refuse other files than the named before they are loaded
        model = Transformer(self.spec, self.folder, self._device)
        stated = self.spec.dimension
        if stated is not None and stated != model.dimension:
            raise ModelError(
                f"{self.name}: the model's vectors have {model.dimension} numbers, model.dimension says {stated}. "
                "Mend the YAML, or look whether this is the model that was meant."
            )
        return model

    @property
    def facts(self) -> Mapping[str, Any]:
        """What made the vectors; the loaded model's part only once it is loaded."""
        spec = self.spec
        facts: dict[str, Any] = {
            "kind": "static" if spec.layout == "static" else "dense",
            "model": spec.name or spec.package or Path(spec.path).name,
            "revision": spec.revision,
            "weights": self.weights,
            "licence": spec.licence,
            **{key: value for key, value in spec.usage().items() if key != "layout"},
            "dimension": spec.dimension,
            "parameters": spec.parameters,
        }
        if "model" in self.__dict__:
            model = self.model
            facts |= {
                "similarity": model.similarity,
                "dimension": model.dimension,
                "parameters": model.parameters,
                "max_length": model.max_length,
                "device": model.device,
                "parity": round(model.parity, 7),
            }
        return facts

    @property
    def encoder(self) -> Dense:
        """Itself: a dense system is its own encoder."""
        return self

    @property
    def similarity(self) -> str:
        """`cosine`, `dot` or `euclidean`."""
        return str(self.model.similarity)

    def encode(
        self, texts: Sequence[str], role: Role, *, task: str = "", kind: str = "", progress: Progress = no_progress
    ) -> Vectors:
        """Vectors of `texts` under the prompt of role and task, shape (len(texts), dimension)."""
        done, used = self._encode(texts, role, task, kind, None, progress)
        if len(texts):
            self._seen.setdefault("first", {}).setdefault(role or "text", used + texts[0])
            self._seen.setdefault("prompts", {}).setdefault(role or "text", used)
            lengths = dataclasses.replace(done, vectors=done.vectors[:0].copy())  # the vectors themselves are not kept
            self._seen.setdefault("truncation", {}).setdefault(role or "text", []).append(lengths)
        return done.vectors

    def seen(self) -> Mapping[str, Any]:
        """First texts, prompts and truncation by role, since it was last asked."""
        seen, self._seen = self._seen, {}
        cut = {role: truncation(batches) for role, batches in seen.pop("truncation", {}).items()}
        return {**seen, "truncation": cut} if seen else {}

    def search(self, task: Task, progress: Progress = no_progress) -> Run:
        """Encode queries and documents, rank exactly; the notes say what the tokenizer was given and what it cut."""
        _ = self.model
        data = task.dataset
        total = len(data.queries) + len(data.documents)
        notes: dict[str, Any] = {"first": {}, "prompts": {}, "truncation": {}, "norms": {}}
        seconds: dict[str, float] = {}
        made: dict[str, Encoded] = {}
        before = 0
        roles: tuple[tuple[Role, Any], ...] = (("query", data.queries), ("document", data.documents))
        for role, texts in roles:
            start = time.perf_counter()
            told = functools.partial(_shifted, progress, before, total)
            encoded, used = self._encode(texts.texts, role, task.name, task.kind, texts.ids, told)
            seconds[f"encode_{role}"] = time.perf_counter() - start
            before += len(texts)
            made[role] = encoded
            notes["prompts"][role] = used
            notes["first"][role] = used + texts.texts[0]
            notes["truncation"][role] = truncation([encoded])
            notes["norms"][role] = encoded.norms()
        start = time.perf_counter()
        ids, scores = search(
            made["query"].vectors,
            made["document"].vectors,
            data.queries.ids,
            data.documents.ids,
            similarity=self.similarity,
            depth=task.depth,
            exclude_self=task.exclude_self,
            candidates=data.candidates,
        )
        seconds["search"] = time.perf_counter() - start
        progress(total, total)
        return Run(list(data.queries.ids), ids, scores, task.depth, {**notes, "seconds": seconds})

    def _encode(
        self, texts: Sequence[str], role: Role, task: str, kind: str, names: Sequence[str] | None, progress: Progress
    ) -> tuple[Encoded, str]:
        used = prompt(self.spec.prompts, role, task, kind)
        done = encode(self.model, texts, dimension=self.model.dimension, prompt=used, names=names, progress=progress)
        return done, used


def _shifted(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    """Tell the progress of one role as a part of both."""
    progress(before + done, total)


@system(name="hub", required=("name",), about="Any sentence-transformers model of the hub: model.name=ORG/NAME")
@system(name="path", required=("path",), about="Any local model folder: model.path=DIR")
@system(name="package", required=("package",), about="A model that an installed package carries: model.package=NAME")
def dense(
    *,
    label: str,
    device: str = "auto",
    name: str = "",
    revision: str = "",
    path: str = "",
    package: str = "",
    folder: str = "",
    layout: Literal["sentence-transformers", "static"] = "sentence-transformers",
    weights: str = "",
    tokenizer: str = "",
    digest: str = "",
    prompts: dict[str, str] = {},  # noqa: B006 - read as a default, never changed
    similarity: Literal["cosine", "dot", "euclidean"] | None = None,
    normalize: bool | None = None,
    max_length: int | None = None,
    dtype: Literal["float32", "bfloat16", "float16"] = "float32",
    dimension: int | None = None,
    parameters: int | None = None,
    licence: str = "",
    trust_remote_code: bool = False,
) -> Dense:
    """A sentence-transformers model or a static embedding: by hub name, local folder or installed package."""
    if sum(map(bool, (name if not path and not package else "", path, package))) != 1:
        raise ModelError(
            "Say where the model's files are by one of model.name=ORG/NAME, model.path=DIR, model.package=NAME."
        )
    spec = ModelSpec(
        name=name, revision=revision, path=path, package=package, folder=folder, layout=layout, weights=weights,
        tokenizer=tokenizer, digest=digest, prompts=prompts, similarity=similarity, normalize=normalize,
        max_length=max_length, dtype=dtype, dimension=dimension, parameters=parameters, licence=licence,
        trust_remote_code=trust_remote_code,
    )  # fmt: skip
    return Dense(label, spec, device)

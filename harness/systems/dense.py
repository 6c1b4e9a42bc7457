"""A dense system: a model, the engine and exact search, composed.

`location.py` says how it is written on the command line.
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

from harness.context import Context
from harness.encode.engine import Encoded, encode, truncation
from harness.encode.store import StoredVectors, VectorCache
from harness.errors import ModelError, NotApplicable
from harness.facts import Facts, Notes
from harness.models.files import locate, weights_digest
from harness.models.loading import best_device
from harness.models.prompts import prompt
from harness.models.runtimes.choice import accelerated, candidate, instructions, version
from harness.models.spec import ModelSpec
from harness.records.atomic import expect_writable, write_text
from harness.records.digest import digest
from harness.search.compression import FULL, Variant
from harness.search.vector_index import VectorIndex
from harness.types import Candidates, Progress, Purpose, Role, Run, Texts, Vectors, no_progress

if TYPE_CHECKING:
    from harness.models.transformer import Transformer

LIBRARIES = ("torch", "sentence-transformers", "transformers", "tokenizers")
OF_RUNTIME = {"openvino": ("openvino",), "onnx": ("onnxruntime",)}
NO_PURPOSE = Purpose()


class Dense:
    """A model that is loaded when it is first asked for vectors."""

    def __init__(self, name: str, spec: ModelSpec, context: Context, *, variant: Variant = FULL) -> None:
        self.name, self.spec, self.variant, self.context = name, spec, variant, context
        self._parts: dict[str, list[Any]] = {}
        self._first: dict[str, str] = {}
        self._prompts: dict[str, str] = {}
        self._caches: dict[str, StoredVectors] = {}

    @property
    def depth_independent(self) -> bool:
        """Not where the candidates for rescoring grow with the depth."""
        return not self.variant.rescore

    @functools.cached_property
    def folder(self) -> Path:
        """Where the model's files are."""
        return locate(self.spec, self.context.hub)

    @functools.cached_property
    def weights(self) -> str:
        """Digest of the model's files."""
        return weights_digest(self.spec, self.folder)

    @property
    def runtime(self) -> str:
        """What runs the forward pass; for `auto`, what was found to be exact when the model was first loaded."""
        runtime = candidate(self.spec, self.context.device)
        return runtime if self.spec.runtime != "auto" or runtime == "torch" else str(self.loaded_facts["runtime"])

    @functools.cached_property
    def identity(self) -> str:
        """Digest of files and usage; needs no torch once the model was loaded on this machine."""
        stored = {**dataclasses.asdict(self.variant), "rounded": self.context.vectors == "float16"}
        return digest(["dense", self.weights, {**self.spec.usage(), "runtime": self.runtime}, stored])

    def identity_for(self, purpose: Purpose) -> str:
        """The prompts that are used for a task of this name and kind."""
        return digest([self._prompt("query", purpose), self._prompt("document", purpose), self._prompt("", purpose)])

    @functools.cached_property
    def model(self) -> Transformer:
        """The loaded model; its dimension is held against the stated one."""
        from harness.models.transformer import Transformer

        _ = self.weights  # refuse other files than the named before they are loaded
        expect_writable(self.context.hub.cache, "data.cache=DIR")
        model = Transformer(self.spec, self.folder, self.context.device, self._notes.with_suffix(""))
        stated = self.spec.dimension
        if stated is not None and stated != model.dimension:
            raise ModelError(
                f"{self.name}: the model's vectors have {model.dimension} numbers, model.dimension says {stated}. "
                "Mend the YAML, or look whether this is the model that was meant."
            )
        facts = {
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
        write_text(self._notes, json.dumps(facts, indent=2) + "\n", "data.cache=DIR")
        return model

    @functools.cached_property
    def loaded_facts(self) -> Mapping[str, Any]:
        """What only the loaded model can tell, noted when it was loaded last: a warm evaluation does not load it."""
        if "model" not in self.__dict__ and self._notes.exists():
            return dict(json.loads(self._notes.read_text(encoding="utf-8")))
        _ = self.model
        return dict(json.loads(self._notes.read_text(encoding="utf-8")))

    @property
    def facts(self) -> Facts:
        """What made the vectors; what only the loaded model can tell, once it has been loaded."""
        spec, variant = self.spec, self.variant
        loaded = self.loaded_facts if self._notes.exists() else {}
        dimension = loaded.get("dimension", spec.dimension)
        runtime = str(loaded.get("runtime", spec.runtime))
        return Facts(
            kind="static" if spec.layout == "static" else "dense",
            model=spec.title,
            revision=spec.revision,
            weights=self.weights,
            licence=spec.licence,
            dimension=variant.dims or dimension,
            parameters=loaded.get("parameters", spec.parameters),
            bytes=variant.bytes_per_document(dimension) if dimension else None,
            max_length=loaded.get("max_length", spec.max_length),
            prompts=dict(sorted(spec.prompts.items())),
            similarity=str(loaded.get("similarity", spec.similarity or "")),
            normalize=spec.normalize,
            dtype=spec.dtype,
            runtime=runtime,
            device=str(loaded.get("device", "")),
            parity=loaded.get("parity"),
            executes=str(loaded.get("executes", "")),
            dims=variant.dims,
            precision=variant.precision,
            rescore=variant.rescore,
            libraries=(*LIBRARIES, *OF_RUNTIME.get(runtime, ()), *(() if variant.full_precision else ("faiss-cpu",))),
        )

    @property
    def encoder(self) -> Dense:
        """Itself: a dense system is its own encoder."""
        return self

    @property
    def similarity(self) -> str:
        """`cosine`, `dot` or `euclidean`."""
        return str(self.loaded_facts["similarity"])

    def encode(
        self, texts: Sequence[str], role: Role, purpose: Purpose = NO_PURPOSE, *, progress: Progress = no_progress
    ) -> Vectors:
        """Vectors of `texts` under the prompt of role and task, shape (len(texts), dimension).

        Raises:
            NotApplicable: A precision that only an index has.
        """
        if not self.variant.full_precision:
            raise NotApplicable(f"precision={self.variant.precision} is of an index, and this task searches none.")
        encoded, prompt_text = self.encoded(texts, role, purpose, None, progress)
        if len(texts):
            self._first.setdefault(role or "text", prompt_text + texts[0])
            self._prompts.setdefault(role or "text", prompt_text)
            self._parts.setdefault(role or "text", []).append(encoded.facts)
        self.variant.check(encoded.dimension)
        return np.ascontiguousarray(encoded.read()[:, : self.variant.dims])

    def encoding_stats(self) -> Notes:
        """First texts, prompts and truncation by role, since it was last asked."""
        cut = {role: truncation(parts) for role, parts in self._parts.items()}
        notes = Notes(first=self._first, prompts=self._prompts, truncation=cut)
        self._first, self._prompts, self._parts = {}, {}, {}
        return notes

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> DenseIndex:
        """Encode the corpus; pack it where a lower precision is searched."""
        return DenseIndex(self, documents, purpose, progress)

    def encode_part(
        self, documents: Texts, queries: Texts, purpose: Purpose, part: int, parts: int, progress: Progress
    ) -> int:
        """Encode one of so many parts of the documents, and with the first the queries, into the store.

        Returns:
            How many texts were not there yet.
        """
        start, stop = (len(documents) * number // parts for number in (part - 1, part))
        ids, texts = documents.ids[start:stop], documents.texts[start:stop]
        fresh = self.encoded(texts, "document", purpose, ids, progress)[0].fresh
        if part == 1:
            fresh += self.encoded(queries.texts, "query", purpose, queries.ids, no_progress)[0].fresh
        return fresh

    def encoded(
        self, texts: Sequence[str], role: Role, purpose: Purpose, names: Sequence[str] | None, progress: Progress
    ) -> tuple[Encoded, str]:
        """The vectors of texts wherever they are kept, and the prompt they were made with."""
        prompt_text = self._prompt(role, purpose)
        vectors = encode(
            lambda: self.model, texts, self._cache(prompt_text), prompt=prompt_text, names=names, progress=progress
        )
        return vectors, prompt_text

    def _prompt(self, role: Role, purpose: Purpose) -> str:
        return prompt(self.spec.prompts, role, purpose.task, purpose.kind)

    def _cache(self, prompt_text: str) -> VectorCache:
        """Where vectors under that prompt are kept; everything that made them is its key."""
        if self.context.vectors == "none":
            return VectorCache()
        if prompt_text not in self._caches:
            configuration = {
                **self.spec.encoding(),
                "runtime": self.runtime,
                "weights": self.weights,
                "prompt": prompt_text,
            }
            self._caches[prompt_text] = StoredVectors(
                self.context.hub.cache / "vectors", configuration, self.context.vectors
            )
        self._caches[prompt_text].refresh()
        return self._caches[prompt_text]

    @property
    def _notes(self) -> Path:
        """File of the facts that only a loaded model has; a folder of that name holds its converted copies."""
        key = {
            **self.spec.encoding(),
            "similarity": self.spec.similarity,
            "weights": self.weights,
            "device": self.context.device,
        }
        if self.spec.dtype != "float32":
            key["instructions"] = instructions()  # on another processor, another runtime may be what runs it
        runtime = candidate(self.spec, self.context.device)
        name = digest({**key, "runtime": [runtime, version(runtime)]})
        return self.context.hub.cache / "models" / f"{name}.json"


class DenseIndex:
    """A corpus in a model's vectors, exact or packed."""

    def __init__(self, system: Dense, documents: Texts, purpose: Purpose, progress: Progress) -> None:
        self._system, self._purpose, self._documents = system, purpose, documents
        self._vectors, self._prompt = system.encoded(documents.texts, "document", purpose, documents.ids, progress)
        device = system.context.device
        start = time.perf_counter()
        self._index = VectorIndex(
            self._vectors,
            documents.ids,
            similarity=system.similarity,
            variant=system.variant,
            memory=system.context.memory,
            device=best_device(device) if accelerated(device) else "cpu",
        )
        self._encoding = float(self._vectors.facts["seconds"].sum())  # when they were encoded, now or before
        self.seconds = self._encoding + time.perf_counter() - start
        self.size = system.variant.bytes_per_document(self._vectors.dimension) * len(documents)

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Encode the queries, rank; the notes say what the tokenizer was given and what it cut."""
        encoded, prompt_text = self._system.encoded(queries.texts, "query", self._purpose, queries.ids, progress)
        start = time.perf_counter()
        ids, scores = self._index.search(
            encoded.read(), queries.ids, depth, exclude_self=exclude_self, candidates=candidates
        )
        seconds = {
            "encode_query": float(encoded.facts["seconds"].sum()),
            "encode_document": self._encoding,
            "search": time.perf_counter() - start,
        }
        roles = {"query": (encoded, prompt_text, queries), "document": (self._vectors, self._prompt, self._documents)}
        cut = np.flatnonzero(self._vectors.facts["cut"] > 0).tolist()
        notes = Notes(
            first={role: prompt + texts.texts[0] for role, (_, prompt, texts) in roles.items()},
            prompts={role: prompt for role, (_, prompt, _) in roles.items()},
            truncation={role: truncation([vectors.facts]) for role, (vectors, *_) in roles.items()},
            norms={role: vectors.norms() for role, (vectors, *_) in roles.items()},
            fresh={role: vectors.fresh for role, (vectors, *_) in roles.items()},
            seconds=seconds,
            cut_documents=[self._documents.ids[position] for position in cut],
        )
        return Run(list(queries.ids), ids, scores, depth, notes)

"""A dense system: a local model behind the store.

`location.py` says how it is written on the command line.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.context import Context
from harness.encode.forward import Forward
from harness.errors import ModelError
from harness.facts import Facts
from harness.models.files import locate, weights_digest
from harness.models.loading import best_device
from harness.models.prompts import prompt
from harness.models.runtimes.choice import accelerated, candidate, instructions, version
from harness.models.spec import ModelSpec
from harness.models.windows import Cutter, Windows
from harness.records.atomic import expect_writable, write_text
from harness.records.digest import digest
from harness.search.compression import FULL, Variant
from harness.systems.encoding import EncodingSystem
from harness.systems.windows import Passages, windowed
from harness.types import Index, Progress, Purpose, Role, Texts, no_progress

if TYPE_CHECKING:
    from harness.models.transformer import Transformer

LIBRARIES = ("torch", "sentence-transformers", "transformers", "tokenizers")
OF_RUNTIME = {"openvino": ("openvino",), "onnx": ("onnxruntime",)}


class Dense(EncodingSystem):
    """A model that is loaded when it is first asked for vectors."""

    def __init__(
        self, name: str, spec: ModelSpec, context: Context, *, variant: Variant = FULL, windows: Windows | None = None
    ) -> None:
        super().__init__(name, context, variant)
        self.spec, self.windows = spec, windows

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
        cut = [self.windows.flat()] if self.windows else []  # no part of the key of what reads whole texts
        return digest(["dense", self.weights, {**self.spec.usage(), "runtime": self.runtime}, stored, *cut])

    def identity_for(self, purpose: Purpose) -> str:
        """The prompts that are used for a task of this name and kind."""
        return digest([self.prompt("query", purpose), self.prompt("document", purpose), self.prompt("", purpose)])

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
            other=self.windows.flat() if self.windows else {},
            libraries=(*LIBRARIES, *OF_RUNTIME.get(runtime, ()), *(() if variant.full_precision else ("faiss-cpu",))),
        )

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> Index:
        """Encode the corpus, whole or in windows."""
        if self.windows is None:
            return super().index(documents, purpose, progress)
        return windowed(self, documents, purpose, self._cutter(purpose), self.windows.pool, progress)

    def encode_part(
        self, documents: Texts, queries: Texts, purpose: Purpose, part: int, parts: int, progress: Progress
    ) -> int:
        """As of any system, of the passages where it reads windows."""
        if self.windows is not None:
            first_only = self.windows.pool == "first-p"
            documents = Passages(documents, self._cutter(purpose), first_only=first_only).texts(documents)
        return super().encode_part(documents, queries, purpose, part, parts, progress)

    def _cutter(self, purpose: Purpose) -> Cutter:
        assert self.windows is not None
        return Cutter(self.folder, self.windows, self.prompt("document", purpose))

    @property
    def similarity(self) -> str:
        """`cosine`, `dot` or `euclidean`."""
        return str(self.loaded_facts["similarity"])

    @property
    def search_device(self) -> str:
        """Where the model runs, if that is an accelerator."""
        device = self.context.device
        return best_device(device) if accelerated(device) else "cpu"

    def embedder(self, role: Role, purpose: Purpose) -> Forward:
        """The loaded model."""
        return Forward(self.model)

    def prompt(self, role: Role, purpose: Purpose) -> str:
        """By mteb's order of precedence."""
        return prompt(self.spec.prompts, role, purpose.task, purpose.kind)

    def configuration(self, role: Role, purpose: Purpose) -> Mapping[str, Any]:
        """Weights, usage, runtime and prompt."""
        used = self.prompt(role, purpose)
        return {**self.spec.encoding(), "runtime": self.runtime, "weights": self.weights, "prompt": used}

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

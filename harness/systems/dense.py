"""A dense system: a local model behind the store.

`location.py` says how it is written on the command line.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.encode.forward import Forward
from harness.facts import Facts
from harness.models.loading import best_device
from harness.models.runtimes.choice import accelerated, candidate, instructions, version
from harness.records.digest import digest
from harness.systems.local import LocalModel
from harness.systems.windows import MeanOfPassages, Passages
from harness.types import Index, Progress, Purpose, Role, Texts

if TYPE_CHECKING:
    from harness.models.transformer import Transformer

LIBRARIES = ("torch", "sentence-transformers", "transformers", "tokenizers")
OF_RUNTIME = {"openvino": ("openvino",), "onnx": ("onnxruntime",)}


class Dense(LocalModel):
    """A dense model, whose vectors are one for each text."""

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

    @property
    def model(self) -> Transformer:
        """The loaded model."""
        model: Transformer = self.loaded
        return model

    def _load(self) -> Transformer:
        from harness.models.transformer import Transformer

        return Transformer(self.spec, self.folder, self.context.device, self._notes.with_suffix(""))

    def _facts_of(self, model: Transformer) -> Mapping[str, Any]:
        return {
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

    def _mean_of(self, documents: Texts, purpose: Purpose, progress: Progress) -> Callable[[Passages], Index] | None:
        """A mean of distances is no distance to a mean: of cosine and dot alone."""
        if self.similarity == "euclidean":
            return None
        return lambda passages: MeanOfPassages(self, passages, documents, purpose, progress)

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

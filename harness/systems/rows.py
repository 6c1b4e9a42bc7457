"""What late interaction and learned sparse share: local weights that make several rows for each text, kept in the store."""

from __future__ import annotations

import dataclasses
import functools
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.encode.engine import Embedder
from harness.encode.forward import Forward
from harness.errors import NotApplicable
from harness.facts import Facts
from harness.records.digest import digest
from harness.systems.dense import LIBRARIES
from harness.systems.local import LocalModel
from harness.types import Purpose, Role

if TYPE_CHECKING:
    from harness.models.row_model import RowModel


class RowSystem(LocalModel):
    """A system that compares texts row by row: it has no vector of a text."""

    kind = ""
    """What a table calls it."""
    layout = ""
    """What its rows are, for the key they are stored under."""

    @property
    @abstractmethod
    def _usage(self) -> Mapping[str, Any]:
        """Its options that can move a number."""

    @functools.cached_property
    def identity(self) -> str:
        """Digest of files and usage."""
        stored = {**dataclasses.asdict(self.variant), "rounded": self.context.vectors == "float16"}
        cut = [self.windows.flat()] if self.windows else []
        return digest([self.layout, self.weights, self.spec.usage(), stored, dict(self._usage), *cut])

    @property
    def encoder(self) -> Any:
        """None: `NotApplicable` says why."""
        raise NotApplicable(
            f"{self.name} makes {self.layout} of a text, no single vector ({self.kind}); this task needs one vector per text."
        )

    @property
    def model(self) -> RowModel:
        """The loaded model."""
        model: RowModel = self.loaded
        return model

    @property
    def similarity(self) -> str:
        """How rows are compared."""
        return str(self.spec.similarity or self.loaded_facts["similarity"])

    def embedder(self, role: Role, purpose: Purpose) -> Embedder:
        """The loaded model as it reads texts of that role."""
        return Forward(self.model.of(role))

    def configuration(self, role: Role, purpose: Purpose) -> Mapping[str, Any]:
        """Weights, usage, prompt, what its rows are, and whether of a query or of a document."""
        side = "query" if role == "query" else "document"
        rows = {"rows": self.layout, "side": side, "weights": self.weights, "prompt": self.prompt(role, purpose)}
        return {**self.spec.encoding(), "runtime": "torch", **rows}

    def _facts_of(self, model: RowModel) -> Mapping[str, Any]:
        return {
            "model": self.spec.title,
            "weights": self.weights,
            "similarity": model.similarity,
            "dimension": self._dimension_of(model),
            "parameters": model.parameters,
            "max_length": model.max_length,
            "executes": model.executes,
            "device": model.device,
        }

    @property
    def facts(self) -> Facts:
        """What made the rows; what only the loaded model can tell, once it has been loaded."""
        spec, variant = self.spec, self.variant
        loaded = self.loaded_facts if self._notes.exists() else {}
        return Facts(
            kind=self.kind,
            model=spec.title,
            revision=spec.revision,
            weights=self.weights,
            licence=spec.licence,
            dimension=variant.dims or loaded.get("dimension", spec.dimension),
            parameters=loaded.get("parameters", spec.parameters),
            bytes=self._bytes,
            max_length=loaded.get("max_length", spec.max_length),
            prompts=dict(sorted(spec.prompts.items())),
            similarity=str(loaded.get("similarity", spec.similarity or "")),
            dtype=spec.dtype,
            runtime="torch",
            device=str(loaded.get("device", "")),
            executes=str(loaded.get("executes", "")),
            dims=variant.dims,
            precision=variant.precision,
            libraries=LIBRARIES,
            other={
                **{key: value for key, value in self._usage.items() if value},
                **(self.windows.flat() if self.windows else {}),
            },
        )

    _bytes: int | None = None
    """Of a document in the index that was made last, in the mean."""

    @property
    def _notes(self) -> Path:
        key = {**self.spec.encoding(), "similarity": self.spec.similarity, "weights": self.weights}
        name = digest({**key, "rows": self.layout, "device": self.context.device})
        return self.context.hub.cache / "models" / f"{name}.json"

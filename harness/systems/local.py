"""What systems around local weights share: their files, their prompts, and what only the loaded model can tell."""

from __future__ import annotations

import functools
import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.context import Context
from harness.errors import ModelError
from harness.models.files import locate, weights_digest
from harness.models.prompts import prompt
from harness.models.spec import ModelSpec
from harness.models.windows import Cutter, Windows
from harness.records.atomic import expect_writable, write_text
from harness.records.digest import digest
from harness.search.compression import FULL, Variant
from harness.systems.encoding import EncodedIndex, EncodingSystem
from harness.systems.windows import Passages, windowed
from harness.types import Index, Progress, Purpose, Role, Texts, no_progress


class LocalModel(EncodingSystem):
    """Weights that are loaded when they are first asked for vectors."""

    def __init__(
        self, name: str, spec: ModelSpec, context: Context, *, variant: Variant = FULL, windows: Windows | None = None
    ) -> None:
        super().__init__(name, context, variant)
        self.spec, self.windows = spec, windows

    @abstractmethod
    def _load(self) -> Any:
        """The loaded model, with its `dimension`."""

    @abstractmethod
    def _facts_of(self, model: Any) -> Mapping[str, Any]:
        """What is noted of it for evaluations that do not load it; JSON."""

    @property
    @abstractmethod
    def _notes(self) -> Path:
        """The file of these notes."""

    @functools.cached_property
    def folder(self) -> Path:
        """Where the model's files are."""
        return locate(self.spec, self.context.hub)

    @functools.cached_property
    def weights(self) -> str:
        """Digest of the model's files."""
        return weights_digest(self.spec, self.folder)

    def identity_for(self, purpose: Purpose) -> str:
        """The prompts that are used for a task of this name and kind."""
        return digest([self.prompt("query", purpose), self.prompt("document", purpose), self.prompt("", purpose)])

    def prompt(self, role: Role, purpose: Purpose) -> str:
        """By mteb's order of precedence."""
        return prompt(self.spec.prompts, role, purpose.task, purpose.kind)

    @functools.cached_property
    def loaded(self) -> Any:
        """The loaded model; its dimension is held against the stated one."""
        _ = self.weights  # refuse other files than the named before they are loaded
        expect_writable(self.context.hub.cache, "data.cache=DIR")
        model = self._load()
        stated, found = self.spec.dimension, self._dimension_of(model)
        if stated is not None and stated != found:
            raise ModelError(
                f"{self.name}: the model's vectors have {found} numbers, model.dimension says {stated}. "
                "Mend the YAML, or look whether this is the model that was meant."
            )
        write_text(self._notes, json.dumps(dict(self._facts_of(model)), indent=2) + "\n", "data.cache=DIR")
        return model

    @functools.cached_property
    def loaded_facts(self) -> Mapping[str, Any]:
        """What only the loaded model can tell, noted when it was loaded last: a warm evaluation does not load it."""
        if "loaded" not in self.__dict__ and self._notes.exists():
            return dict(json.loads(self._notes.read_text(encoding="utf-8")))
        _ = self.loaded
        return dict(json.loads(self._notes.read_text(encoding="utf-8")))

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> Index:
        """Encode the corpus, whole or in windows."""
        if self.windows is None:
            return super().index(documents, purpose, progress)
        return windowed(
            lambda texts: EncodedIndex(self, texts, purpose, progress), documents, self._cutter(purpose),
            self.windows.pool, self._mean_of(documents, purpose, progress),
        )  # fmt: skip

    def _mean_of(self, documents: Texts, purpose: Purpose, progress: Progress) -> Callable[[Passages], Index] | None:
        """How the means of passages' vectors are indexed; None where a text has no single vector."""
        return None

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

    def _dimension_of(self, model: Any) -> int:
        return int(model.dimension)

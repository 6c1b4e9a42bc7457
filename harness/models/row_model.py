"""A loaded model whose forward pass gives several rows for each text, and another pass for queries than for documents.

What makes the rows is a kind's own: vectors of tokens (`token_vectors.py`), weights of terms (`term_weights.py`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.jagged import Jagged
from harness.models.loading import best_device
from harness.models.ragged import Ragged, tokenized
from harness.models.runtimes.torch import executes, on_device
from harness.models.spec import ModelSpec
from harness.models.text_batch import TextBatch, with_lengths
from harness.types import Role


class RowModel(ABC):
    """A sentence-transformers model that is loaded, in float32.

    Attributes:
        budget: Padded tokens and texts of a batch.
        max_length: Tokens after which a document is cut; None for no limit.
    """

    runtime, parity = "torch", 1.0

    def __init__(self, spec: ModelSpec, folder: Path, device: str) -> None:
        self.spec, self.folder, self.device = spec, folder, best_device(device)
        self._model = self._loaded()
        self._model.eval()
        self._limit()
        self._expect_prompts()
        self.max_length = self._length("document")

    @abstractmethod
    def _loaded(self) -> Any:
        """The model of sentence-transformers; `ModelError` for a folder that holds none of this kind."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Numbers per row, 1 of a sparse one."""

    @property
    @abstractmethod
    def budget(self) -> tuple[int, int]:
        """See the class."""

    @abstractmethod
    def rows(self, features: Mapping[str, Any], role: str) -> Jagged:
        """What the modules make of one batch that is on the device."""

    def of(self, role: Role) -> Side:
        """It, as it reads queries or documents; a text that is neither is a document."""
        return Side(self, "query" if role == "query" else "document")

    @property
    def similarity(self) -> str:
        """As specified, else as the model's own files say."""
        return str(self.spec.similarity or self._model.similarity_fn_name)

    @property
    def parameters(self) -> int:
        """Parameters of the loaded weights."""
        return sum(parameter.numel() for parameter in self._model.parameters())

    @property
    def executes(self) -> str:
        """What computes it, in torch's own words."""
        return executes(self._model)

    def prepare(self, texts: Sequence[str], prompt: str, role: str) -> Ragged | TextBatch:
        """Texts as tokens; those that the model widens or splits by its own rules (expanded queries, a router) as they are."""
        limit = self._length(role)
        if self._own_rules(role):
            return with_lengths(self._model, texts, prompt, limit)
        return tokenized(self._model, texts, prompt, limit, {"task": role})

    def forward(self, prepared: Ragged | TextBatch, rows: NDArray[np.int64], role: str) -> Jagged:
        """The rows of some of the texts; `MemoryError` where the batch does not fit."""
        import torch

        device = self._model.device
        if isinstance(prepared, TextBatch):
            texts = [prepared.texts[row] for row in rows]
            made = self._model.preprocess(texts, prompt=prepared.prompt or None, task=role)
            features = {name: one.to(device) if hasattr(one, "to") else one for name, one in made.items()}
        else:
            columns = prepared.batch(rows)
            features = {name: on_device(column, device) for name, column in columns.items()} | dict(prepared.shared)
        try:
            with torch.inference_mode():
                return self.rows(features, role)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise MemoryError(str(error).partition(".")[0]) from error

    def _own_rules(self, role: str) -> bool:
        first = self._model[0]
        expanded = role == "query" and getattr(first, "query_expansion", None) is not None
        return expanded or not hasattr(first, "auto_model") or not hasattr(self._model.tokenizer, "backend_tokenizer")

    def _length(self, role: str) -> int | None:
        first = self._model[0]
        expansion = getattr(first, "query_expansion", None) if role == "query" else None
        most = self._model.max_seq_length
        of_role = getattr(first, f"{role}_length", None)
        if expansion is not None:
            of_role = max(expansion["length"], of_role or 0) if expansion["strategy"] == "fixed" else of_role
        known = [int(length) for length in (most, of_role) if length is not None and not math.isinf(length)]
        return min(known, default=None)

    def _limit(self) -> None:
        if self.spec.max_length is None:
            return
        config = getattr(getattr(self._model[0], "auto_model", None), "config", None)
        positions = getattr(config, "max_position_embeddings", None)
        if positions and self.spec.max_length > positions:
            raise ModelError(
                f"model.max_length={self.spec.max_length} is beyond the {positions} positions of {self.spec.title}."
            )
        special = self._model.tokenizer.num_special_tokens_to_add()
        if self.spec.max_length <= special:
            raise ModelError(
                f"model.max_length={self.spec.max_length} leaves no room for a text: {self.spec.title} adds {special} tokens "
                f"of its own. Give at least {special + 1}."
            )
        self._model.max_seq_length = self.spec.max_length

    def _expect_prompts(self) -> None:
        """The markers of queries and documents are part of such a model: without them its scores are lower, and no less
        plausible."""
        own = {
            role: text for role, text in (self._model.prompts or {}).items() if text and role in ("query", "document")
        }
        missing = {role: text for role, text in own.items() if role not in self.spec.prompts}
        if missing:
            written = ", ".join(f"{role}: {text!r}" for role, text in sorted(missing.items()))
            raise ModelError(
                f"The files of {self.spec.title} say what stands in front of a text, and model.prompts does not: "
                f"'model.prompts={{{written}}}' is as it was trained; an empty text for a role leaves it away."
            )


@dataclass(frozen=True)
class Side:
    """A `RowModel` as it reads texts of one role: what a forward pass is asked of."""

    model: RowModel
    role: str

    @property
    def dimension(self) -> int:
        """Numbers per row."""
        return self.model.dimension

    @property
    def budget(self) -> tuple[int, int]:
        """Padded tokens and texts of a batch."""
        return self.model.budget

    def prepare(self, texts: Sequence[str], prompt: str = "") -> Ragged | TextBatch:
        """See `RowModel`."""
        return self.model.prepare(texts, prompt, self.role)

    def forward(self, prepared: Ragged | TextBatch, rows: NDArray[np.int64]) -> Jagged:
        """See `RowModel`."""
        return self.model.forward(prepared, rows, self.role)


def declared(folder: Path) -> tuple[str, str, list[str]]:
    """What a folder's files say they are, without loading them: sentence-transformers' class of model, the names of its
    modules, and the architectures of its network; empty where they do not say."""
    import json

    def read(name: str) -> Any:
        path = folder / name
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    kind = read("config_sentence_transformers.json").get("model_type") or ""
    modules = " ".join(str(module.get("type")) for module in read("modules.json") or [])
    return kind, modules, list(read("config.json").get("architectures") or [])

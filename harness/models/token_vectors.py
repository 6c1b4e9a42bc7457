"""A late-interaction model: a vector for each token of a text (Khattab and Zaharia 2020, ColBERT).

Lengths, query expansion and the tokens that are left out are as the model's own files have them. A dense model's own token
vectors, normalised, can be read the same way (`layout: tokens`): nobody trained them for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.errors import ModelError
from harness.jagged import Jagged, starts_of
from harness.models.loading import load
from harness.models.row_model import RowModel, declared

TRAINED = ("MultiVectorEncoder", "ColBERT")
"""What sentence-transformers, and PyLate before it, call such a model in its files."""


class TokenVectors(RowModel):
    """sentence-transformers' MultiVectorEncoder, or a dense model's first module with its token vectors normalised."""

    def _loaded(self) -> Any:
        if self.spec.layout == "tokens":
            return self._of_dense()
        kind, modules, architectures = declared(self.folder)
        ready = any(name == "HF_ColBERT" or name.endswith("ForRetrieval") for name in architectures)
        if kind not in TRAINED and "MultiVectorMask" not in modules and not ready:
            raise ModelError(  # sentence-transformers would put a projection of random numbers behind it
                f"{self.spec.title} in {self.folder} is no late-interaction model: its files hold no projection of token "
                "vectors. For its token vectors as they are, untrained for this: model.layout=tokens."
            )
        return load(self.spec, self.folder, self.device, "MultiVectorEncoder")

    def _of_dense(self) -> Any:
        from sentence_transformers import MultiVectorEncoder
        from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
        from sentence_transformers.sentence_transformer.modules import Normalize

        dense = load(self.spec, self.folder, self.device)
        if not hasattr(dense[0], "auto_model"):
            raise ModelError(
                f"{self.spec.title} is no transformer: it has no vectors of tokens that have seen their text."
            )
        modules = [dense[0], MultiVectorMask(), Normalize("token_embeddings")]
        return MultiVectorEncoder(modules=modules, device=self.device)

    @property
    def dimension(self) -> int:
        """Numbers per token's vector."""
        return int(self._model.get_embedding_dimension())

    @property
    def budget(self) -> tuple[int, int]:
        """As of a dense model."""
        return (4_096, 64) if self.device == "cpu" else (65_536, 1_024)

    def rows(self, features: Mapping[str, Any], role: str) -> Jagged:
        """The vectors of the tokens that are scored: neither padding nor what the model leaves out."""
        made = self._model(dict(features), task=role)
        mask = made["attention_mask"].bool()
        values = made["token_embeddings"][mask].float().cpu().numpy()
        counts = mask.sum(dim=1).cpu().numpy().astype(np.int64)
        return Jagged(np.ascontiguousarray(values, dtype=np.float32), starts_of(counts))

"""A learned sparse model: a weight for each term of its vocabulary that a text is about (Formal et al. 2021, SPLADE)."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.jagged import TERMS, Jagged, starts_of
from harness.models.loading import load
from harness.models.row_model import RowModel, declared
from harness.models.text_batch import TextBatch, with_lengths

SPARSE = ("SpladePooling", "SparseStaticEmbedding", "SparseAutoEncoder", "MLMTransformer")
"""Modules of sentence-transformers that make sparse vectors."""


class TermWeights(RowModel):
    """sentence-transformers' SparseEncoder."""

    def _loaded(self) -> Any:
        kind, modules, architectures = declared(self.folder)
        bare = not modules and any(name.endswith("ForMaskedLM") for name in architectures)
        if kind != "SparseEncoder" and not any(name in modules for name in SPARSE) and not bare:
            raise ModelError(  # sentence-transformers would put an autoencoder of random numbers behind it
                f"{self.spec.title} in {self.folder} is no sparse model: its files hold neither SPLADE's head nor an "
                "autoencoder. Give the folder that SparseEncoder.save() or 'hf download' wrote."
            )
        model = load(self.spec, self.folder, self.device, "SparseEncoder")
        for module in model.modules():
            if type(module).__name__ == "SpladePooling" and module.pooling_strategy == "max":
                module.forward = functools.partial(max_first, module)
        return model

    @property
    def dimension(self) -> int:
        """Numbers per row: one weight."""
        return 1

    @functools.cached_property
    def vocabulary(self) -> int:
        """How many terms there are."""
        return int(self._dense(self._model.preprocess(["a"], task="document"), "document").shape[1])

    @property
    def budget(self) -> tuple[int, int]:
        """Few tokens, as each has a number for every term of the vocabulary."""
        return (2_048, 64) if self.device == "cpu" else (32_768, 1_024)

    def rows(self, features: Mapping[str, Any], role: str) -> Jagged:
        """The terms of each text that weigh something, by their numbers."""
        made = self._dense(features, role)
        texts, terms = made.nonzero(as_tuple=True)
        values = np.zeros(len(texts), dtype=TERMS)
        values["term"], values["weight"] = terms.cpu().numpy(), made[texts, terms].float().cpu().numpy()
        counts = np.bincount(texts.cpu().numpy(), minlength=len(made))
        return Jagged(values, starts_of(counts.astype(np.int64)))

    def _dense(self, features: Mapping[str, Any], role: str) -> Any:
        import torch

        with torch.inference_mode():
            return self._model(dict(features), task=role)["sentence_embedding"]


class QueryTokens:
    """The query side of an inference-free model whose weights are the corpus's own: each token of a query, once, at 1."""

    dimension, budget = 1, (1 << 20, 4_096)

    def __init__(self, model: TermWeights) -> None:
        self._model: Any = model._model
        self._special = set(self._model.tokenizer.all_special_ids)

    def prepare(self, texts: Sequence[str], prompt: str = "") -> TextBatch:
        """The texts, and their lengths."""
        return with_lengths(self._model, texts, prompt, None)

    def forward(self, prepared: TextBatch, rows: NDArray[np.int64]) -> Jagged:
        """Its terms are its tokens."""
        encoded = self._model.tokenizer([prepared.prompt + prepared.texts[row] for row in rows])["input_ids"]
        found = [sorted(set(tokens) - self._special) for tokens in encoded]
        values = np.ones(sum(map(len, found)), dtype=TERMS)
        values["term"] = [term for terms in found for term in terms]
        return Jagged(values, starts_of(np.array([len(terms) for terms in found], dtype=np.int64)))


def max_first(pooling: Any, features: dict[str, Any]) -> dict[str, Any]:
    """What SpladePooling makes with `max`: the greatest logit of each term first, its logarithm after.

    log1p(relu(x)) never falls where x rises, so that the greatest of the logarithms is the logarithm of the greatest: one
    for each term instead of one for each term and token.
    """
    import torch

    if "cu_seq_lens_q" in features:
        return type(pooling).forward(pooling, features)  # type: ignore[no-any-return]
    mask = features["attention_mask"].bool().unsqueeze(-1)
    best = features["token_embeddings"].masked_fill_(~mask, 0).amax(dim=1)  # padding counts as 0, which relu leaves
    best = torch.log1p(torch.relu(best))
    features["sentence_embedding"] = torch.log1p(best) if pooling.activation_function == "log1p_relu" else best
    pooling.embedding_dimension = pooling.embedding_dimension or best.shape[1]
    return features

"""Our encoder behind mteb's `EncoderProtocol`, so that mteb's evaluators give the number that its leaderboard shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.types import Encoder, Purpose, Role, Vectors


class EncoderForMteb:
    """What mteb's evaluators ask of a model, answered by an `Encoder`."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def encode(
        self, inputs: Any, *, task_metadata: Any, hf_split: str, hf_subset: str, prompt_type: Any = None, **_: Any
    ) -> Vectors:
        """Vectors of every text of mteb's batches, in their order."""
        texts = [text for batch in inputs for text in batch["text"]]
        role: Role = prompt_type.value if prompt_type is not None else ""
        return self._encoder.encode(texts, role, Purpose(task_metadata.name, task_metadata.type))

    def similarity(self, embeddings1: Any, embeddings2: Any) -> Any:
        """Similarity of every pair, shape (len(embeddings1), len(embeddings2))."""
        return _torch_similarity(self._encoder.similarity)(embeddings1, embeddings2)

    def similarity_pairwise(self, embeddings1: Any, embeddings2: Any) -> Any:
        """Similarity of each row with the row of the same number, shape (rows,)."""
        return _torch_similarity(self._encoder.similarity, pairwise=True)(embeddings1, embeddings2)

    @property
    def mteb_model_meta(self) -> Any:
        """A model that mteb has never heard of: nothing of its own registry is applied to ours."""
        from mteb.models import ModelMeta
        from mteb.models.model_meta import ScoringFunction

        similarity = {"cosine": ScoringFunction.COSINE, "dot": ScoringFunction.DOT_PRODUCT}
        named = similarity.get(self._encoder.similarity, ScoringFunction.EUCLIDEAN)
        return ModelMeta.create_empty({"name": "harness/encoder", "revision": "none", "similarity_fn_name": named})


def _torch_similarity(name: str, *, pairwise: bool = False) -> Any:
    from sentence_transformers import SimilarityFunction

    chosen = SimilarityFunction(name)
    function = SimilarityFunction.to_similarity_pairwise_fn if pairwise else SimilarityFunction.to_similarity_fn

    def similarity(one: Any, other: Any) -> Any:
        return function(chosen)(np.asarray(one, dtype=np.float32), np.asarray(other, dtype=np.float32))

    return similarity

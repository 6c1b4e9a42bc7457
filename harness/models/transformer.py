"""A dense model through sentence-transformers: load, prompt, count what is cut, encode a batch.

The dtype is always said: "auto" would take whatever the files were saved in, and shift the scores without a word. The
weights are loaded in float32 first; another dtype is measured against it on a probe, and the least cosine recorded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import ModelError
from harness.models.spec import ModelSpec
from harness.types import Vectors

PROBE = (
    "What is the notice period for termination?",
    "The Supplier shall not be liable for any indirect or consequential loss.",
    "1-1% of colorectal cancer patients are diagnosed with regional or distant metastases.",
    "reset password two factor phone lost",
)


class Transformer:
    """A loaded sentence-transformers model.

    Attributes:
        device: Where it runs, such as `cpu` or `cuda:0`.
        parity: Least cosine between this dtype and float32 on the probe; 1.0 in float32.
        max_length: Tokens after which a text is cut, or None where the model has no limit.
    """

    def __init__(self, spec: ModelSpec, folder: Path, device: str) -> None:
        self.spec = spec
        self.device = _device(device)
        if spec.dtype == "float16" and self.device == "cpu":
            raise ModelError(
                "model.dtype=float16 is not for a CPU, where it is slow and loses range. Use bfloat16 or float32."
            )
        self._model = _load(spec, folder, self.device)
        if spec.max_length is not None and spec.layout != "static":
            limit = self._model.max_seq_length
            if limit is not None and spec.max_length > self._positions():
                raise ModelError(
                    f"model.max_length={spec.max_length} is beyond the {self._positions()} positions of {spec.title}."
                )
            self._model.max_seq_length = spec.max_length
        limit = None if spec.layout == "static" else self._model.max_seq_length
        self.max_length: int | None = None if limit is None or math.isinf(limit) else int(limit)
        self.parity = 1.0
        if spec.dtype != "float32":
            self.parity = self._cast(spec.dtype)

    @property
    def similarity(self) -> str:
        """`cosine`, `dot` or `euclidean`: as specified, else as the model's own files say."""
        return str(self.spec.similarity or self._model.similarity_fn_name or "cosine")

    @property
    def dimension(self) -> int:
        """Numbers per vector."""
        return int(self._model.get_embedding_dimension())

    @property
    def parameters(self) -> int:
        """Parameters of the loaded weights."""
        return sum(parameter.numel() for parameter in self._model.parameters())

    def lengths(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Tokens of each text as it would be without a limit, special tokens included; shape (len(texts),)."""
        tokenizer = self._model.tokenizer
        if hasattr(tokenizer, "encode_batch"):  # a static embedding holds a bare tokenizers.Tokenizer
            encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
            return np.array([len(one.ids) for one in encodings], dtype=np.int64)
        import logging

        log = logging.getLogger("transformers.tokenization_utils_base")
        level, log.level = log.level, logging.ERROR  # it warns of lengths that are only counted here
        try:
            ids = tokenizer(list(texts), truncation=False, padding=False, return_attention_mask=False)["input_ids"]
        finally:
            log.level = level
        return np.array([len(one) for one in ids], dtype=np.int64)

    def forward(self, texts: Sequence[str], prompt: str = "") -> Vectors:
        """Vectors of one batch; float32, shape (len(texts), dimension).

        The prompt is handed over, not joined: some poolings leave its tokens out.
        """
        vectors = self._model.encode(
            list(texts),
            prompt=prompt,
            batch_size=len(texts),
            show_progress_bar=False,
            convert_to_numpy=False,
            convert_to_tensor=True,
            normalize_embeddings=bool(self.spec.normalize),
        )
        return np.ascontiguousarray(vectors.float().cpu().numpy(), dtype=np.float32)

    def _positions(self) -> int:
        config = getattr(self._model[0], "auto_model", None)
        positions = getattr(getattr(config, "config", None), "max_position_embeddings", None)
        return int(positions) if positions else 1 << 30

    def _cast(self, dtype: str) -> float:
        import torch

        exact = self.forward(PROBE)
        self._model = self._model.to(getattr(torch, dtype))
        rough = self.forward(PROBE)
        norms = np.linalg.norm(exact, axis=1) * np.linalg.norm(rough, axis=1)
        return float(((exact * rough).sum(axis=1) / norms).min())


def _load(spec: ModelSpec, folder: Path, device: str) -> Any:
    import torch
    import transformers
    from sentence_transformers import SentenceTransformer

    transformers.utils.logging.disable_progress_bar()  # the harness has a display of its own
    try:
        if spec.layout == "static":
            return SentenceTransformer(modules=[_static(spec, folder)], device=device)
        return SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=spec.trust_remote_code,
            model_kwargs={"dtype": torch.float32},
        )
    except Exception as error:
        raise ModelError(f"{spec.title} cannot be loaded from {folder}: {type(error).__name__}: {error}") from error


def _static(spec: ModelSpec, folder: Path) -> Any:
    from safetensors.numpy import load_file
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tensors = load_file(folder / spec.weights)
    if len(tensors) != 1:
        raise ModelError(f"{folder / spec.weights} holds {len(tensors)} tensors; a static embedding is one matrix.")
    (weights,) = tensors.values()
    return StaticEmbedding(
        Tokenizer.from_file(str(folder / spec.tokenizer)), embedding_weights=weights.astype(np.float32)
    )


def _device(device: str) -> str:
    import torch

    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if device == "auto":
        return best
    if device.startswith("cuda") and best != "cuda":
        raise ModelError(f"device={device}: no CUDA device is present. Leave device=auto, or say device=cpu.")
    return device

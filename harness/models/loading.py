"""From a folder of files to a sentence-transformers model. The weights are always loaded in float32: "auto" would take
whatever the files were saved in, and shift the scores without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import ModelError
from harness.models.spec import ModelSpec


def load(spec: ModelSpec, folder: Path, device: str, kind: str = "SentenceTransformer") -> Any:
    """A model of sentence-transformers in float32 on that device; `ModelError` with the library's reason where it cannot be.

    Args:
        kind: Its class: `SentenceTransformer`, `MultiVectorEncoder`, `SparseEncoder`.
    """
    import sentence_transformers
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()  # the harness has a display of its own
    transformers.utils.logging.set_verbosity_error()  # what matters raises
    try:
        if spec.layout == "static":
            return sentence_transformers.SentenceTransformer(modules=[_static(spec, folder)], device=device)
        return getattr(sentence_transformers, kind)(
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


def best_device(device: str) -> str:
    """`auto` resolved; `ModelError` for a CUDA device that is not there."""
    import torch

    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if device == "auto":
        return best
    if device.startswith("cuda") and best != "cuda":
        raise ModelError(f"device={device}: no CUDA device is present. Leave device=auto, or say device=cpu.")
    return device

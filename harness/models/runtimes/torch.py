"""The reference runtime: sentence-transformers' own modules, in torch, on any device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.models.ragged import Features
from harness.models.runtimes.runner import Runner
from harness.types import Vectors


def runner(model: Any, *, normalize: bool) -> Runner:
    """The modules of a SentenceTransformer, whatever pooling they hold."""
    import torch

    def run(features: Features, shared: Mapping[str, Any]) -> Vectors:
        try:
            with torch.inference_mode():
                inputs = {name: _on(model.device, column) for name, column in features.items()}
                vectors = model({**inputs, **shared})["sentence_embedding"]
                if normalize:
                    vectors = torch.nn.functional.normalize(vectors, dim=1)
                return np.ascontiguousarray(vectors.float().cpu().numpy())
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise MemoryError(str(error).partition(".")[0]) from error

    return run


def _on(device: Any, column: Any) -> Any:
    import torch

    tensor = torch.from_numpy(column)
    return tensor if device.type == "cpu" else tensor.pin_memory().to(device, non_blocking=True)

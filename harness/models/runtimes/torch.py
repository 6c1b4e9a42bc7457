"""The reference runtime: sentence-transformers' own modules, in torch, on any device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.models.ragged import Features
from harness.models.runtimes.runner import Runner
from harness.types import Vectors


def runner(model: Any, *, normalize: bool) -> Runner:
    """The modules of a SentenceTransformer, whatever pooling they hold."""

    def run(features: Features, shared: Mapping[str, Any]) -> Vectors:
        inputs = {name: on_device(column, model.device) for name, column in features.items()}
        return vectors(model, {**inputs, **shared}, normalize=normalize)

    return Runner(run, executes(model))


def executes(model: Any) -> str:
    """The dtype of the loaded weights, and what the processor computes it with: without its own bfloat16 it is emulated."""
    import torch

    dtype = next((str(parameter.dtype) for parameter in model.parameters()), "torch.float32")
    return f"{dtype} on {torch.backends.cpu.get_cpu_capability() if model.device.type == 'cpu' else model.device.type}"


def vectors(model: Any, inputs: Mapping[str, Any], *, normalize: bool) -> Vectors:
    """What the modules make of one batch that is on the device; `MemoryError` where it does not fit."""
    import torch

    try:
        with torch.inference_mode():
            embeddings = model(dict(inputs))["sentence_embedding"]
            if normalize:
                embeddings = torch.nn.functional.normalize(embeddings, dim=1)
            return np.ascontiguousarray(embeddings.float().cpu().numpy())
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise MemoryError(str(error).partition(".")[0]) from error


def on_device(column: NDArray[Any], device: Any) -> Any:
    """An array as a tensor there; the copy overlaps with what is computed."""
    import torch

    tensor = torch.from_numpy(column)
    return tensor if device.type == "cpu" else tensor.pin_memory().to(device, non_blocking=True)

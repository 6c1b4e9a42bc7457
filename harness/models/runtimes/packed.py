"""torch on a CUDA device without padding: the texts of a batch one after the other, attention within each of them.

sentence-transformers' modules already pool such sequences (its "unpadded" inputs); the attention they need, which
transformers takes from a package of its own, is here `torch.nn.attention.varlen.varlen_attn`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.models.ragged import Features
from harness.models.runtimes.runner import Runner, Unsupported
from harness.models.runtimes.torch import executes, on_device, vectors
from harness.types import Vectors

NAME = "harness_packed"
LENGTHS = ("cu_seq_lens_q", "cu_seq_lens_k", "max_length_q", "max_length_k")


def runner(model: Any, *, normalize: bool) -> Runner:
    """The modules of a SentenceTransformer over packed texts.

    Raises:
        Unsupported: Its first module is no transformer whose attention can be exchanged.
    """
    first = model[0]
    network = getattr(first, "auto_model", None)
    if network is None or not getattr(network, "is_backend_compatible", lambda: False)():
        raise Unsupported("its attention cannot be exchanged")
    _register()
    network.set_attn_implementation(NAME)
    if first.model_forward_params is not None:
        first.model_forward_params |= {*LENGTHS, "position_ids"}
    offset = first._infer_flatten_position_offset()

    def run(features: Features, shared: Mapping[str, Any]) -> Vectors:
        return vectors(model, {**_packed(features, offset, model.device), **shared}, normalize=normalize)

    return Runner(run, executes(model))


def _packed(features: Features, offset: int, device: Any) -> dict[str, Any]:
    """Padded columns of shape (texts, longest) as one row of all real tokens, and where each text starts in it."""
    real = features["attention_mask"].astype(bool)
    lengths = real.sum(axis=1)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    columns = {name: column[real] for name, column in features.items() if name != "attention_mask"}
    columns["position_ids"] = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths) + offset
    inputs: dict[str, Any] = {name: on_device(column[None, :], device) for name, column in columns.items()}
    bounds, longest = on_device(starts.astype(np.int32), device), int(lengths.max())
    return inputs | dict(zip(LENGTHS, (bounds, bounds, longest, longest), strict=True))


def _register() -> None:
    """Make the attention, and the mask that it does not need, known to transformers."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, lambda *_, **__: None)


def attend(
    module: Any, query: Any, key: Any, value: Any, attention_mask: Any, *, scaling: float | None = None,
    cu_seq_lens_q: Any = None, max_length_q: int = 0, sliding_window: Any = None, is_causal: bool | None = None, **_: Any,
) -> tuple[Any, None]:  # fmt: skip
    """Attention within each text of a packed batch; query, key and value have shape (1, heads, tokens, size).

    Returns:
        Shape (1, tokens, heads, size), and no weights.
    """
    import torch

    if sliding_window or cu_seq_lens_q is None:
        raise Unsupported("its attention looks through a window, or was not told where its texts start")
    causal = bool(getattr(module, "is_causal", False) if is_causal is None else is_causal)
    grouped = query.shape[1] != key.shape[1]
    if query.device.type != "cuda":  # for the tests: the same by torch's attention, one text after the other
        alone: Any = torch.nn.functional.scaled_dot_product_attention
        texts = [slice(*bounds) for bounds in itertools.pairwise(cu_seq_lens_q.tolist())]
        parts = [
            alone(
                *(tensor[:, :, text] for tensor in (query, key, value)),
                scale=scaling,
                is_causal=causal,
                enable_gqa=grouped,
            )
            for text in texts
        ]
        return torch.cat(parts, dim=2).transpose(1, 2), None
    from torch.nn.attention.varlen import varlen_attn

    left, middle, right = (tensor[0].transpose(0, 1) for tensor in (query, key, value))
    attended: Any = varlen_attn(
        left, middle, right, cu_seq_lens_q, cu_seq_lens_q, max_length_q, max_length_q, scale=scaling,
        window_size=(-1, 0) if causal else (-1, -1), enable_gqa=grouped,
    )  # fmt: skip
    return attended[None], None

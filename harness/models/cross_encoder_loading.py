"""From a folder of files to a sentence-transformers CrossEncoder whose logits are float32 and rank."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.errors import ModelError
from harness.models.spec import ModelSpec

SCORING = ("ForSequenceClassification", "ForCausalLM")
"""Endings of the architectures whose weights hold what makes a score: for others a head would be drawn at random."""


def load_cross_encoder(spec: ModelSpec, folder: Path, device: str) -> Any:
    """A CrossEncoder without an activation, in the dtype of the specification.

    Raises:
        ModelError: It cannot be loaded, is no cross-encoder, or gives several numbers for a pair.
    """
    expect_cross_encoder(spec, folder)
    import torch
    import transformers
    from sentence_transformers import CrossEncoder

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    try:
        model = CrossEncoder(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=spec.trust_remote_code,
            model_kwargs={"dtype": torch.float32},
            activation_fn=torch.nn.Identity(),
        )
    except Exception as error:
        raise ModelError(f"{spec.title} cannot be loaded from {folder}: {type(error).__name__}: {error}") from error
    if model.num_labels != 1:
        raise ModelError(
            f"{spec.title} gives {model.num_labels} numbers for a pair: it sorts pairs into classes and ranks nothing. "
            "Give a cross-encoder with one output."
        )
    return model.eval()


def expect_cross_encoder(spec: ModelSpec, folder: Path) -> None:
    """Refuse files without a scoring head, before sentence-transformers draws one at random without a word."""
    own = _read(folder / "config_sentence_transformers.json")
    if own.get("model_type") == "CrossEncoder":
        return
    architectures = _read(folder / "config.json").get("architectures") or ["no architecture"]
    if not str(architectures[0]).endswith(SCORING):
        raise ModelError(
            f"{spec.title} is no cross-encoder: its files hold {architectures[0]}, whose weights score no pairs; a head would "
            "be drawn at random. As a bi-encoder it reranks too: model=rerank/bm25:NAME with its own model NAME."
        )


def head_in_float32(model: Any) -> None:
    """Compute the scores of a model in half precision in float32.

    A bfloat16 has 8 significant bits: logits between 8 and 16 that differ by less than a sixteenth would tie.
    """
    import torch
    from sentence_transformers.cross_encoder.modules import LogitScore

    for module in model:
        if isinstance(module, LogitScore):
            _vocabulary_in_float32(model, module)
            return
    linear = [
        name
        for name, module in model.named_modules()
        if type(module) is torch.nn.Linear and module.out_features == model.num_labels
    ]
    if linear:
        model.set_keep_in_fp32_modules(linear[-1:])


def _vocabulary_in_float32(model: Any, scorer: Any) -> None:
    """Of a language model's head, the rows of the words that answer; the whole has a hundred thousand."""
    import torch

    words = [number for number in (scorer.true_token_id, scorer.false_token_id) if number is not None]

    def upcast(head: Any, given: Any, output: Any) -> Any:
        bias = None if head.bias is None else head.bias[words].float()
        output = output.float()
        output[..., words] = torch.nn.functional.linear(given[0].float(), head.weight[words].float(), bias)
        return output

    model.model.get_output_embeddings().register_forward_hook(upcast)


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}

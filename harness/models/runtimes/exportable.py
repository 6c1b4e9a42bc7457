"""A loaded model as one module from token columns to vectors, which other runtimes can trace whole."""

from __future__ import annotations

from typing import Any

from harness.models.runtimes.runner import Unsupported


def exportable(model: Any, *, normalize: bool) -> tuple[Any, dict[str, Any]]:
    """The module (pooling and normalisation included) and an example of its inputs by name.

    Raises:
        Unsupported: Its pooling leaves the prompt's tokens out, which is more than columns of tokens.
    """
    import torch

    if any(getattr(module, "include_prompt", True) is False for module in model):
        raise Unsupported("its pooling leaves out the prompt's tokens")
    names = [
        name for name in model.tokenizer.model_input_names if name in ("input_ids", "attention_mask", "token_type_ids")
    ]

    class ExportableModel(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *columns: Any) -> Any:
            features = dict(zip(names, columns, strict=True))
            vectors = self.model({**features, "modality": "text"})["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=1) if normalize else vectors

    example = model.preprocess(["a probe of some words", "another one, which is somewhat longer than the first"])
    return ExportableModel().eval(), {name: example[name] for name in names if name in example}

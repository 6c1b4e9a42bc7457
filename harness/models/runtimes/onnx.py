"""ONNX Runtime on a CPU: the loaded model is exported directly, pooling included; int8 is its dynamic quantisation."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.models.ragged import Features
from harness.models.runtimes.exportable import exportable
from harness.models.runtimes.runner import Runner, Unsupported
from harness.types import Vectors


def runner(model: Any, *, normalize: bool, dtype: str, cache: Path) -> Runner:
    """A session over an exported copy of a float32 SentenceTransformer.

    Args:
        dtype: float32, or int8 for weights and activations quantised as they come: between the least and the greatest
            number of a batch, so that a text's vector would depend on its neighbours if it were not run alone.
        cache: Folder of the exported model, which is made on first use.
    """
    import onnxruntime

    if dtype not in ("float32", "int8"):
        raise Unsupported(f"onnx computes in float32 or int8, not in {dtype}")
    path = cache / f"{dtype}.onnx"
    if not path.exists():
        _export(model, normalize, dtype, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [argument.name for argument in session.get_inputs()]

    def run(features: Features, shared: Mapping[str, Any]) -> Vectors:
        (vectors,) = session.run(None, {name: features[name] for name in names})
        return np.ascontiguousarray(vectors, dtype=np.float32)

    return Runner(run, dtype)


def _export(model: Any, normalize: bool, dtype: str, path: Path) -> None:
    import torch

    whole, example = exportable(model, normalize=normalize)
    texts, tokens = torch.export.Dim("texts"), torch.export.Dim("tokens")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as aside, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing: what it may have fixed is found by the parity gate
        exported = Path(aside) / "float32.onnx"
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        try:
            with contextlib.redirect_stdout(io.StringIO()), torch.inference_mode():
                torch.onnx.export(
                    whole,
                    tuple(example.values()),
                    exported,
                    input_names=list(example),
                    output_names=["vectors"],
                    dynamic_shapes=(({0: texts, 1: tokens},) * len(example),),
                    external_data=False,
                    dynamo=True,
                )
        except Exception as error:
            raise Unsupported(f"torch cannot export it: {' '.join(str(error).split())[:200]}") from error
        if dtype == "int8":
            from onnxruntime.quantization import QuantType, quantize_dynamic

            # 7 bits of weight: with 8, sums saturate on a processor with AVX2 and without VNNI, and not on others
            quantised = exported.with_name("int8.onnx")
            quantize_dynamic(exported, quantised, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
            exported = quantised
        os.replace(exported, path)  # noqa: PTH105 - the atomic step, named as such

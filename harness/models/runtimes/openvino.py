"""OpenVINO on a CPU: the loaded model is converted directly, pooling included, and kept by the digest of its weights."""

from __future__ import annotations

import os
import sys
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

HINTS = {"float32": "f32", "bfloat16": "bf16"}
CAPABILITIES = {"bfloat16": "BF16"}
"""What the CPU has to list among OpenVINO's OPTIMIZATION_CAPABILITIES; without it OpenVINO silently computes float32."""


def runner(model: Any, *, normalize: bool, dtype: str, cache: Path) -> Runner:
    """A compiled copy of a float32 SentenceTransformer.

    Args:
        dtype: What the CPU computes in: float32 or bfloat16.
        cache: Folder of the converted model, which is made on first use.

    Raises:
        Unsupported: This processor computes that dtype as another one.
    """
    _no_telemetry()
    import openvino

    if dtype not in HINTS:
        raise Unsupported(f"OpenVINO computes in {' or '.join(HINTS)} here, not in {dtype}")
    core = openvino.Core()
    if dtype in CAPABILITIES and CAPABILITIES[dtype] not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise Unsupported(f"this processor has no {dtype}, and OpenVINO would compute in float32")
    path = cache / "model.xml"
    converted = core.read_model(path) if path.exists() else _convert(model, normalize, path)
    settings = {"INFERENCE_PRECISION_HINT": HINTS[dtype], "PERFORMANCE_HINT": "LATENCY"}
    compiled = core.compile_model(converted, "CPU", settings)
    executed = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    if executed != HINTS[dtype]:
        raise Unsupported(f"OpenVINO was asked for {dtype} and computes in {executed}")
    request = compiled.create_infer_request()
    names = [next(iter(tensor.get_names())) for tensor in converted.inputs]

    def run(features: Features, shared: Mapping[str, Any]) -> Vectors:
        request.infer([features[name] for name in names], share_inputs=True)
        return np.array(request.get_output_tensor(0).data, dtype=np.float32)

    return Runner(run, executed)


def _convert(model: Any, normalize: bool, path: Path) -> Any:
    _no_telemetry()
    import openvino
    import torch

    whole, example = exportable(model, normalize=normalize)
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # of tracing: what it may have fixed is found by the parity gate
            converted = openvino.convert_model(whole, example_input=tuple(example.values()))
    except Exception as error:
        raise Unsupported(f"OpenVINO cannot convert it: {' '.join(str(error).split())[:200]}") from error
    for tensor, name in zip(converted.inputs, example, strict=True):
        tensor.get_tensor().set_names({name})
        tensor.get_node().set_friendly_name(name)
    converted.validate_nodes_and_infer_types()
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as aside:
        openvino.save_model(converted, Path(aside) / path.name, compress_to_fp16=False)
        for name in (path.with_suffix(".bin").name, path.name):  # what is looked for comes last
            os.replace(Path(aside) / name, path.parent / name)  # noqa: PTH105 - the atomic step, named as such
    return openvino.Core().read_model(path)


def _no_telemetry() -> None:
    """A conversion would tell a statistics host of itself; without that package OpenVINO takes its own stub instead."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

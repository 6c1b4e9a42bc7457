"""Which runtime `auto` tries; known without torch, because a warm evaluation does not import it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sys
from pathlib import Path

from harness.models.spec import ModelSpec

REDUCED = {"amx_bf16", "amx_int8", "avx512_bf16", "avx512_vnni", "avx_vnni", "bf16", "i8mm"}
"""Flags of a processor that computes bfloat16 or int8 by itself."""


def candidate(spec: ModelSpec, device: str) -> str:
    """The runtime that is asked for, or the fastest that may be exact: whether it is, the parity gate finds."""
    if spec.runtime != "auto":
        return spec.runtime
    fit = (
        spec.dtype in ("float32", "bfloat16")
        and spec.layout != "static"
        and (device == "cpu" or not accelerated(device))
    )
    return "openvino" if fit and _x86() and importlib.util.find_spec("openvino") is not None else "torch"


def accelerated(device: str) -> bool:
    """True if the device is an accelerator, or `auto` may find one."""
    if device != "auto":
        return device != "cpu"
    return sys.platform == "darwin" or Path("/proc/driver/nvidia/version").exists() or Path("/dev/nvidia0").exists()


def instructions() -> list[str]:
    """The processor's instructions for reduced precision that runtimes may use: parity in bfloat16 or int8 depends on them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    flags = next((set(line.split()) for line in lines if line.startswith(("flags", "Features"))), set[str]())
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "")
    return [*sorted(flags & REDUCED), *([limit] if limit else [])]


def version(runtime: str) -> str:
    """Version of the library that runs it."""
    package = {"onnx": "onnxruntime"}.get(runtime, runtime)
    return importlib.metadata.version(package)


def _x86() -> bool:
    return platform.machine().lower() in ("x86_64", "amd64")

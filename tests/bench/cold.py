"""2, 4 and 7. A whole evaluation of minilm on SciFact from cold, as processes: beside mteb and beir at the same precision, beside
a compression of 24 variants, and by what it spends beside its forward pass.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from common import ROOT, SCIFACT, interleaved, process, ratio, recorded, spread, table

HERE = ROOT / "tests" / "bench"
PEERS, OURS = str(HERE / "peers.py"), str(HERE / "ours.py")
WORDS = ("model=minilm", "task=beir", f"task.path={SCIFACT}", "board=false", "overwrite=true", "progress=false")
LADDER = ("-m", "model.dims=16,32,64,128,256,384", "model.precision=float32,float16,int8,binary")
ASKED = {"float32": ("1.3×", 1e-4), "bfloat16": ("1.4×", 1e-3)}


def main() -> str:
    found = {}
    parts = ["## 2. A whole evaluation from cold", ""]
    with tempfile.TemporaryDirectory() as folder:
        for dtype, (asked, within) in ASKED.items():
            batch = int(process(PEERS, "batch", dtype, folder=folder)[1]["batch"])
            contestants: dict[str, Any] = {"ours": lambda dtype=dtype: ours(folder, f"model.dtype={dtype}")}
            for peer in ("mteb", "beir"):
                contestants[peer] = lambda peer=peer, dtype=dtype, batch=batch: process(
                    PEERS, peer, dtype, str(batch), "-", folder=folder
                )
            if dtype == "float32":
                contestants["compression"] = lambda: ours(folder, *LADDER)
            found[dtype] = interleaved(contestants)
            parts += [
                f"{dtype}; the peers at batch size {batch}, the best of 8 to 128 for `SentenceTransformer.encode` here. "
                f"Asked: {asked} faster, nDCG@10 within {within:g}.", "", compared(found[dtype], dtype), "",
            ]  # fmt: skip
        other = ", ".join(
            f"{peer} {ratio(took(found['float32'][peer]), took(found['bfloat16']['ours']))}"
            for peer in ("mteb", "beir")
        )
        parts += [
            f"Another precision than theirs, and so not the same experiment: our bfloat16 against their default float32, {other}.",
            "",
        ]
    return "\n".join([*parts, *compression(found["float32"]), *overhead(found)])


def took(runs: list[tuple[float, dict[str, Any]]], what: str = "") -> list[float]:
    """Seconds of the processes, or another of their figures."""
    return [float(said[what]) if what else seconds for seconds, said in runs]


def compared(found: dict[str, list[tuple[float, dict[str, Any]]]], dtype: str) -> str:
    """Ours, mteb, beir."""
    rows = []
    for name in ("ours", "mteb", "beir"):
        runs = found[name]
        gaps = [abs(a - b) for a, b in zip(took(runs, "ndcg"), took(found["ours"], "ndcg"), strict=True)]
        rows.append([
            f"{name}, {dtype}", spread(took(runs), "{:.1f}"), spread(took(runs, "inside"), "{:.1f}"), f"{runs[-1][1]['ndcg']:.5f}",
            *(["", "", ""] if name == "ours" else [
                ratio(took(runs), took(found["ours"])), ratio(took(runs, "inside"), took(found["ours"], "inside")), f"{max(gaps):.1e}",
            ]),
        ])  # fmt: skip
    head = ["", "process, s", "inside, s", "nDCG@10", "ours is faster (process)", "ours is faster (inside)", "off by"]
    return table(head, rows)


def compression(found: dict[str, list[tuple[float, dict[str, Any]]]]) -> list[str]:
    """One evaluation against 24 variants of it."""
    rows = [
        ["one evaluation, cold", spread(took(found["ours"]), "{:.1f}"), ""],
        [
            "24 variants, cold",
            spread(took(found["compression"]), "{:.1f}"),
            ratio(took(found["compression"]), took(found["ours"])),
        ],
    ]
    return [
        "## 4. A compression curve of 24 variants", "",
        "Of the same rounds; dims 16 to 384 by float32, float16, int8, binary. Asked: at most 1.3 times one evaluation.", "",
        table(["", "process, s", "times one evaluation"], rows), "",
    ]  # fmt: skip


def overhead(found: dict[str, dict[str, list[tuple[float, dict[str, Any]]]]]) -> list[str]:
    """What is not the forward pass."""
    rows = []
    for dtype, runs in found.items():
        said = [one for _, one in runs["ours"]]
        rest = [1 - one["forward"] / one["inside"] for one in said]
        real = [one["real"] / one["computed"] for one in said]
        inside, forward = ([one[key] for one in said] for key in ("inside", "forward"))
        rows.append(
            [dtype, spread(inside, "{:.1f}"), spread(forward, "{:.1f}"), spread(rest, "{:.1%}"), spread(real, "{:.3f}")]
        )
    return [
        "## 7. What is not the forward pass", "",
        "Of the same rounds: reading, tokenizing, look-up, store, search, measures, intervals and record, without imports and "
        "loading. Asked: under 5 %, and 0.97.", "",
        table(["dtype", "inside, s", "forward pass, s", "everything else", "real over computed tokens"], rows), "",
    ]  # fmt: skip


def ours(folder: str, *words: str) -> tuple[float, dict[str, Any]]:
    """One evaluation with an empty store; converted models are made anew too."""
    cache = Path(folder) / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    seconds, said = process(OURS, *words, *WORDS, f"data.cache={cache}", folder=folder)
    (said["ndcg"],) = (one["mean"] for one in recorded(folder)["measures"] if one["measure"] == "nDCG@10")
    return seconds, said


if __name__ == "__main__":
    print(main())

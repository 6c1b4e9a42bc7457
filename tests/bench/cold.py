"""2. A whole evaluation of minilm on SciFact from cold, as processes, beside mteb and beir at the same precision."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from common import ROOT, SCIFACT, interleaved, process, ratio, recorded, spread, table

PEERS = str(ROOT / "tests" / "bench" / "peers.py")
OURS = ("-m", "harness", "model=minilm", "task=beir", f"task.path={SCIFACT}", "board=false", "overwrite=true")
ASKED = {"float32": ("1.3×", 1e-4), "bfloat16": ("1.4×", 1e-3)}


def main() -> str:
    parts = ["## 2. A whole evaluation from cold", ""]
    with tempfile.TemporaryDirectory() as folder:
        times = {}
        for dtype, (asked, within) in ASKED.items():
            batch = int(process(PEERS, "batch", dtype, folder=folder)[1]["batch"])
            peers = ("mteb", "beir")
            contestants = {"ours": lambda dtype=dtype: ours(folder, dtype)}
            for peer in peers:
                contestants[peer] = lambda peer=peer, dtype=dtype, batch=batch: process(
                    PEERS, peer, dtype, str(batch), "-", folder=folder
                )
            found = interleaved(contestants)
            took = {name: [one[0] for one in runs] for name, runs in found.items()}
            inside = {name: [one[1]["inside"] for one in runs] for name, runs in found.items()}
            scores = {name: runs[-1][1]["ndcg"] for name, runs in found.items()}
            times[dtype] = took
            rows = [
                [
                    f"{name}, {dtype}", spread(took[name], "{:.1f}"), spread(inside[name], "{:.1f}"), f"{scores[name]:.5f}",
                    "" if name == "ours" else ratio(took[name], took["ours"]),
                    "" if name == "ours" else ratio(inside[name], inside["ours"]),
                    "" if name == "ours" else f"{abs(scores[name] - scores['ours']):.1e}",
                ]
                for name in contestants
            ]  # fmt: skip
            parts += [
                f"{dtype}; the peers at batch size {batch}, the best of 8 to 128 for `SentenceTransformer.encode` here. "
                f"Asked: {asked} faster, nDCG@10 within {within:g}.",
                "",
                table(
                    [
                        "",
                        "process, s",
                        "inside, s",
                        "nDCG@10",
                        "ours is faster (process)",
                        "ours is faster (inside)",
                        "off by",
                    ],
                    rows,
                ),
                "",
            ]
        other = ", ".join(
            f"{peer} {ratio(times['float32'][peer], times['bfloat16']['ours'])}" for peer in ("mteb", "beir")
        )
        parts += [
            f"Another precision than theirs, and not the same experiment: our bfloat16 against their default float32, {other}.",
            "",
        ]
    return "\n".join(parts)


def ours(folder: str, dtype: str) -> tuple[float, dict[str, float]]:
    """One evaluation with an empty store; converted models are made anew too."""
    cache = Path(folder) / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    took, _ = process(*OURS, f"model.dtype={dtype}", f"data.cache={cache}", folder=folder)
    record = recorded(folder)
    shutil.rmtree(cache)
    (ndcg,) = (one["mean"] for one in record["measures"] if one["measure"] == "nDCG@10")
    return took, {"ndcg": ndcg, "inside": sum(record["seconds"].values())}


if __name__ == "__main__":
    print(main())

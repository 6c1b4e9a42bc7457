"""7. What a cold evaluation spends beside imports and the forward pass; real tokens over computed ones. And 8, tokens per shard."""

from __future__ import annotations

import tempfile
import time

from common import SCIFACT, interleaved, spread, table


def main() -> str:
    from forward import loaded

    from harness.cells.opening import Cell
    from harness.cells.recording import ranked
    from harness.data.beir import read_folder
    from harness.measures.evaluate import evaluate
    from harness.plugins import discover
    from harness.records.archive import Archive
    from harness.types import Task

    discover()
    task = Task(
        read_folder(SCIFACT, "test", "scifact"),
        ("nDCG@10", "MAP@10", "MRR@10", "recall@100"),
        name="scifact",
        depth=100,
    )

    def run() -> tuple[float, float, float]:
        with tempfile.TemporaryDirectory() as folder:
            loaded(folder, "auto", "float32")
            from conftest import opened

            system = opened("minilm")
            model = system.model
            spent = [0.0, 0, 0]
            forward = model.forward

            def clocked(prepared, rows):
                start = time.perf_counter()
                made = forward(prepared, rows)
                spent[0] += time.perf_counter() - start
                spent[1] += int(prepared.read[rows].sum())
                spent[2] += int(prepared.read[rows].max()) * len(rows)
                return made

            model.forward = clocked
            start = time.perf_counter()
            data = read_folder(SCIFACT, "test", "scifact")
            found = system.search(Task(data, task.measures, name="scifact", depth=100))
            scores = evaluate(found, data, task.measures)
            cell = Cell("minilm", "scifact", "", {}, lambda: task)
            Archive(folder).write(ranked("k" * 32, system, task, found, scores, cell), found, scores)
            whole = time.perf_counter() - start
            return whole, spent[0], spent[1] / spent[2]

    runs = interleaved({"cold": run})["cold"]
    rows = [
        ["whole evaluation but imports and loading, s", spread([one[0] for one in runs], "{:.1f}"), ""],
        ["of which the forward pass, s", spread([one[1] for one in runs], "{:.1f}"), ""],
        ["everything else", spread([1 - one[1] / one[0] for one in runs], "{:.1%}"), "under 5 %"],
        ["real over computed tokens", spread([one[2] for one in runs], "{:.3f}"), "0.97"],
    ]
    return "\n".join(
        ["## 7. What is not the forward pass", "", "minilm on SciFact, cold.", "", table(["", "", "asked"], rows), ""]
    )


if __name__ == "__main__":
    print(main())

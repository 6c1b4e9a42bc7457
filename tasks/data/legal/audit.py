"""The audit of the judgments: what the systems of the pool found that nobody judged, and how far two readings agree.

    python tasks/data/legal/audit.py RESULTS   pairs in the top 10 of a run below RESULTS that are not judged, as a table

Run the pool first: harness -m model=… task=legal task.split=test,dev results=RESULTS (card.py names its systems).
"""

from __future__ import annotations

import sys
from pathlib import Path

from sources import Grades, Record, Sources, read

from harness.records.archive import Archive
from harness.types import Run

HERE = Path(__file__).resolve().parent
DEPTH = 10


def judged(data: Sources) -> Grades:
    """question → clause → grade: the authors' judgments and the pooled ones."""
    return {question["id"]: question["grades"] | data.pooled.get(question["id"], {}) for question in data.questions}


def holes(runs: list[Run], grades: Grades) -> set[tuple[str, str]]:
    """(question, clause) in the top 10 of a run and not judged."""
    return {
        (question, clause)
        for run in runs
        for question, ranking in zip(run.query_ids, run.doc_ids, strict=True)
        for clause in ranking[:DEPTH]
        if clause not in grades[question]
    }


def judged_share(run: Run, grades: Grades) -> float:
    """judged@10: the share of the top 10 places that hold a judged clause."""
    places = [
        clause in grades[question]
        for question, ranking in zip(run.query_ids, run.doc_ids, strict=True)
        for clause in ranking[:DEPTH]
    ]
    return sum(places) / len(places)


def agreement(rows: list[Record], weights: str = "quadratic") -> float:
    """Weighted kappa (Cohen 1968) of the first and the second reading of the same pairs, before reconciliation."""
    from sklearn.metrics import cohen_kappa_score

    first, second = [row["first"] for row in rows], [row["second"] for row in rows]
    return float(cohen_kappa_score(first, second, labels=[0, 1, 2, 3], weights=weights))


def main() -> int:
    archive = Archive(sys.argv[1])
    runs = [archive.run(record) for record in archive.read() if record.status == "ok"]
    print("question\tclause")
    for pair in sorted(holes(runs, judged(read(HERE)))):
        print("\t".join(pair))
    return 0


if __name__ == "__main__":
    sys.exit(main())

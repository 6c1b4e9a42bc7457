"""Contract clauses: which clauses of some fictional agreements answer a question. The in-house task to copy.

    python -m harness model=minilm task=legal
    python -m harness model=minilm task=legal task.split=dev

What a task of your own needs: this decorator, a name, a `Task`. Its parameters are its options on the command line.
How the data were made stands in tasks/data/legal/README.md.
"""

from pathlib import Path
from typing import Literal

from harness import Task, measure, task
from harness.data.beir import read_folder
from harness.measures.judged import Judged

DATA = Path(__file__).parent / "data" / "legal"


@task
def legal(split: Literal["test", "dev", "train"] = "test") -> Task:
    """Contract clauses: the ones that answer a question of a lawyer, a manager or a clerk."""
    return Task(
        dataset=read_folder(DATA, split, "legal"),
        measures=(
            "nDCG@10",
            "complete-answer@5",
            "complete-answer@10",
            "MRR@10",
            "recall@10",
            "success(rel=3)@1",
            "unjudged@10",
        ),
        depth=100,
    )


@measure(unit="share", source="this task: an answer that lacks a needed clause is no answer")
def complete_answer(query: Judged, *, rel: int = 3, k: int) -> float:
    """1 where every clause that the question needs (grade `rel` or above) stands in the top k, else 0."""
    needed = {clause for clause, grade in query.grades.items() if grade >= rel}
    return float(bool(needed) and needed <= set(query.ranking[:k]))

"""Contract clauses: which clauses of some fictional agreements answer a question. The in-house task to copy.

    harness model=minilm task=legal
    harness model=minilm task=legal task.split=dev

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
            "success(rel=3)@1",
            "complete-answer@5",
            "complete-answer@10",
            "wrong-direction@10",
            "review-cost@10",
            "MRR(rel=3)@10",
            "recall(rel=3)@10",
            "unjudged@10",
        ),
        depth=100,
    )


@measure(unit="share", source="this task: an answer that lacks a needed clause is no answer")
def complete_answer(query: Judged, *, rel: int = 3, k: int) -> float:
    """1 where every clause that the question needs (grade `rel` or above) stands in the top k, else 0."""
    needed = needed_clauses(query, rel)
    return float(bool(needed) and needed <= set(query.ranking[:k]))


@measure(
    unit="share", direction="lower", source="this task: the clause that says the opposite is believed if read first"
)
def wrong_direction(query: Judged, *, rel: int = 3, k: int) -> float:
    """1 where a twin of grade 0 stands in the top k above the first right clause (grade `rel` or above), else 0.

    A twin is a clause of the question's own family: a judged 0 of it settles the point asked the opposite way. A clause
    of another topic also has grade 0; nobody is misled by it, and it does not count. No right clause in the top k: any
    such twin there counts.
    """
    for clause in query.ranking[:k]:
        if clause in query.grades:
            if query.grades[clause] >= rel:
                return 0.0
            if query.grades[clause] == 0 and query.documents[clause].get("family") == query.query.get("family"):
                return 1.0
    return 0.0


@measure(
    unit="EUR", direction="lower", source="this task: four minutes of a lawyer's hour of EUR 180; a search by hand"
)
def review_cost(query: Judged, *, fee: float = 12.0, miss: float = 400.0, rel: int = 3, k: int) -> float:
    """EUR per question: `fee` for each clause read, `miss` for each needed one (grade `rel` or above) not in the top k.

    One reads from the top and stops where the answer is complete, at the latest after k clauses.
    """
    left = needed_clauses(query, rel)
    read = 0
    for clause in query.ranking[:k]:
        if not left:
            break
        read += 1
        left.discard(clause)
    return fee * read + miss * len(left)


def needed_clauses(query: Judged, rel: int) -> set[str]:
    """The clauses that are only together the whole answer."""
    return {clause for clause, grade in query.grades.items() if grade >= rel}

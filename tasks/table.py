"""A table of questions and answers, without a line of code: FAQ search.

harness model=minilm task=table task.path=faq.csv task.question=ask task.answer=reply
"""

from harness import Task, task
from harness.data.table import read_table
from harness.hub import local


@task
def table(path: str, question: str = "question", answer: str = "answer", held_out: str | None = None) -> Task:
    """CSV, TSV, JSONL or Parquet: equal answers are one document, further columns become slices."""
    file = local(path)
    return Task(
        dataset=read_table(
            file,
            name=f"table/{file.stem}",
            question=question,
            answer=answer,
            held_out=local(held_out) if held_out else None,
        ),
        measures=("nDCG@10", "MRR@10", "recall@1", "recall@5", "recall@10", "unjudged@10"),
        depth=100,
    )

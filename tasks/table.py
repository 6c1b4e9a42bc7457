"""A table of questions and answers, without a line of code: FAQ search.

harness model=minilm task=table task.path=faq.csv task.question=ask task.answer=reply
"""

from harness import Task, task
from harness.data.table import read_table
from harness.data.table_file import Reading
from harness.hub import local
from harness.records.packed import plain_name


@task
def table(
    path: str, question: str = "question", answer: str = "answer", held_out: str | None = None,
    separator: str | None = None, encoding: str | None = None, sheet: str | None = None,
) -> Task:  # fmt: skip
    """CSV, TSV, JSONL, a workbook or Parquet: equal answers are one document, further columns become slices."""
    file = local(path)
    dataset, taken = read_table(
        file,
        name=f"table/{plain_name(file).stem}",
        reading=Reading(question, answer, separator, encoding, sheet),
        held_out=local(held_out) if held_out else None,
    )
    return Task(
        dataset=dataset,
        measures=("nDCG@10", "MRR@10", "recall@1", "recall@5", "recall@10", "unjudged@10"),
        depth=100,
        options={"read": dict(taken)} if taken else {},
    )

"""Acme's plug-ins: `task=tickets`, `model=bm25-flat`, `measures=[saved-minutes@3]`."""

from harness import Task, Texts, measure, task
from harness.data.build import dataset
from harness.measures.judged import Judged


@task
def tickets(region: str = "eu") -> Task:
    """Which runbook answers a ticket."""
    return Task(
        dataset=dataset(
            name="tickets",
            split=region,
            documents=Texts(["r1", "r2"], ["restart the mail server", "renew the certificate"]),
            queries=Texts(["t1", "t2"], ["mail is down", "certificate expired"], {"priority": ["high", "low"]}),
            qrels={"t1": {"r1": 1}, "t2": {"r2": 1}},
        ),
        measures=("saved-minutes@3", "MRR@10"),
        depth=10,
    )


@measure(unit="minutes", source="Acme support desk, 2026: 30 minutes of a high-priority ticket, 10 of another")
def saved_minutes(query: Judged, *, k: int) -> float:
    """Minutes saved where a right runbook stands in the top k."""
    found = any(query.grade(document) > 0 for document in query.ranking[:k])
    return (30.0 if query.query.get("priority") == "high" else 10.0) * found

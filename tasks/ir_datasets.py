"""ir_datasets: a public set by its name there.

harness model=minilm task=ir_datasets task.name=beir/scifact/test
"""

from harness import Task, task
from harness.data.beir import MEASURES, SELF_MATCHES
from harness.data.ir_sets import read_ir_set


@task(name="ir_datasets")
def ir_datasets(name: str, exclude_self: bool | None = None) -> Task:
    """A set of ir-datasets.com by its name there, through the library (an extra)."""
    collection, _, rest = name.partition("/")
    own = collection == "beir" and rest.partition("/")[0] in SELF_MATCHES
    return Task(
        dataset=read_ir_set(name),
        measures=MEASURES,
        depth=1000,
        exclude_self=own if exclude_self is None else exclude_self,
    )

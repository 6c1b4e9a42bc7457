"""Any of mteb's tasks by its name, and whole benchmarks.

harness model=minilm task=mteb task.name=SciFact
harness model=minilm task=mteb-benchmark 'task.name="MTEB(Law, v1)"'
"""

from harness import Context, Delegated, Task, TaskRef, task
from harness.data import mteb_registry as registry
from harness.data.mteb_convert import convert


@task
def mteb(
    name: str, subset: str | None = None, split: str | None = None, language: str | None = None, *, context: Context
) -> Task | Delegated | list[TaskRef]:
    """One of mteb's tasks; one cell per subset and split unless these are given."""
    found = registry.get(name, context.hub)
    choices = registry.parts(found, subset, split, language)
    if len(choices) > 1 or choices[0].options["name"] != found.metadata.name:
        return choices
    return convert(found, choices[0].options["subset"], choices[0].options["split"], context.hub)


@task(name="mteb-benchmark")
def mteb_benchmark(name: str) -> list[TaskRef]:
    """The tasks of one of mteb's benchmarks, such as 'MTEB(Law, v1)'."""
    return registry.benchmark(name)

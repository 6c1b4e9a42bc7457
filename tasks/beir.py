"""BEIR: a public set by its name, or any folder in BEIR layout.

harness model=minilm task=beir task.name=scifact
harness model=minilm task=beir task.path=DIR
"""

from harness import Context, Task, task
from harness.data import beir as reader
from harness.errors import ConfigError
from harness.hub import local


@task
def beir(
    name: str | None = None, path: str | None = None, split: str = "test", exclude_self: bool | None = None,
    strict: bool = True, *, context: Context,
) -> Task:  # fmt: skip
    """A BEIR data set by name, or a folder in BEIR layout."""
    if (name is None) == (path is None):
        raise ConfigError("task=beir needs either task.name=NAME (a public set) or task.path=DIR (a folder).")
    folder = local(path) if path is not None else reader.download(str(name), context.hub)
    return Task(
        dataset=reader.read_folder(
            folder, split, f"beir/{name or folder.resolve().name}", strict=strict and path is not None
        ),
        measures=reader.MEASURES,
        depth=1000,
        exclude_self=(str(name).partition("/")[0] in reader.SELF_MATCHES) if exclude_self is None else exclude_self,
    )

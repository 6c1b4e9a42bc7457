"""BEIR: a public set by its name, or any folder in BEIR layout.

python -m harness model=minilm task=beir task.name=scifact
python -m harness model=minilm task=beir task.path=DIR
"""

from pathlib import Path

from harness import Task, task
from harness.data import beir as reader
from harness.errors import ConfigError
from harness.sources import source

SELF_MATCHES = {"arguana", "quora", "cqadupstack"}
"""Sets whose queries stand in the corpus under their own id."""


@task
def beir(
    name: str | None = None, path: str | None = None, split: str = "test", exclude_self: bool | None = None,
    strict: bool = True,
) -> Task:  # fmt: skip
    """A BEIR data set by name, or a folder in BEIR layout."""
    if (name is None) == (path is None):
        raise ConfigError("task=beir needs either task.name=NAME (a public set) or task.path=DIR (a folder).")
    folder = Path(path).expanduser() if path is not None else reader.download(str(name), source())
    label = "beir/" + (name or folder.resolve().name) + (f"(split={split})" if split != "test" else "")
    return Task(
        name=label,
        dataset=reader.read_folder(folder, split, label, strict=strict and path is not None),
        measures=("nDCG@10", "MAP@10", "MRR@10", "recall@10", "recall@100", "precision@10", "success@5", "unjudged@10"),
        depth=1000,
        exclude_self=(str(name).partition("/")[0] in SELF_MATCHES) if exclude_self is None else exclude_self,
    )

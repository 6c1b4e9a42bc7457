"""A plug-in's mistake is one line with the plug-in's file and line, exit code 2, and nothing recorded."""

from __future__ import annotations

import pytest

TASK = """\
from harness import Task, Texts, task
from harness.data.build import dataset


@task
def broken() -> Task:
    parts = dict(
        documents=Texts(["d1", "d2"], ["one", "two"]),
        queries=Texts(["q1"], ["which?"]),
        qrels={{"q1": {{"d1": 1}}}},
    )
    parts.update({change})
    return Task(
        dataset=dataset(name="broken", split="test", **parts),
        measures=("nDCG@10",),
    )
"""
SYSTEM = """\
from harness import Run, system


class Broken:
    def index(self, documents, purpose, progress):
        {index}

    def search(self, queries, depth, **options):
        {search}


@system
def broken():
    return {returned}
"""


def refused(done, file: str, *said: str) -> None:
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("error: "), done.stderr
    assert all(part in done.stderr for part in (file, *said)), done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("documents=None", "the documents are NoneType, not Texts(ids, texts)"),
        ("queries=None", "the queries are NoneType, not Texts(ids, texts)"),
        ("qrels=None", "qrels are NoneType; they map query id"),
        ("qrels={'q1': ['d1']}", "qrels are dict; they map query id"),
        ("documents=Texts(['d1', 'd2'], ['one'])", "2 document ids and 1 document texts"),
        ("documents=Texts(['d1', 'd2'], ['one', None])", "the text of document 'd2' is NoneType, not str"),
        ("documents=Texts(['d1', 'd2'], None)", "the document texts are NoneType, not a list"),
        ("queries=Texts(['q1'], ['which?'], {'kind': ['a', 'b']})", "the property 'kind' has 2 values for 1 query ids"),
    ],
)
def test_a_data_set_that_is_none(harness, tmp_path, change, said):
    """None where texts belong, lists of unlike lengths, a text that is none."""
    (tmp_path / "mine").mkdir()
    file = tmp_path / "mine" / "broken.py"
    file.write_text(TASK.format(change=change))
    done = harness("model=bm25", "task=broken", env={"HARNESS_PLUGINS": str(file.parent)})
    refused(done, f"{file}:14: ", said)
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("index", "search", "returned", "said"),
    [
        ("return self", "return None", "None", ("'broken' returned NoneType, which is no System",)),
        ("return self", "return None", "[Broken()]", ("'broken' returned list, which is no System",)),
        ("return None", "return None", "Broken()", ("index() returned NoneType, which has no method search()",)),
        ("return self", "return None", "Broken()", ("search() returned NoneType, not a Run",)),
        ("return self", "return Run(['x'], [['d']], [[1.0]], depth)", "Broken()", ("query 'x' was not asked",)),
        (
            "return self",
            "return Run(list(queries.ids)[:1], [['nowhere']], [[1.0]], depth)",
            "Broken()",
            ("'nowhere', ranked",),
        ),
    ],
)
def test_a_system_that_is_none(harness, tmp_path, index, search, returned, said):
    """Wrong return types of the function, of index() and of search(), and what is no ranking."""
    (tmp_path / "mine").mkdir()
    file = tmp_path / "mine" / "broken.py"
    file.write_text(SYSTEM.format(index=index, search=search, returned=returned))
    done = harness("model=broken", "task=legal", "limit=3", env={"HARNESS_PLUGINS": str(file.parent)})
    refused(done, f"{file}:", *said)


def test_a_task_function_that_returns_something_else(harness, tmp_path):
    """A dataset in place of a task; a list of anything but references."""
    (tmp_path / "mine").mkdir()
    file = tmp_path / "mine" / "broken.py"
    for returned, kind in (("None", "NoneType"), ("['faq']", "list"), ("{}", "dict")):
        file.write_text(f"from harness import task\n\n\n@task\ndef broken():\n    return {returned}\n")
        done = harness("model=bm25", "task=broken", env={"HARNESS_PLUGINS": str(file.parent)})
        refused(done, f"{file}:4: ", f"'broken' returned {kind}, not a Task")

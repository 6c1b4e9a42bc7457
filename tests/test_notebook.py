"""The notebook runs on whatever records there are, from records alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

import toys
from harness.evaluation.recording import failed
from harness.records.archive import Archive

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "leaderboard.ipynb"
HEAVY = ("torch", "mteb", "beir", "datasets", "sentence_transformers", "transformers")


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Run every cell of the notebook, in a kernel of this interpreter, on the records of a folder."""
    for variable in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))

    def run(results: Path, file: Path = NOTEBOOK) -> nbformat.NotebookNode:
        notebook = nbformat.read(file, as_version=4)
        asked = f"import sys\nprint(sys.executable)\nprint(sorted({set(HEAVY)!r} & set(sys.modules)))"
        notebook.cells.append(nbformat.v4.new_code_cell(asked))
        spec = tmp_path / "kernels" / "this"
        spec.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        (spec / "kernel.json").write_text(
            json.dumps(
                {
                    "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                    "display_name": "this interpreter",
                    "language": "python",
                    "env": {"PYTHONPATH": path, "HARNESS_RESULTS": str(results)},
                }
            )
        )
        kernels = KernelSpecManager(kernel_dirs=[str(spec.parent)], ensure_native_kernel=False)
        manager = AsyncKernelManager(kernel_name="this", kernel_spec_manager=kernels)
        client = NotebookClient(notebook, km=manager, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
        return client.execute()

    return run


def printed(notebook: nbformat.NotebookNode) -> str:
    """What the cells gave: streams, and results as plain text."""
    outputs = [one for cell in notebook.cells if cell.cell_type == "code" for one in cell.outputs]
    return "\n".join(one.get("text") or one.get("data", {}).get("text/plain", "") for one in outputs)


def test_every_cell_runs_and_no_model_library_is_imported(harness, execute, tmp_path):
    """Two systems and a failed one: the table, the pair, its wins, a slice and a plot; torch and mteb stay away."""
    results = tmp_path / "results"
    made = harness(
        *("-m", "model=bm25", "model.k1=0.9,1.5", "task=legal", f"results={results}", "board=false", "progress=false")
    )
    assert made.returncode == 0, made.stderr
    Archive(results).write(failed(toys.job("broken", "legal"), RuntimeError("out of memory")))
    notebook = execute(results)
    text = printed(notebook)
    assert "3 records" in text and "out of memory" in text
    assert "bm25(k1=0.9)" in text and "nDCG@10" in text and "n=351" in text
    counts = [int(word) for word in text.partition("\nwins ")[2].partition("\n")[0].replace(",", "").split()[0::2]]
    assert sum(counts) == 351 and len(counts) == 3
    assert all(stratum in text for stratum in ("lay", "jargon", "negation", "party"))
    assert any("image/png" in one.get("data", {}) for one in notebook.cells[-2].outputs)
    assert notebook.cells[-1].outputs[0].text.splitlines() == [sys.executable, "[]"]


@pytest.mark.slow
def test_one_system_on_another_task_is_enough(harness, execute, tmp_path):
    """A folder without `legal` and with one system: it is compared with itself, and the slice is empty."""
    results = tmp_path / "results"
    assert harness("model=bm25", "task=faq", f"results={results}", "board=false", "progress=false").returncode == 0
    text = printed(execute(results))
    assert "bm25 against bm25 on faq" in text and "wins 0" in text and "losses 0" in text
    assert "no record of `legal` here" in text


def test_the_notebook_is_stored_without_outputs():
    """What a reader sees was made by the reader: no output, no execution count, no path of another machine."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code and all(not cell.outputs and cell.execution_count is None for cell in code)


def test_the_python_door_in_five_cells(execute, tmp_path):
    """Names, a function, a task of one's own, and the frame of all records: each cell runs, and the numbers are the board's."""
    notebook = execute(tmp_path / "results", ROOT / "notebooks" / "evaluate.ipynb")
    assert sum(cell.cell_type == "code" for cell in notebook.cells) == 5 + 1  # and the one that this test adds
    text = printed(notebook)
    assert "bm25  faq  nDCG@10  0.450" in text and "letter-pairs  0.26" in text and "runbooks" in text
    import harness

    frame = harness.read(tmp_path / "results")
    assert set(frame.system) == {"bm25", "wordllama", "rrf/bm25+wordllama", "letter-pairs"}
    assert frame[(frame.system == "bm25") & (frame.task == "faq") & frame.primary].value.round(3).tolist() == [0.45]


def test_the_readmes_jupyter_lab_comes_with_its_set_up():
    """`jupyter lab FILE` of the README: the set-up installs the program, and the kernel that it opens a notebook with."""
    (words,) = re.findall(r"^(jupyter lab \S+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert (ROOT / words.split()[-1]).exists()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert "notebook" in extras["dev"][0] and any(name.startswith("jupyterlab") for name in extras["notebook"])
    done = subprocess.run(
        [sys.executable, "-m", *words.split()[:2], "--version"], capture_output=True, text=True, check=True
    )
    assert int(done.stdout.split(".")[0]) >= 4
    assert KernelSpecManager().get_kernel_spec("python3").argv[1:3] == ["-m", "ipykernel_launcher"]

"""An evaluation harness for text-embedding models: which one, for our documents, and how sure.

Read `harness/benchmark.py` first. A plug-in needs only what is named here.
"""

from harness.registry import measure, system, task
from harness.types import Choice, Dataset, Delegated, Task, Texts

__version__ = "0.1.0"
__all__ = ["Choice", "Dataset", "Delegated", "Task", "Texts", "measure", "system", "task"]

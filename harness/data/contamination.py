"""Whether a model was trained on a public task's data, as mteb's registry has it; asked once, then kept in the cache.

A task counts as seen where the model, or the model that it was adapted from, was trained on its data set or on one that
mteb holds to be a sibling of it (a translation, a sample: `ModelMeta.get_training_datasets`).
"""

from __future__ import annotations

import importlib.metadata
import json

from harness.hub import Hub
from harness.records.atomic import write_text
from harness.records.digest import digest

UNKNOWN, SEEN, NOT_SEEN = "unknown", "seen", "not seen"
UNTRAINED = ("lexical", "latent")
"""Kinds of systems that are not trained on anything."""


def seen_in_training(model: str, task: str, hub: Hub) -> str:
    """`seen`, `not seen`, or `unknown` where mteb does not know the model, its training data, or the task.

    Args:
        model: ORG/NAME of the hub.
        task: mteb's or BEIR's name of the task, in any case.
    """
    if "/" not in model:
        return UNKNOWN
    name = digest(["training", model, task.casefold(), importlib.metadata.version("mteb")])
    note = hub.cache / "training" / f"{name}.json"
    if note.exists():
        return str(json.loads(note.read_text(encoding="utf-8"))["answer"])
    answer = _asked(model, task)
    write_text(note, json.dumps({"model": model, "task": task, "answer": answer}) + "\n", "data.cache=DIR")
    return answer


def _asked(model: str, task: str) -> str:
    import mteb
    from mteb.get_tasks import _TASKS_REGISTRY
    from mteb.models.model_implementations import MODEL_REGISTRY

    names = {one.casefold(): one for one in _TASKS_REGISTRY}
    name = names.get(task.casefold()) or names.get(f"{task.casefold()}retrieval")
    if name is None or model not in MODEL_REGISTRY:
        return UNKNOWN
    zero_shot = mteb.get_model_meta(model, fetch_from_hf=False).is_zero_shot_on([name])
    return UNKNOWN if zero_shot is None else NOT_SEEN if zero_shot else SEEN

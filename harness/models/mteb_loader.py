"""mteb's loader and wrapper of a model, at the seam: name in, vectors out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.errors import ModelError, NotApplicable, UnknownName, Unreachable
from harness.hub import Hub, is_unreachable
from harness.models.files import weights_digest
from harness.models.spec import ModelSpec
from harness.types import Purpose, Role, Vectors


def load(name: str, revision: str | None, device: str, hub: Hub) -> Any:
    """The loaded wrapper; `UnknownName` with the nearest, `Unreachable` where its files cannot be had."""
    _expect(name)
    try:
        return _mirrored(name, revision, hub).load_model(device=None if device == "auto" else device)
    except ImportError as error:
        raise ModelError(f"mteb's loader of '{name}' needs a package that is not installed: {error}") from error
    except Exception as error:
        if is_unreachable(error):
            raise Unreachable(hub.advice(f"the model '{name}'", "model=path model.path=DIR")) from error
        raise ModelError(f"mteb cannot load '{name}': {type(error).__name__}: {error}") from error


def _expect(name: str) -> None:
    from mteb.models.model_implementations import MODEL_REGISTRY

    if name not in MODEL_REGISTRY:
        raise UnknownName(
            "mteb model", name, MODEL_REGISTRY, "Any other model of the hub: model=hub model.name=ORG/NAME."
        )


def _mirrored(name: str, revision: str | None, hub: Hub) -> Any:
    """mteb's metadata of a model, whose loader is sent to the mirror's folder where there is one."""
    import mteb

    meta = mteb.get_model_meta(name, revision)
    folder = hub.model(name)
    return meta if folder is None else meta.model_copy(update={"name": str(folder), "revision": None})


def revision_of(name: str, revision: str | None, hub: Hub) -> str:
    """What stands for the weights: the digest of the mirror's files, else the revision that is asked for or mteb pins."""
    import mteb

    folder = hub.model(name)
    if folder is not None:
        return weights_digest(ModelSpec(path=str(folder)), folder)
    _expect(name)
    return str(revision or mteb.get_model_meta(name).revision)


def vectors(model: Any, texts: Sequence[str], role: Role, purpose: Purpose) -> Vectors:
    """What mteb's wrapper makes of texts, with the prompt that it takes for this task and role."""
    from mteb._create_dataloaders import _create_dataloader_from_texts
    from mteb.types import PromptType

    if not hasattr(model, "encode"):
        raise NotApplicable(
            f"{model.mteb_model_meta.name} is not an encoder: mteb registers it as another kind of model."
        )
    embeddings = model.encode(
        _create_dataloader_from_texts(list(texts)),
        task_metadata=_metadata(purpose.task, purpose.kind),
        hf_split="test",
        hf_subset="default",
        prompt_type=PromptType(role) if role else None,
        batch_size=32,
        show_progress_bar=False,
    )
    embeddings = embeddings.float().cpu().numpy() if hasattr(embeddings, "cpu") else np.asarray(embeddings)
    return np.ascontiguousarray(embeddings, dtype=np.float32)


def pair_scores(model: Any, pairs: Sequence[tuple[str, str]], purpose: Purpose) -> Vectors:
    """What mteb's wrapper of a reranker says of pairs of a query and a document; float32, shape (pairs,)."""
    from datasets import Dataset
    from torch.utils.data import DataLoader

    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    queries = Dataset.from_dict({"text": sides[0], "query": sides[0]})  # some wrappers read the one, some the other
    documents = Dataset.from_dict({"text": sides[1]})
    scores = model.predict(
        *(DataLoader(side, batch_size=32) for side in (queries, documents)),
        task_metadata=_metadata(purpose.task, purpose.kind),
        hf_split="test",
        hf_subset="default",
        batch_size=32,
        show_progress_bar=False,
    )
    scores = scores.float().cpu().numpy() if hasattr(scores, "cpu") else np.asarray(scores)
    return np.ascontiguousarray(scores, dtype=np.float32).reshape(-1)


def stated(name: str, revision: str | None) -> Any:
    """mteb's metadata of a model; `UnknownName` with the nearest. Nothing is loaded."""
    import mteb

    _expect(name)
    return mteb.get_model_meta(name, revision)


def similarity_name(meta: Any) -> str:
    """The harness's word for the similarity of mteb's metadata; empty where it states none."""
    similarity = getattr(meta, "similarity_fn_name", None)
    return str(getattr(similarity, "value", similarity) or "")


def _metadata(task: str, kind: str) -> Any:
    """mteb's metadata of the task, or a bare one for a task that mteb does not know."""
    import mteb

    name = task.removeprefix("mteb/").partition("(")[0]
    try:
        return mteb.get_task(name).metadata
    except KeyError:
        from mteb.abstasks.task_metadata import TaskMetadata

        return TaskMetadata.model_construct(
            name=name or "harness", type=kind or "Retrieval", prompt=None, category="t2t", modalities=["text"]
        )

"""One subset and split of an mteb task as ours: ranked by our evaluator, or delegated to mteb's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from harness.data.build import dataset
from harness.data.mteb_adapter import EncoderForMteb
from harness.data.mteb_items import PREDICTIONS, heard
from harness.data.mteb_registry import redirect
from harness.errors import DataError, HarnessError, NotApplicable, Unreachable
from harness.hub import Hub, is_unreachable
from harness.records.digest import digest
from harness.records.mteb_names import ours
from harness.types import Dataset, Delegated, Encoder, Evaluated, Run, Task, Texts

USUAL = ("nDCG@10", "MAP@10", "MRR@10", "recall@10", "recall@100", "precision@10", "success@5", "unjudged@10")


def convert(task: Any, subset: str, split: str, hub: Hub) -> Task | Delegated:
    """One subset and split of an mteb task, loaded, as ours."""
    from mteb.abstasks import AbsTaskRetrieval

    metadata = task.metadata
    if set(metadata.modalities) != {"text"}:
        raise NotApplicable(
            f"mteb/{metadata.name} needs {', '.join(metadata.modalities)}; this harness evaluates text."
        )
    task.hf_subsets = [subset]
    if isinstance(task, AbsTaskRetrieval) and not task.skip_first_result:
        return _ranked(task, subset, split, hub)
    return _delegated(task, subset, split, hub)


def _ranked(task: Any, subset: str, split: str, hub: Hub) -> Task:
    task._eval_splits = [split]
    _load(task, hub)
    task.convert_v1_dataset_format_to_v2(None)
    data = task.dataset[subset][split]
    main = ours(task.metadata.main_score)
    ranked = main != task.metadata.main_score or main in USUAL
    return Task(
        name=_name(task, subset, split),
        dataset=_dataset(task, data, split),
        measures=tuple(dict.fromkeys([main, *USUAL] if ranked else USUAL)),
        depth=max(task.k_values),
        exclude_self=bool(task.ignore_identical_ids),
        kind=task.metadata.type,
        options=_origin(task, subset),
        whole_run=None if ranked else lambda run: _specific(task, data, run, subset, split),
    )


def _dataset(task: Any, data: Mapping[str, Any], split: str) -> Dataset:
    from mteb._create_dataloaders import _retrieval_texts
    from mteb.types import PromptType

    candidates = data.get("top_ranked")
    return dataset(
        name=f"mteb/{task.metadata.name}",
        revision=str(task.metadata.dataset.get("revision", "")),
        split=split,
        documents=Texts(list(data["corpus"]["id"]), list(_retrieval_texts(data["corpus"], PromptType.document))),
        queries=Texts(list(data["queries"]["id"]), list(_retrieval_texts(data["queries"], PromptType.query))),
        qrels=data["relevant_docs"],
        candidates=candidates,
        strict=False,
        keep_without_positive=True,
    )


def _specific(task: Any, data: Mapping[str, Any], run: Run, subset: str, split: str) -> dict[str, float]:
    """mteb's own measures of this one task (p-MRR, robustness …), computed by mteb from our run."""
    from mteb._evaluators.retrieval_metrics import calculate_retrieval_scores

    results = {
        query_id: dict(zip(documents, map(float, scores), strict=True))
        for query_id, documents, scores in zip(run.query_ids, run.doc_ids, run.scores, strict=True)
    }
    qrels = {query_id: data["relevant_docs"][query_id] for query_id in results}
    every, *_ = calculate_retrieval_scores(results, qrels, list(task.k_values), False)
    specific = task.task_specific_scores(every, qrels, results, hf_split=split, hf_subset=subset)
    main = task.metadata.main_score
    if main not in specific:
        raise DataError(f"mteb/{task.metadata.name} names '{main}' as its main score but does not compute it.")
    return {main: float(specific[main])}


def _delegated(task: Any, subset: str, split: str, hub: Hub) -> Delegated:
    _load(task, hub)
    unused = [task]

    def score(encoder: Encoder) -> Evaluated:
        """Through `mteb.evaluate`, on a task of its own: an evaluation uses up the task's random state."""
        import mteb

        fresh = unused.pop() if unused else _again(task, subset, hub)
        fresh._eval_splits = [split]
        evaluated = heard(fresh, subset, split)
        result = mteb.evaluate(
            EncoderForMteb(encoder), fresh, cache=None, show_progress_bar=False, co2_tracker=False,
            encode_kwargs={"batch_size": 64}, prediction_folder=PREDICTIONS,
        )  # fmt: skip
        return evaluated(next(one for one in result.task_results[0].scores[split] if one["hf_subset"] == subset))

    return Delegated(
        name=_name(task, subset, split),
        measure=task.metadata.main_score,
        dataset_name=f"mteb/{task.metadata.name}",
        revision=str(task.metadata.dataset.get("revision", "")),
        split=split,
        fingerprint=_content(task, subset, split),
        kind=task.metadata.type,
        options=_origin(task, subset),
        score=score,
    )


def _again(task: Any, subset: str, hub: Hub) -> Any:
    """A task of the same class on the same data, with its random state as new."""
    fresh = redirect(type(task)(), hub)
    fresh.hf_subsets = [subset]
    _load(fresh, hub)
    return fresh


def _load(task: Any, hub: Hub) -> None:
    import datasets

    datasets.disable_progress_bars()  # the harness has a display of its own
    if task.data_loaded:
        return
    try:
        task.load_data()
    except HarnessError:
        raise
    except Exception as error:
        path = task.metadata.dataset.get("path", "")
        if is_unreachable(error):
            what = f"the data set '{path}' of mteb's {task.metadata.name}"
            raise Unreachable(hub.advice(what, "task=beir task.path=DIR")) from error
        raise DataError(
            f"mteb/{task.metadata.name} ({path}) cannot be loaded: {type(error).__name__}: {error}"
        ) from error


def _origin(task: Any, subset: str) -> dict[str, Any]:
    """What mteb's own result files say of a task, for the export."""
    metadata = task.metadata
    return {
        "mteb_task": metadata.name,
        "subset": subset,
        "languages": list(metadata.hf_subsets_to_langscripts.get(subset, metadata.languages)),
        "main_score": metadata.main_score,
    }


def _name(task: Any, subset: str, split: str) -> str:
    metadata = task.metadata
    options = [f"subset={subset}"] if len(metadata.hf_subsets) > 1 else []
    options += [f"split={split}"] if list(metadata.eval_splits) != [split] else []
    return f"mteb/{metadata.name}" + (f"({','.join(options)})" if options else "")


def _content(task: Any, subset: str, split: str) -> str:
    """Digest of every split of the subset (a classifier is trained on another one than it is tested on)."""
    data = task.dataset
    chosen = data.get(subset, data)
    return digest([split, [[name, digest(list(_rows(chosen[name])))] for name in sorted(chosen)]])


def _rows(rows: Iterable[Any]) -> Iterable[str]:
    return (json.dumps(row, sort_keys=True, default=str, ensure_ascii=False) for row in rows)

"""The models of `conf/model/`: what a YAML states is what mteb states of the model, so that both give one number."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.context import Context
from harness.models.prompts import prompt

CONF = Path(__file__).parents[1] / "conf"
FILES = {file.stem: file for file in sorted((CONF / "model").glob("*.yaml"))}
WRITTEN = {name: yaml.safe_load(file.read_text(encoding="utf-8")) for name, file in FILES.items()}
ENDPOINTS = {
    "text-embedding-3-small": "openai/text-embedding-3-small",
    "text-embedding-3-large": "openai/text-embedding-3-large",
    "voyage-3.5": "mongodb/voyage-3.5",
    "embed-v4.0": "Cohere/Cohere-embed-v4.0",
    "jina-embeddings-v3": "jinaai/jina-embeddings-v3",
    "jina-embeddings-v4": "jinaai/jina-embeddings-v4",
    "gemini-embedding-001": "google/gemini-embedding-001",
}
"""Models behind an endpoint, and mteb's names of them."""
DENSE = sorted(name for name in FILES if set(WRITTEN[name]["defaults"]) & {"hub", "path", "package"})
ROWS = [name for name in FILES if set(WRITTEN[name]["defaults"]) & {"late-interaction", "sparse"}]
NAMED = [name for name in sorted([*DENSE, *ROWS]) if WRITTEN[name].get("name", "???") != "???"]
OPEN = {"hub": "name", "path": "path"}
"""YAMLs that leave to the command line which model it is, and the option that says it."""

OWN_FILES = "mteb states none and takes them from the model's own files; ours are those, written out"
MARKERS = "mteb has PyLate put the model's own markers in front; ours are those, as sentence-transformers writes them"
EXCEPTIONS = {
    "minilm": {"revision": "the files come with a package and are held by their digest"},
    "minilm-tokens": {
        "revision": "the files come with a package and are held by their digest",
        "similarity": "mteb speaks of its one vector; what is compared here are its tokens'",
        "max_length": "the length at which its token vectors were measured",
    },
    "colbertv2": {"prompts": MARKERS},
    "gte-moderncolbert": {"prompts": MARKERS},
    "jina-colbert-v2": {"prompts": MARKERS},
    "minilm-l12": {"max_length": "mteb gives the model card's 256; the model's files, and so mteb's runs, cut at 128"},
    "e5-large": {"max_length": "mteb says 514; the model has 512 positions"},
    "multilingual-e5-base": {"max_length": "mteb counts the two positions that XLM-R spends on padding"},
    "multilingual-e5-large": {"max_length": "mteb counts the two positions that XLM-R spends on padding"},
    "arctic-s": {"prompts": OWN_FILES},
    "arctic-l": {"prompts": OWN_FILES},
    "embedding-gemma": {"prompts": OWN_FILES},
    "qwen3-0.6b": {"prompts": "mteb makes them from each task's instruction, which has a test of its own below"},
}
"""Model → field → why ours deliberately differs from mteb's."""


@pytest.fixture(scope="module")
def composed() -> dict[str, dict[str, Any]]:
    """Every YAML of conf/model as Hydra composes it, by its name."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from harness.compose.composition import prepare

    prepare(())
    options = {}
    with initialize_config_dir(version_base="1.3", config_dir=str(CONF)):
        for name in FILES:
            given = [f"model.{OPEN[name]}=ORG/NAME"] if name in OPEN else []
            options[name] = OmegaConf.to_container(compose("config", [f"model={name}", *given]).model, resolve=True)
    return options


def stated_by_mteb(name: str) -> dict[str, Any]:
    """What mteb's registry says of a model, in the words of our options; what it leaves open is absent."""
    import mteb

    meta = mteb.get_model_meta(name)
    loader: Mapping[str, Any] = meta.loader_kwargs or {}
    similarity = meta.similarity_fn_name
    stated = {
        "revision": meta.revision,
        "dimension": meta.embed_dim,
        "similarity": getattr(similarity, "value", similarity),
        "parameters": meta.n_parameters,
        "licence": meta.license,
        "prompts": dict(loader.get("model_prompts") or {}),
        "trust_remote_code": bool(loader.get("trust_remote_code", False)),
    }
    stated = {key: value for key, value in stated.items() if value is not None}
    if meta.max_tokens is not None:
        stated["max_length"] = None if math.isinf(meta.max_tokens) else int(meta.max_tokens)
    return stated


@pytest.mark.parametrize("name", NAMED)
def test_states_what_mteb_states(name: str, composed: dict[str, dict[str, Any]]) -> None:
    """Revision, size, limit, similarity, licence and prompts are mteb's, but for the documented exceptions."""
    ours = composed[name]
    theirs = stated_by_mteb(ours["name"])
    if ours["parameters"] is None:
        theirs.pop("parameters", None)
    differing = {field for field, value in theirs.items() if ours[field] != value}
    assert differing == set(EXCEPTIONS.get(name, {})), {field: (ours[field], theirs[field]) for field in differing}


def test_exceptions_are_of_models_that_exist() -> None:
    """No exception outlives its model."""
    assert set(EXCEPTIONS) <= set(NAMED)


@pytest.mark.parametrize("name", DENSE)
def test_composes_to_a_dense_system(name: str, composed: dict[str, dict[str, Any]]) -> None:
    """Every YAML composes to options that `hub` accepts; nothing is loaded or asked of a hub for that."""
    from harness.config.options import call
    from harness.registry import systems

    options = composed[name]
    system = call(systems.get(options["_plugin_"]), options, label=name, context=Context(device="cpu"))
    assert system.name == name
    assert dict(system.spec.prompts) == options["prompts"]
    assert system.spec.usage()["max_length"] == options["max_length"]


@pytest.mark.parametrize("name", DENSE)
def test_prompts_are_under_keys_that_are_looked_up(name: str, composed: dict[str, dict[str, Any]]) -> None:
    """Every prompt stands under a role, a task type or a task's name that mteb knows: none is dead."""
    from mteb.models.abs_encoder import AbsEncoder

    AbsEncoder.validate_task_to_prompt_name(composed[name]["prompts"] or None)


@pytest.mark.parametrize("name", sorted(FILES))
def test_first_line_says_which_model_it_is(name: str) -> None:
    """The first line is a comment, which `--help` shows beside the name."""
    first = FILES[name].read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert len(first) <= 100


def test_every_endpoint_is_listed() -> None:
    """A YAML that extends `api` is held against mteb below."""
    assert {name for name, written in WRITTEN.items() if written["defaults"] == ["api"]} == set(ENDPOINTS)


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_an_endpoint_states_what_mteb_states(name: str, composed: dict[str, dict[str, Any]]) -> None:
    """Dimension, limit, similarity and licence; a price is of a day and of a source, which the comment names."""
    from harness.config.options import call
    from harness.registry import systems

    ours, theirs = composed[name], stated_by_mteb(ENDPOINTS[name])
    for field in ("dimension", "max_length", "similarity", "licence"):
        if field in theirs:
            assert ours[field] == theirs[field], field
    system = call(systems.get("api"), ours, label=name, context=Context(device="cpu"))
    assert system.spec.base.startswith("https://") and system.spec.vendor.key_env
    comment = FILES[name].read_text(encoding="utf-8").partition("defaults:")[0]
    assert ("read on 20" in comment) == (ours["price"] is not None) and "KEY" in comment.splitlines()[0]


MAPPED = {
    "embed-v4.0": "mteb's loader of v4 leaves the input type to Cohere's wrapper of v3, whose mapping ours is",
    "jina-embeddings-v3": "tasks that Jina AI does not name for pairs and reranking",
    "jina-embeddings-v4": "mteb runs the open weights",
    "gemini-embedding-001": "mteb says SIMILARITY, the API SEMANTIC_SIMILARITY",
}
"""Endpoint → why its input types are not mteb's to the letter."""


@pytest.mark.parametrize("name", sorted(set(ENDPOINTS) - set(MAPPED)))
def test_input_types_are_mtebs(name: str, composed: dict[str, dict[str, Any]]) -> None:
    """As mteb's wrapper sends them; OpenAI knows none."""
    assert dict(composed[name]["inputs"]) == stated_by_mteb(ENDPOINTS[name])["prompts"]


def test_gemini_and_cohere_send_words_that_their_apis_know(composed: dict[str, dict[str, Any]]) -> None:
    """From the public references of both."""
    cohere = {"search_document", "search_query", "classification", "clustering"}
    gemini = {"RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY", "CLASSIFICATION", "CLUSTERING"}
    jina = {"retrieval.query", "retrieval.passage", "separation", "classification", "text-matching"}
    for name, known in (("embed-v4.0", cohere), ("gemini-embedding-001", gemini), ("jina-embeddings-v3", jina)):
        assert set(composed[name]["inputs"].values()) <= known


def test_qwen3_is_told_the_task_as_mteb_tells_it(composed: dict[str, dict[str, Any]]) -> None:
    """On every task of conf/task and of five benchmarks, a text gets the instruction that mteb's wrapper gives it."""
    from mteb.models.instruct_wrapper import InstructSentenceTransformerModel
    from mteb.models.model_implementations.qwen3_models import instruction_template
    from mteb.types import PromptType

    wrapper = InstructSentenceTransformerModel.__new__(InstructSentenceTransformerModel)  # its weights are not needed
    wrapper.instruction_template, wrapper.prompts_dict = instruction_template, None
    ours = composed["qwen3-0.6b"]["prompts"]
    wrong = {}
    for task in instructed():
        metadata = task.metadata
        ranked = "Retrieval" in metadata.type or "Reranking" in metadata.type
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = wrapper.get_task_instruction(metadata, PromptType.query if ranked else None)
        role = "query" if ranked else ""
        if prompt(ours, role, f"mteb/{metadata.name}", metadata.type) != theirs:
            wrong[metadata.name] = theirs
        if ranked and prompt(ours, "document", f"mteb/{metadata.name}", metadata.type):
            wrong[f"{metadata.name}, documents"] = ""
    assert not wrong


def instructed() -> Iterator[Any]:
    """mteb's tasks that conf/task names, and those of the benchmarks that the YAML promises; aggregates as their parts."""
    import mteb

    written = [yaml.safe_load(file.read_text()) for file in sorted((CONF / "task").glob("*.yaml"))]
    tasks = [mteb.get_task(one["name"]) for one in written if one["defaults"] == ["mteb"]]
    for benchmark in ("MTEB(eng, v2)", "MTEB(Law, v1)", "MTEB(Medical, v1)", "BEIR", "NanoBEIR"):
        tasks += mteb.get_benchmark(benchmark).tasks
    for task in tasks:
        yield from task.metadata.tasks if hasattr(task, "taskname_to_task") else [task]

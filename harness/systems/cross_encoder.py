"""A cross-encoder: query and document through one model, whose logit ranks the candidates that it is given.

`model=cross-encoder model.path=DIR` on a reranking task, or behind a first stage: `model=rerank/bm25:ms-marco-minilm-l6`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.context import Context
from harness.encode.engine import Arrival, Report
from harness.encode.forward import Forward
from harness.facts import Facts
from harness.models.files import locate, weights_digest
from harness.models.pair_template import expect_template
from harness.models.prompts import prompt
from harness.models.runtimes.choice import candidate, version
from harness.models.spec import ModelSpec
from harness.models.windows import Cutter, Windows
from harness.records.atomic import expect_writable, write_text
from harness.records.digest import digest as digest_of
from harness.registry import system
from harness.systems.dense import LIBRARIES, OF_RUNTIME
from harness.systems.location import BY_CONTENT, WINDOWS
from harness.systems.pair_scoring import CandidateIndex
from harness.systems.windows import windowed
from harness.types import Index, Progress, Purpose, Texts, no_progress

if TYPE_CHECKING:
    from harness.models.pair_scorer import PairScorer

STATED = ("parameters", "licence")


class CrossEncoder:
    """A cross-encoder that is loaded when it is first asked for a score that is not kept."""

    depth_independent = True

    def __init__(
        self, name: str, spec: ModelSpec, template: str, context: Context, windows: Windows | None = None
    ) -> None:
        self.name, self.spec, self.template, self.context, self.windows = name, spec, template, context, windows

    @functools.cached_property
    def folder(self) -> Path:
        """Where the model's files are."""
        return locate(self.spec, self.context.hub)

    @functools.cached_property
    def weights(self) -> str:
        """Digest of the model's files."""
        return weights_digest(self.spec, self.folder)

    @property
    def runtime(self) -> str:
        """What runs the forward pass; for `auto`, what was found to be exact when the model was first loaded."""
        runtime = candidate(self.spec, self.context.device)
        return runtime if self.spec.runtime != "auto" or runtime == "torch" else str(self.loaded_facts["runtime"])

    @functools.cached_property
    def identity(self) -> str:
        """Digest of files and usage; needs no torch once the model was loaded on this machine."""
        cut = [self.windows.flat()] if self.windows else []
        return digest_of(["cross-encoder", self.weights, self._usage(), self.runtime, *cut])

    def identity_for(self, purpose: Purpose) -> str:
        """The prompts that are used for a task of this name and kind."""
        return digest_of([self._stated_prompt("query", purpose), self._stated_prompt("document", purpose)])

    @functools.cached_property
    def scorer(self) -> PairScorer:
        """The loaded model."""
        from harness.models.pair_scorer import PairScorer

        _ = self.weights  # refuse other files than the named before they are loaded
        expect_writable(self.context.hub.cache, "data.cache=DIR")
        made = PairScorer(self.spec, self.template, self.folder, self.context.device, self._notes.with_suffix(""))
        names = ("runtime", "executes", "parameters", "max_length", "device", "tokenized", "prompt")
        facts = {**{name: getattr(made, name) for name in names}, "parity": round(made.parity, 7)}
        write_text(self._notes, json.dumps(facts, indent=2) + "\n", "data.cache=DIR")
        return made

    @property
    def loaded_facts(self) -> Mapping[str, Any]:
        """What only the loaded model can tell, noted when it was loaded last: a warm evaluation does not load it."""
        if not self._notes.exists():
            _ = self.scorer
        return dict(json.loads(self._notes.read_text(encoding="utf-8")))

    @property
    def facts(self) -> Facts:
        """What made the scores; what only the loaded model can tell, once it has been loaded."""
        spec, loaded = self.spec, self.loaded_facts if self._notes.exists() else {}
        runtime = str(loaded.get("runtime", spec.runtime))
        return Facts(
            kind="cross-encoder",
            model=spec.title,
            revision=spec.revision,
            weights=self.weights,
            licence=spec.licence,
            parameters=loaded.get("parameters", spec.parameters),
            max_length=loaded.get("max_length", spec.max_length),
            prompts=dict(sorted(spec.prompts.items())),
            dtype=spec.dtype,
            runtime=runtime,
            device=str(loaded.get("device", "")),
            parity=loaded.get("parity"),
            executes=str(loaded.get("executes", "")),
            libraries=(*LIBRARIES, *OF_RUNTIME.get(runtime, ())),
            other={
                **({"template": self.template} if self.template else {}),
                **(self.windows.flat() if self.windows else {}),
            },
        )

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> Index:
        """The corpus, of which candidates can be ranked; in windows, each by its best passage or its first."""
        if self.windows is None:
            return CandidateIndex(self, documents, purpose)
        cutter = Cutter(self.folder, self.windows, self._stated_prompt("document", purpose))
        return windowed(lambda texts: CandidateIndex(self, texts, purpose), documents, cutter, self.windows.pool)

    def configuration(self, purpose: Purpose) -> Mapping[str, Any]:
        """Weights, usage, runtime and prompts."""
        prompts = [self._stated_prompt(role, purpose) for role in ("query", "document")]
        return {**self._usage(), "runtime": self.runtime, "weights": self.weights, "prompts": prompts}

    def embedder(self, purpose: Purpose) -> Prompted:
        """The loaded model under the prompts of a task."""
        return Prompted(self.scorer, self.prompts_for(purpose))

    def prompts_for(self, purpose: Purpose) -> Mapping[str, str]:
        """By mteb's order of precedence; where none is stated, the model's own default in front of the query."""
        stated = {role: self._stated_prompt(role, purpose) for role in ("query", "document")}
        return stated if self.spec.prompts else {**stated, "query": str(self.loaded_facts["prompt"])}

    def other_notes(self) -> Mapping[str, Any]:
        """Who cuts what is too long, where it is not the harness."""
        by_library = self.loaded_facts["tokenized"] == "library"
        return {"cut_by": "sentence-transformers, from the longer of query and document"} if by_library else {}

    def _stated_prompt(self, role: Literal["query", "document"], purpose: Purpose) -> str:
        return prompt(self.spec.prompts, role, purpose.task, purpose.kind)

    def _usage(self) -> dict[str, Any]:
        """How a pair is read, as far as the files do not say it."""
        spec = self.spec
        return {"template": self.template, "max_length": spec.max_length, "dtype": spec.dtype, "cut": "document"}

    @property
    def _notes(self) -> Path:
        """File of the facts that only a loaded model has; a folder of that name holds its converted copies."""
        runtime = candidate(self.spec, self.context.device)
        key = {**self._usage(), "weights": self.weights, "device": self.context.device}
        name = digest_of(["cross-encoder", key, runtime, version(runtime)])
        return self.context.hub.cache / "models" / f"{name}.json"


class Prompted:
    """The embedder of a loaded cross-encoder, with what stands in front of query and document."""

    def __init__(self, scorer: PairScorer, prompts: Mapping[str, str]) -> None:
        self._scorer, self._prompts = scorer, prompts

    @property
    def dimension(self) -> int:
        """A score, and the tokens cut of its query."""
        return self._scorer.dimension

    def arrivals(self, texts: Sequence[Any], labels: Sequence[Any], prompt: str, report: Report) -> Iterator[Arrival]:
        """A shard of pairs at a time."""
        front = self._prompts["document"]
        pairs = [(query, front + document) for query, document in texts] if front else texts
        yield from Forward(self._scorer).arrivals(pairs, labels, self._prompts["query"], report)


@system(
    name="cross-encoder",
    about="A cross-encoder that ranks given candidates: model.path=DIR, or model.name=ORG/NAME; behind a first stage rerank/…",
    not_identity=(*BY_CONTENT, *STATED, *WINDOWS, "runtime"),
)
def cross_encoder(
    *,
    label: str,
    context: Context,
    name: str = "",
    revision: str = "",
    path: str = "",
    package: str = "",
    folder: str = "",
    digest: str = "",
    prompts: dict[str, str] = {},  # noqa: B006 - read as a default, never changed
    template: str = "",
    max_length: int | None = None,
    dtype: Literal["float32", "bfloat16", "float16"] = "float32",
    runtime: Literal["auto", "torch", "openvino", "onnx"] = "auto",
    parameters: int | None = None,
    licence: str = "",
    trust_remote_code: bool = False,
    window: int | None = None,
    stride: int | None = None,
    pool: Literal["max", "first-p"] = "max",
) -> CrossEncoder:
    """A sentence-transformers cross-encoder: by hub name, local folder or installed package.

    `template` is the literal text that a generative reranker reads, with {query}, {document} and perhaps {prompt}. Raises
    `ModelError` where the files are named by none or several, `ConfigError` for a template without its places.
    """
    if template:
        expect_template(template)
    spec = ModelSpec.placed(
        name=name, revision=revision, path=path, package=package, folder=folder, digest=digest, prompts=prompts,
        max_length=max_length, dtype=dtype, runtime=runtime, parameters=parameters, licence=licence,
        trust_remote_code=trust_remote_code,
    )  # fmt: skip
    return CrossEncoder(label, spec, template, context, Windows.of(window, stride, pool, max_length))

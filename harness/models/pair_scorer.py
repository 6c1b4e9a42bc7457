"""A loaded cross-encoder: pairs to tokens, tokens to logits, on the runtime that was asked for and found to be exact."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.models.cross_encoder_loading import head_in_float32, load_cross_encoder
from harness.models.loading import best_device
from harness.models.pair_template import Templated, chat_template
from harness.models.pair_texts import PairTexts, with_lengths
from harness.models.pair_tokens import UNCUT, Assembled, Pair, PairTokenizer, PairTokens
from harness.models.runtimes import torch as reference
from harness.models.runtimes.choice import candidate
from harness.models.runtimes.runner import Unsupported
from harness.models.spec import ModelSpec
from harness.types import Vectors

QUERIES = ("notice period for termination", " reset password ", "42 € – naïve café", "x")
DOCUMENTS = (
    "The Supplier shall not be liable for any indirect or consequential loss.",
    "  To reset your password, follow the link that we sent you.\n",
    "Straße, 日本語",
    "y",
    "An evaluation of embedding models compares the vectors of queries with those of documents. " * 8,
)
PROBE = tuple((query, document) for query in QUERIES for document in DOCUMENTS)
"""Pairs on which a way of tokenizing and a runtime are held against sentence-transformers' own, in torch and float32."""
EXACT = 1e-4
"""A runtime whose logits on the probe differ from torch's by more than this share of their range is refused."""
UNLIMITED = 1_000_000
"""Tokenizers without a limit state a number beyond this."""


class PairScorer:
    """A sentence-transformers CrossEncoder, ready to score.

    Attributes:
        device: Where it runs.
        runtime: What runs the forward pass: `torch`, `openvino` or `onnx`.
        parity: Cosine between its logits of the probe and torch's in float32, as one vector each.
        max_length: Tokens of a pair after which its document is cut, or None where the model has no limit.
        tokenized: How pairs become tokens: `pair`, `template`, or `library` where sentence-transformers does it, and cuts.
    """

    dimension = 2
    """Of a pair: its logit, and how many tokens of its query were cut."""

    def __init__(self, spec: ModelSpec, template: str, folder: Path, device: str, cache: Path) -> None:
        self.spec, self.device = spec, best_device(device)
        if spec.dtype not in ("float32", "bfloat16", "float16") or (spec.dtype == "float16" and self.device == "cpu"):
            raise ModelError(
                f"model.dtype={spec.dtype} is not for a cross-encoder on this device: float32, or bfloat16 with torch."
            )
        self._model = load_cross_encoder(spec, folder, self.device)
        self.prompt = self._model._resolve_prompt(None, None) or ""
        self.max_length = self._limited()
        self.tokenized = "library"
        self._tokenizers: dict[bool, PairTokenizer] = {}
        self._choose_tokenizer(template)
        self._expect_room()
        self._model.append(_as_vector())
        self._run = reference.runner(self._model, normalize=False)
        self.runtime, self.parity = "torch", 1.0
        self._choose(candidate(spec, device), cache)

    @property
    def parameters(self) -> int:
        """Parameters of the loaded weights."""
        return sum(parameter.numel() for parameter in self._model.parameters())

    @property
    def budget(self) -> tuple[int, int]:
        """Padded tokens and pairs of a batch."""
        return (4_096, 64) if self.device == "cpu" else (131_072, 4_096)

    @property
    def executes(self) -> str:
        """The precision that the runtime says it computes in."""
        return self._run.executes

    def prepare(self, texts: Sequence[Pair], prompt: str = "") -> PairTokens | PairTexts:
        """Pairs as tokens, each distinct text tokenized once."""
        tokenizer = self._tokenizers.get(bool(prompt))
        if tokenizer is None:
            return with_lengths(self._model, texts, prompt, self.max_length)
        return tokenizer.tokenize(texts, prompt, self.max_length)

    def forward(self, prepared: PairTokens | PairTexts, rows: NDArray[np.int64]) -> Vectors:
        """Logit, and tokens cut of the query, of some of the prepared pairs; float32, shape (len(rows), 2).

        Raises:
            MemoryError: The batch does not fit into the device.
        """
        if isinstance(prepared, PairTexts):
            logits = prepared.scored(self._model, rows)
        else:
            logits = self._run.forward(prepared.batch(rows), prepared.shared)
        cut = prepared.query_cut[rows].astype(np.float32)
        return np.ascontiguousarray(np.stack([logits.reshape(-1), cut], axis=1), dtype=np.float32)

    def _choose_tokenizer(self, template: str) -> None:
        """The fast way that gives sentence-transformers' own ids; a template that was given is taken at its word."""
        fast = getattr(self._model.tokenizer, "is_fast", False) and hasattr(self._model[0], "auto_model")
        if template:
            if not fast:
                raise ModelError(f"model.template is for models with a fast tokenizer, and {self.spec.title} has none.")
            given = Templated(self._model, template, special=True)
            self.tokenized, self._tokenizers = "template", {False: given, True: given}
            return
        if not fast:
            return
        if "message" not in self._model[0].modality_config:
            pair = Assembled(self._model)
            if self._same(pair, ""):
                self.tokenized, self._tokenizers = "pair", {False: pair, True: pair}
            return
        self._expect_pairs()
        for prompted in (False, True):
            text = chat_template(self._model, prompted=prompted)
            way = Templated(self._model, text, special=False) if text is not None else None
            if way is not None and self._same(way, "Find what answers the question." if prompted else ""):
                self.tokenized, self._tokenizers[prompted] = "template", way

    def _same(self, way: PairTokenizer, prompt: str) -> bool:
        """True if it gives the library's own tokens on the probe."""
        theirs = self._model.preprocess([list(pair) for pair in PROBE], prompt=prompt or None, processing_kwargs=UNCUT)
        ours = way.tokenize(PROBE, prompt, None)
        columns = [name for name, value in theirs.items() if isinstance(value, list)]
        return all(
            name in ours.columns and [one for row in theirs[name] for one in row] == ours.columns[name].tolist()
            for name in columns
        )

    def _expect_pairs(self) -> None:
        """`ModelError` where a chat template holds no query and no document: every pair would read alike."""
        first = self._model[0]
        how = {k: v for k, v in first.processing_kwargs.get("chat_template", {}).items() if k != "restore_suffix"}
        if (reason := first.input_formatter.pair_roles_failure(how)) is not None:
            raise ModelError(
                f"The chat template of {self.spec.title} carries no query and document ({reason}). Say how it reads a pair: "
                "model.template='… {query} … {document} …'."
            )

    def _limited(self) -> int | None:
        model = self._model
        config = getattr(getattr(model[0], "auto_model", None), "config", None)
        positions = getattr(config, "max_position_embeddings", None)
        if positions is not None:
            positions -= model[0]._infer_flatten_position_offset()  # XLM-R spends two on padding
        own = model.max_seq_length
        own = None if own is None or own > UNLIMITED else int(own)
        if self.spec.max_length is not None and positions and self.spec.max_length > positions:
            raise ModelError(
                f"model.max_length={self.spec.max_length} is beyond the {positions} positions of {self.spec.title}."
            )
        limit = self.spec.max_length or own or positions
        if limit is not None and positions:
            limit = min(limit, positions)
        model.max_seq_length = limit
        return limit

    def _expect_room(self) -> None:
        least = max((way.least for way in self._tokenizers.values()), default=2) + 2
        if self.max_length is not None and self.max_length < least:
            raise ModelError(
                f"model.max_length={self.max_length} leaves no room for a query and a document: {self.spec.title} adds "
                f"{least - 2} tokens of its own. Give at least {least}."
            )

    def _choose(self, runtime: str, cache: Path) -> None:
        """Take the runtime that is wanted; where it cannot score exactly, `auto` takes torch."""
        spec = self.spec
        if spec.dtype != "float32" and runtime != "torch":
            if spec.runtime != "auto":
                raise ModelError(
                    f"model.runtime={runtime} rounds a cross-encoder's scores to {spec.dtype}, where they tie. Use "
                    "model.runtime=torch, whose last layer is computed in float32."
                )
            runtime = "torch"
        if runtime == "torch" and spec.dtype == "float32":
            return
        exact = self._probe()
        try:
            self._take(runtime, cache, exact)
        except Unsupported as error:
            if spec.runtime != "auto":
                raise ModelError(
                    f"model.runtime={runtime} is not for {spec.title}: {error}. Use model.runtime=torch."
                ) from error
            self._run = reference.runner(self._model, normalize=False)
            self.runtime, self.parity = "torch", 1.0

    def _take(self, runtime: str, cache: Path, exact: Vectors) -> None:
        if runtime == "torch":
            import torch

            self._model = self._model.to(getattr(torch, self.spec.dtype))
            head_in_float32(self._model)
            self._run = reference.runner(self._model, normalize=False)
        else:
            if self.tokenized != "pair":
                raise Unsupported("it is no classifier of pairs behind a fast tokenizer")
            module = importlib.import_module(f"harness.models.runtimes.{runtime}")
            self._run = module.runner(self._model, normalize=False, dtype="float32", cache=cache)
        found = self._probe()
        apart = float(np.abs(found - exact).max() / max(1e-12, float(np.ptp(exact))))
        if self.spec.dtype == "float32" and not apart <= EXACT:
            raise Unsupported(f"its scores differ from torch's in float32 by {apart:.1e} of their range, over {EXACT}")
        norms = float(np.linalg.norm(exact) * np.linalg.norm(found))
        self.runtime, self.parity = runtime, min(1.0, float((exact * found).sum() / norms)) if norms else 1.0

    def _probe(self) -> Vectors:
        return self.forward(self.prepare(PROBE), np.arange(len(PROBE)))[:, 0]


def _as_vector() -> Any:
    """A last module that calls the scores what the runtimes ask of every model."""
    import torch

    class ScoresAsVector(torch.nn.Module):
        def forward(self, features: dict[str, Any]) -> dict[str, Any]:
            features["sentence_embedding"] = features["scores"].reshape(-1, 1)
            return features

    return ScoresAsVector()

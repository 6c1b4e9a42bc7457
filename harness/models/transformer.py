"""A loaded model: texts to tokens, tokens to vectors, on the runtime that was asked for and found to be exact."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.models.loading import best_device, load
from harness.models.ragged import Ragged, tokenized
from harness.models.runtimes import packed
from harness.models.runtimes import torch as reference
from harness.models.runtimes.choice import candidate
from harness.models.runtimes.parity import EXACT, PROBE, SAME, least_cosine
from harness.models.runtimes.runner import Runner, Unsupported
from harness.models.spec import ModelSpec
from harness.models.text_batch import TextBatch, encoded, with_lengths
from harness.types import Vectors

Prepared = Ragged | TextBatch


class Transformer:
    """A sentence-transformers model, ready to encode.

    Attributes:
        device: Where it runs, such as `cpu` or `cuda:0`.
        runtime: What runs the forward pass: `torch`, `openvino` or `onnx`.
        parity: Least cosine between its vectors and torch's in float32, on a probe; 1.0 for torch in float32.
        max_length: Tokens after which a text is cut, or None where the model has no limit.
    """

    def __init__(self, spec: ModelSpec, folder: Path, device: str, cache: Path) -> None:
        self.spec = spec
        self.device = best_device(device)
        if spec.dtype == "int8" and spec.runtime != "onnx":
            raise ModelError(
                f"model.dtype=int8 needs model.runtime=onnx; model.runtime={spec.runtime} does not have it."
            )
        if spec.dtype == "float16" and self.device == "cpu":
            raise ModelError(
                "model.dtype=float16 is not for a CPU, where it is slow and loses range. Use bfloat16 or float32."
            )
        self._model = load(spec, folder, self.device)
        self.max_length = self._limited()
        self._normalize = bool(spec.normalize)
        self._tokens = hasattr(self._model.tokenizer, "backend_tokenizer") and hasattr(self._model[0], "auto_model")
        self._run = reference.runner(self._model, normalize=self._normalize)
        self.runtime, self.parity = "torch", 1.0
        self._choose(candidate(spec, device), cache)

    @property
    def similarity(self) -> str:
        """`cosine`, `dot` or `euclidean`: as specified, else as the model's own files say."""
        return str(self.spec.similarity or self._model.similarity_fn_name or "cosine")

    @property
    def dimension(self) -> int:
        """Numbers per vector."""
        return int(self._model.get_embedding_dimension())

    @property
    def parameters(self) -> int:
        """Parameters of the loaded weights."""
        return sum(parameter.numel() for parameter in self._model.parameters())

    @property
    def budget(self) -> tuple[int, int]:
        """Padded tokens and texts of a batch: what stays in a processor's cache, or what fills an accelerator."""
        if self.spec.dtype == "int8":  # its ranges are those of a batch: alone, a text's vector is its own
            return 4_096, 1
        return (4_096, 64) if self.device == "cpu" else (131_072, 4_096)

    def prepare(self, texts: Sequence[str], prompt: str = "") -> Prepared:
        """Texts as tokens, each tokenized once."""
        make = tokenized if self._tokens else with_lengths
        return make(self._model, texts, prompt, self.max_length)

    def forward(self, prepared: Prepared, rows: NDArray[np.int64]) -> Vectors:
        """Vectors of some of the prepared texts, as one batch; float32, shape (len(rows), dimension).

        Raises:
            MemoryError: The batch does not fit into the device.
        """
        if isinstance(prepared, TextBatch):
            return encoded(self._model, prepared, rows, normalize=self._normalize)
        return self._run.forward(prepared.batch(rows), prepared.shared)

    @property
    def executes(self) -> str:
        """The precision that the runtime says it computes in, in its own words."""
        return self._run.executes

    def _choose(self, runtime: str, cache: Path) -> None:
        """Take the runtime that is wanted; where it cannot run this model exactly, `auto` takes torch in the same dtype."""
        spec = self.spec
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
            self._take("torch", cache, exact)

    def _take(self, runtime: str, cache: Path, exact: Vectors) -> None:
        if not self._tokens and runtime != "torch":
            raise Unsupported("it is no transformer behind a fast tokenizer")
        self._run = self._open(runtime, cache)
        itself = runtime == "torch" and self.spec.dtype == "float32"
        parity = 1.0 if itself else least_cosine(exact, self._probe())
        if self.spec.dtype == "float32" and parity < EXACT:
            raise Unsupported(f"least cosine to torch in float32 is {parity:.6f}, under {EXACT}")
        self.runtime, self.parity = runtime, parity

    def _open(self, runtime: str, cache: Path) -> Runner:
        if runtime == "torch":
            import torch

            self._model = self._model.to(getattr(torch, self.spec.dtype))
            padded = reference.runner(self._model, normalize=self._normalize)
            return self._packed(padded) if self.device.startswith("cuda") and self._tokens else padded
        module = importlib.import_module(f"harness.models.runtimes.{runtime}")
        runner: Runner = module.runner(self._model, normalize=self._normalize, dtype=self.spec.dtype, cache=cache)
        return runner

    def _packed(self, padded: Runner) -> Runner:
        """Without padding, where that gives the same vectors in the same dtype; else as it was."""
        self._run = padded
        expected, network = self._probe(), self._model[0].auto_model
        before = network.config._attn_implementation
        try:
            self._run = packed.runner(self._model, normalize=self._normalize)
            if least_cosine(expected, self._probe()) >= SAME:
                return self._run
        except Unsupported:
            pass
        network.set_attn_implementation(before)
        return padded

    def _probe(self) -> Vectors:
        return self.forward(self.prepare(PROBE), np.arange(len(PROBE)))

    def _limited(self) -> int | None:
        spec, model = self.spec, self._model
        if spec.layout == "static":
            return None
        if spec.max_length is not None:
            config = getattr(getattr(model[0], "auto_model", None), "config", None)
            positions = getattr(config, "max_position_embeddings", None)
            if model.max_seq_length is not None and positions and spec.max_length > positions:
                raise ModelError(
                    f"model.max_length={spec.max_length} is beyond the {positions} positions of {spec.title}."
                )
            special = model.tokenizer.num_special_tokens_to_add()
            if spec.max_length <= special:  # nothing of a text is left, and every text has the same vector
                raise ModelError(
                    f"model.max_length={spec.max_length} leaves no room for a text: {spec.title} adds {special} tokens of its "
                    f"own. Give at least {special + 1}."
                )
            model.max_seq_length = spec.max_length
        limit = model.max_seq_length
        return None if limit is None or math.isinf(limit) else int(limit)

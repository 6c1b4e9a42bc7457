"""An embedding endpoint as a system: what is not in the store is asked for, and written there as it arrives.

`api.py` says how one is asked for. Nothing is asked, and no key is needed, while all vectors are in the store.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.context import Context
from harness.encode.engine import Arrival, Encoded, Report
from harness.encode.keys import text_keys
from harness.endpoints import canary
from harness.endpoints.behaviour import Behaviour
from harness.endpoints.budget import RULE, Ledger, Meter, tokens_of, written
from harness.endpoints.client import Client, Patience
from harness.endpoints.hints import hint
from harness.endpoints.messages import Messages
from harness.endpoints.pace import Pace
from harness.endpoints.sendable import sendable
from harness.endpoints.spec import AT_ONCE, EndpointSpec
from harness.endpoints.transport import Address, ByOpenAI, Plain, Transport
from harness.endpoints.work import Limits
from harness.errors import ConfigError, VectorError
from harness.facts import Facts
from harness.models.prompts import prompt
from harness.records.digest import digest
from harness.search.compression import FULL, Variant
from harness.search.vector_rows import unit
from harness.systems.encoding import EncodingSystem
from harness.types import Progress, Purpose, Role, Texts, Vectors

UNIT = 1e-3
"""How far from 1 the length of a shortened vector may be before it is brought to 1 again."""
CANARY = Purpose()


class Endpoint(EncodingSystem):
    """A model that somebody else runs."""

    def __init__(self, name: str, spec: EndpointSpec, context: Context, *, variant: Variant = FULL) -> None:
        super().__init__(name, context, variant)
        self.spec = spec
        budget, names = context.budget, {"endpoint": spec.place, "model": spec.name}
        if budget is not None and spec.price.per_million is None:
            raise ConfigError(
                f"budget={budget:g}: no price of {spec.name} is known. Add model.price=MONEY per million tokens (and "
                "model.currency=USD); 0 for an endpoint of your own."
            )
        self._meter = Meter(names, spec.price, Ledger(self._folder / "ledger.jsonl"), budget, context.spending)
        self._dimension: int | None = None
        self._noted: dict[str, Any] = {}
        self._behaviour = Behaviour(spec.name, Pace(self._limits, spec.timeout), self._say)
        self._announced = 0
        self._canary_done = False

    @property
    def _folder(self) -> Path:
        return self.context.hub.cache / "endpoints"

    @property
    def _limits(self) -> Limits:
        vendor = self.spec.vendor
        most = min(self.spec.texts or vendor.texts, AT_ONCE)
        return Limits(most, self.spec.tokens or vendor.tokens, self.spec.concurrency)

    @property
    def similarity(self) -> str:
        """As stated."""
        return self.spec.similarity

    @property
    def identity(self) -> str:
        """Digest of endpoint, model and usage; what stands behind the name only the vendor knows, and the canary sees."""
        stored = {**dataclasses.asdict(self.variant), "rounded": self.context.vectors == "float16"}
        usage = {**self.spec.encoding(""), "similarity": self.similarity, "inputs": dict(self._inputs)}
        return digest(["endpoint", usage, dict(self.spec.prompts), stored])

    def identity_for(self, purpose: Purpose) -> str:
        """The prompts and input types that are used for a task of this name and kind."""
        roles: tuple[Role, ...] = ("query", "document", "")
        return digest([[self.prompt(role, purpose), self._input_type(role, purpose)] for role in roles])

    @property
    def facts(self) -> Facts:
        """What the vendor states of it."""
        spec, variant = self.spec, self.variant
        dimension = spec.dimensions or spec.dimension or self._dimension
        return Facts(
            kind="api",
            model=spec.name,
            revision=spec.revision,
            weights="not known: behind an endpoint",
            licence=spec.licence,
            dimension=variant.dims or dimension,
            bytes=variant.bytes_per_document(dimension) if dimension else None,
            max_length=spec.max_length,
            prompts=dict(sorted(spec.prompts.items())),
            similarity=self.similarity,
            dims=variant.dims,
            precision=variant.precision,
            rescore=variant.rescore,
            libraries=() if variant.full_precision else ("faiss-cpu",),
            other={"endpoint": spec.place, "protocol": spec.vendor.version, "dimensions_asked": spec.dimensions},
        )

    def prompt(self, role: Role, purpose: Purpose) -> str:
        """By mteb's order of precedence."""
        return prompt(self.spec.prompts, role, purpose.task, purpose.kind)

    def configuration(self, role: Role, purpose: Purpose) -> Mapping[str, Any]:
        """Endpoint, model, dimensions, input type, prompt; not the key, nor which task asks."""
        return {**self.spec.encoding(self._input_type(role, purpose)), "prompt": self.prompt(role, purpose)}

    def embedder(self, role: Role, purpose: Purpose) -> Asked:
        """The endpoint."""
        return Asked(self, role, purpose)

    def encoded(
        self, texts: Sequence[str], role: Role, purpose: Purpose, names: Sequence[str] | None, progress: Progress
    ) -> tuple[Encoded, str]:
        """As of any system; what dimension it has is then known, though nothing was asked."""
        encoded, used = super().encoded(texts, role, purpose, names, progress)
        self._dimension = encoded.dimension or self._dimension
        return encoded, used

    def shortened(self, vectors: Vectors) -> Vectors:
        """The variant's first numbers, brought to length one again."""
        return unit(super().shortened(vectors)) if self.variant.dims else super().shortened(vectors)

    def lengths(self, encoded: Encoded, prompt: str, texts: Sequence[str]) -> NDArray[Any] | None:
        """Unknown unless `max_length` is stated; by the rule where the endpoint cuts, and so does not say."""
        most = self.spec.max_length
        if most is None or not self.spec.vendor.truncates:
            return None if most is None else encoded.facts
        found = np.array(encoded.facts)
        found["tokens"] = [tokens_of(prompt + text) for text in texts]
        found["cut"] = np.maximum(0, found["tokens"].astype(np.int64) - most)
        return found

    def other_notes(self) -> Mapping[str, Any]:
        """What was used and paid, and what the canary said."""
        taken, self._noted = {**self._meter.taken(), **self._noted}, {}
        taken |= self._behaviour.notes() if taken else {}
        return {"endpoint": {"place": self.spec.place, **taken}} if taken else {}

    def announce(self, documents: Texts, queries: Texts, purpose: Purpose) -> None:
        """Say what documents and queries of a task will cost, before the first of them is sent."""
        missing = tokens = 0
        for role, texts in (("document", documents), ("query", queries)):
            keys = text_keys(texts.texts)
            places = self.cache(role, purpose).find(keys).missing  # type: ignore[arg-type]
            _, first = np.unique(keys[places], return_index=True)
            missing += len(first)
            used = self.prompt(role, purpose)  # type: ignore[arg-type]
            tokens += sum(tokens_of(used + texts.texts[place]) for place in places[first])
        self._tell(missing, tokens)

    def tell_unannounced(self, texts: Sequence[str]) -> None:
        """Say what texts will cost that no announcement covered: those of a task that somebody else's evaluator walks."""
        if self._announced < len(texts):
            self._tell(len(texts), sum(map(tokens_of, texts)))
        self._announced -= len(texts)

    def _tell(self, missing: int, tokens: int) -> None:
        self._announced = missing
        if not missing:
            return
        price, left = self.spec.price, self._meter.left()
        rate = f" at {price.per_million:g} per million" if price.per_million is not None else ""
        limit = ""
        if left is not None:
            enough = "" if price.of(tokens) <= left else ", which does not suffice: it stops there"
            limit = f"; budget={self._meter.budget:g} leaves {written(left)}{enough}"
        self._say(
            f"{missing:,} texts are to be embedded by {self.spec.place}, about {tokens:,} tokens "
            f"({RULE}), {price.written(tokens)}{rate}{limit}"
        )

    def _say(self, line: str) -> None:
        print(f"{self.name}: {line}", file=sys.stderr)  # noqa: T201 - told at once, whatever display there is

    @property
    def _inputs(self) -> Mapping[str, str]:
        return self.spec.inputs or self.spec.vendor.inputs()

    def _input_type(self, role: Role, purpose: Purpose) -> str:
        found = prompt(self._inputs, role, purpose.task, purpose.kind)
        return found or self._inputs.get("", "")

    def client(self, transport: Transport, role: Role, purpose: Purpose, *, trial: bool = False) -> Client:
        """A client for texts of that role and task, or for the canary text."""
        spec = self.spec
        advice = functools.partial(hint, spec, canary=trial)
        return Client(
            spec.vendor, spec.settings(self._input_type(role, purpose)), transport, self._meter, limits=self._limits,
            patience=Patience(spec.attempts), messages=Messages(spec.who, spec.base, spec.redacted, advice, canary=trial),
            dimension=spec.dimensions or spec.dimension, behaviour=self._behaviour,
        )  # fmt: skip

    def transport(self) -> Transport:
        """A connection with the key of this moment."""
        address = Address(self.spec.base, self.spec.key(), self.spec.vendor.key_header, self.spec.timeout)
        return ByOpenAI(address) if self.spec.protocol == "openai" else Plain(address)

    def expect_same_model(self, transport: Transport) -> None:
        """Embed the canary, once a run, before anything else; `ModelError` where another model answers."""
        if self._canary_done:
            return
        client = self.client(transport, "document", CANARY, trial=True)
        (part,) = client.received([canary.TEXT], [canary.LABEL])
        drift = canary.compared(part.vectors[0], self._canary_file(self.spec), self.spec.who, self._unused_revision)
        self._dimension = part.vectors.shape[1]
        self._canary_done = True
        if drift:
            self._noted["canary"] = drift

    def _canary_file(self, spec: EndpointSpec) -> Path:
        usage = {**spec.encoding(self._input_type("document", CANARY)), "prompt": self.prompt("document", CANARY)}
        return self._folder / f"canary-{digest(usage)}.jsonl"

    def _unused_revision(self, date: str) -> str:
        """The date, or the date and a number: a model may change more than once a day."""
        names = itertools.chain([date], (f"{date}-{number}" for number in itertools.count(2)))
        return next(
            one for one in names if not self._canary_file(dataclasses.replace(self.spec, revision=one)).exists()
        )

    def of_length_one(self, vectors: Vectors, labels: Sequence[Any]) -> Vectors:
        """Vectors that the endpoint shortened, brought to length one again where they are not: some vendors leave that out."""
        if self.spec.dimensions is None or self.similarity == "euclidean":
            return vectors
        norms = np.linalg.norm(vectors, axis=1)
        if (norms < UNIT).any():
            position = int(np.flatnonzero(norms < UNIT)[0])
            raise VectorError(
                f"{self.spec.who} returned a vector of length 0 for '{labels[position]}'. Look at that text."
            )
        off = np.abs(norms - 1) > UNIT
        if not off.any():
            return vectors
        self._noted["normalised_again"] = int(self._noted.get("normalised_again", 0)) + int(off.sum())
        scaled = np.array(vectors)
        scaled[off] /= norms[off, None]
        return scaled


class Asked:
    """The endpoint as an embedder, for texts of one role and task."""

    def __init__(self, system: Endpoint, role: Role, purpose: Purpose) -> None:
        self._system, self._role, self._purpose = system, role, purpose

    @property
    def dimension(self) -> int:
        """As stated or seen; 0 where nothing was asked yet."""
        return self._system.facts.dimension or 0

    def arrivals(self, texts: Sequence[str], labels: Sequence[Any], prompt: str, report: Report) -> Iterator[Arrival]:
        """What the endpoint answers, as it answers; nothing but the canary is asked before that is known to be the same."""
        system, spec = self._system, self._system.spec
        whole = [prompt + text for text in texts]
        sent = [sendable(text, spec) for text in whole]
        system.tell_unannounced(sent)
        transport = system.transport()
        try:
            system.expect_same_model(transport)
            for part in system.client(transport, self._role, self._purpose).received(sent, labels):
                names = [labels[row] for row in part.rows]
                cut = np.array([tokens_of(whole[row]) - tokens_of(sent[row]) for row in part.rows], dtype=np.int64)
                read = part.tokens
                report(len(part.rows), int(read.sum()))
                yield Arrival(part.rows, system.of_length_one(part.vectors, names), read + np.maximum(cut, 0), read)
        finally:
            transport.close()

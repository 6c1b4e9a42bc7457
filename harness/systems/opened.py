"""A system as the harness uses it, whoever wrote it: named, identified, clocked, and its answers checked.

Everything that is alike for all systems stands here once: the clock, the first texts, the assembly of a run.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness.config.options import call, resolved
from harness.context import Context
from harness.errors import NotApplicable, PluginError
from harness.facts import Facts
from harness.records.digest import digest
from harness.refs import SystemRef
from harness.registry import Plugin, systems
from harness.systems.accepted import accepted
from harness.types import Candidates, Encoder, Index, Progress, Purpose, Run, System, Texts, no_progress


def opened(ref: SystemRef, context: Context) -> Opened:
    """The system of a plug-in and its options; `PluginError` with its place where it returns something else."""
    plugin = systems.get(ref.plugin)
    options = resolved(ref.options)
    system = call(plugin, options, label=ref.label, context=context)
    if not callable(getattr(system, "index", None)) or isinstance(system, list | tuple | str):  # which have an index()
        raise PluginError(
            f"{plugin.place}: '{plugin.name}' returned {type(system).__name__}, which is no System: it has no method "
            "index(documents, purpose, progress)."
        )
    return Opened(system, ref.label, plugin.place, _identity(system, plugin, options), dict(ref.options), plugin.name)


class Opened:
    """Any system with what the harness needs to know of it.

    Attributes:
        name: Canonical name, such as `bge-base` or `bm25(k1=0.9)`.
        identity: Digest of everything that can move a score, but for what depends on the task's name.
        options, plugin: What it was opened with; empty for an object of a notebook.
    """

    def __init__(
        self,
        system: System,
        name: str,
        place: str,
        identity: str,
        options: dict[str, Any] | None = None,
        plugin: str = "",
    ) -> None:
        self.system, self.name, self.place = system, name, place
        self.identity, self.options, self.plugin = identity, options or {}, plugin

    @property
    def facts(self) -> Facts:
        """What a table may show of it."""
        facts = getattr(self.system, "facts", None)
        if facts is not None and not isinstance(facts, Facts):
            raise PluginError(f"{self.place}: `facts` is {type(facts).__name__}, not harness.Facts.")
        return facts or Facts()

    @property
    def encoder(self) -> Encoder:
        """The encoder behind it; `NotApplicable` where there is none."""
        encoder: Encoder | None = getattr(self.system, "encoder", None)
        if encoder is None:
            raise NotApplicable(f"{self.name} ranks documents and makes no vectors; this task needs an encoder.")
        return encoder

    @property
    def parts(self) -> Sequence[Opened]:
        """The systems that it is made of; empty for most."""
        return getattr(self.system, "parts", ())

    @property
    def depth_independent(self) -> bool:
        """True if a deeper run begins with the shallower one; False where the system does not say so."""
        return bool(getattr(self.system, "depth_independent", False))

    def identity_for(self, purpose: Purpose) -> str:
        """The identity on one task. What a system does not say is taken to depend on the task's name."""
        own = getattr(self.system, "identity_for", None)
        return digest([self.identity, own(purpose) if own is not None else purpose.task])

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> OpenedIndex:
        """The corpus, ready to be asked; clocked."""
        start = time.perf_counter()
        index = self.system.index(documents, purpose, progress)
        seconds = time.perf_counter() - start
        if not callable(getattr(index, "search", None)):
            raise PluginError(f"{self.place}: index() returned {type(index).__name__}, which has no method search().")
        return OpenedIndex(self, index, documents, seconds)

    def announce(self, documents: Texts, queries: Texts, purpose: Purpose) -> None:
        """Let it say beforehand what indexing and searching these will cost, where it costs money."""
        announce = getattr(self.system, "announce", None)
        if announce is not None:
            announce(documents, queries, purpose)

    def joined(
        self, runs: Sequence[Run], documents: Texts, queries: Texts, purpose: Purpose, depth: int, **how: Any
    ) -> Run:
        """What a system of systems makes of its parts' runs; clocked and checked like any other answer."""
        start = time.perf_counter()
        join: Callable[..., Any] = self.system.join  # type: ignore[attr-defined]
        run = join(runs, documents, queries, purpose, depth, **how)
        clock = {"search": time.perf_counter() - start}
        how.pop("progress", None)
        return self.assembled(run, documents, queries, depth, clock, {}, **how)

    def assembled(
        self, run: Any, documents: Texts, queries: Texts, depth: int, clock: dict[str, float], cost: dict[str, float],
        *, candidates: Candidates | None = None, exclude_self: bool = False,
    ) -> Run:  # fmt: skip
        """A system's answer as a run of the harness: checked, ordered, with its first texts and its clock."""
        checked: Run = accepted(
            run, queries, frozenset(documents.ids), depth, candidates=candidates, exclude_self=exclude_self,
            source=f"{self.name} ({self.place})",
        )  # fmt: skip
        notes = checked.notes
        first = notes.first
        if not first and "first_without_prompt" not in notes.other and len(queries):
            first = {"query": queries.texts[0], "document": documents.texts[0]}
        notes = dataclasses.replace(
            notes, first=first, seconds={**clock, **notes.seconds}, index={**cost, **notes.index}
        )
        return dataclasses.replace(checked, notes=notes)


class OpenedIndex:
    """One corpus of an opened system, ready to be asked."""

    def __init__(self, system: Opened, index: Index, documents: Texts, seconds: float) -> None:
        self._system, self._index, self._documents = system, index, documents
        self._cost = {"seconds": float(getattr(index, "seconds", seconds))}
        if (size := getattr(index, "size", None)) is not None:
            self._cost["bytes"] = int(size)

    @property
    def size(self) -> int:
        """Bytes that the index says it holds; 0 where it does not say."""
        return int(self._cost.get("bytes", 0))

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """The ranking, clocked and checked."""
        how = {"candidates": candidates, "exclude_self": exclude_self}
        start = time.perf_counter()
        run = self._index.search(queries, depth, progress=progress, **how)  # type: ignore[arg-type]
        clock = {"search": time.perf_counter() - start}
        return self._system.assembled(run, self._documents, queries, depth, clock, dict(self._cost), **how)  # type: ignore[arg-type]

    def close(self) -> None:
        """Let go of what the index holds."""
        close = getattr(self._index, "close", None)
        if close is not None:
            close()


def _identity(system: System, plugin: Plugin, options: dict[str, Any]) -> str:
    """Options that are not marked, and what the system says of itself; else the bytes of the plug-in's file."""
    moving = {key: value for key, value in options.items() if key not in plugin.not_identity}
    own = getattr(system, "identity", None) or _source(plugin)
    return digest([plugin.function.__qualname__, moving, str(own)])


@functools.lru_cache(maxsize=64)
def _digest_of(path: Path, modified: int) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _source(plugin: Plugin) -> str:
    """Digest of the file that holds the plug-in: another program is another system."""
    path = Path(inspect.unwrap(plugin.function).__code__.co_filename)
    return _digest_of(path, path.stat().st_mtime_ns) if path.is_file() else ""

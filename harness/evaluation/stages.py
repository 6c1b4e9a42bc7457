"""A system taken apart into a chain of systems that each differ from the one before in one thing, down to what ships."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.config.options import hints
from harness.context import Context
from harness.refs import SystemRef
from harness.registry import systems
from harness.systems.opened import Opened, opened

DEPTHS = (10, 20, 50, 100, 200, 500)
"""How deep a reranker is tried on the way to its own depth."""
WHOLE: Mapping[str, Any] = {"dims": None, "precision": "float32", "rescore": 0}
"""Options of vectors that nothing was taken from."""

BRACKETS = re.compile(r"([^(]*)(?:\((.*)\))?")
"""A canonical name: what it is, and its options."""
Stage = tuple[str, Opened]
"""What a step does, and the system that does it."""


def stages(system: Opened, context: Context) -> list[Stage]:
    """The chain that ends in the system itself.

    A model that makes vectors: its texts read whole, in windows; as they are cut; its first dimensions; its precision. A
    fusion: its first part that makes vectors, then the others beside it. A reranker: its first stage, then deeper and deeper.
    """
    second = getattr(system.system, "second", None)
    if isinstance(second, Opened):
        return _reranked(system, second, context)
    if system.parts:
        return _fused(system, context)
    return _encoded(system, context)


def _reranked(system: Opened, second: Opened, context: Context) -> list[Stage]:
    (first,) = system.parts
    deepest = int(system.options["k"])
    depths = [depth for depth in DEPTHS if depth < deepest]
    shallow = [(f"{second.name} orders the first {depth}", _changed(system, context, {"k": depth})) for depth in depths]
    return [*stages(first, context), *shallow, (f"{second.name} orders the first {deepest}", system)]


def _fused(system: Opened, context: Context) -> list[Stage]:
    main = next((part for part in system.parts if _takes(part, "window")), system.parts[0])
    others = [part.name for part in system.parts if part is not main]
    return [*stages(main, context), (f"fused with {' and '.join(others)}", system)]


def _encoded(system: Opened, context: Context) -> list[Stage]:
    options = system.options
    if not _takes(system, "window"):
        return [(system.name, system)]
    full = {**options, **{key: value for key, value in WHOLE.items() if key in options}}
    found: list[Stage] = []
    length = system.facts.max_length
    if options.get("window") is None and length and options.get("layout") != "static":
        found.append(
            (f"texts read whole, in windows of {length}", _changed(system, context, {**full, "window": length}))
        )
    what = f"cut at {length} tokens" if length else "every dimension, float32"
    if options.get("window") is not None:
        what = f"in windows of {options['window']} tokens"
    found.append((what, _changed(system, context, full)))
    if options.get("dims"):
        found.append(
            (f"the first {options['dims']} dimensions", _changed(system, context, {**full, "dims": options["dims"]}))
        )
    if options.get("precision", WHOLE["precision"]) != WHOLE["precision"]:
        rescored = f", {options['rescore']} × rescored" if options.get("rescore") else ""
        found.append((f"{options['precision']}{rescored}", system))
    return [*found[:-1], (found[-1][0], system)]


def _takes(system: Opened, option: str) -> bool:
    return bool(system.plugin) and option in hints(systems.get(system.plugin))


def _changed(system: Opened, context: Context, options: Mapping[str, Any]) -> Opened:
    """The same system with some options otherwise; itself where nothing is."""
    changed = {key: value for key, value in options.items() if value != system.options.get(key)}
    if not changed:
        return system
    own, separator, parts = system.name.partition("/") if system.parts else (system.name, "", "")
    label = f"{_relabelled(own, changed)}{separator}{parts}"
    return opened(SystemRef(system.plugin, {**system.options, **changed}, label), context)


def _relabelled(name: str, changed: Mapping[str, Any]) -> str:
    """`minilm(dims=128)` with other options in its brackets; those that are as usual stand in none."""
    found = BRACKETS.fullmatch(name)
    head, inner = found.groups(default="") if found else (name, "")
    written = dict(entry.split("=", 1) for entry in inner.split(",") if "=" in entry)
    written |= {key: str(value) for key, value in changed.items()}
    usual = {key for key, value in WHOLE.items() if key in changed and changed[key] == value}
    kept = ",".join(f"{key}={written[key]}" for key in sorted(written) if key not in usual)
    return f"{head}{f'({kept})' if kept else ''}"

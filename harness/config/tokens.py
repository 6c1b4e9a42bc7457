"""A canonical name is a command-line token, also where Hydra's own grammar would not take it.

`task=mteb/SciFact` means `task=mteb task.name=SciFact`: Hydra would look for a file of that name, so the names that a
command line mentions are given a node before it parses. `model=bm25(k1=0.9)` means `model=bm25 model.k1=0.9`, and
`measures=[success(rel=2)@5]` is quoted: Hydra would read the brackets as a function. `measures=nDCG@10` is a list of one, and
so is `measures="nDCG@10"`. `model=[minilm,bm25]` means `model=minilm,bm25`, several of a sweep.
`model=rrf/bm25+minilm` means `model=rrf model.systems=[bm25,minilm]`, and `model=rrf(k=30)/bm25+minilm` that `model.k=30`;
`fusion(weights=[0.3,0.7])/bm25+minilm` likewise. `model=rrf/bm25+minilm(dims=128)` means
`model=rrf model.systems=["bm25","minilm(dims=128)"]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hydra.core.config_store import ConfigStore

from harness.config.label import JOINED
from harness.config.options import schema
from harness.registry import systems, tasks

OPEN = {
    "task": {"mteb": "name", "mteb-benchmark": "name", "beir": "name", "ir_datasets": "name"},
    "model": {
        "api": "name",
        "mteb": "name",
        "hub": "name",
        "cross-encoder": "name",
        **dict.fromkeys(JOINED, "systems"),
    },
}
"""Group → choice → the option that the rest of the name fills."""
JOINING = re.compile(rf"model=({'|'.join(JOINED)})\(([^()]*)\)/(.+)")


def spelled_out(arguments: Sequence[str]) -> list[str]:
    """The arguments as Hydra takes them."""
    words: list[str] = []
    for argument in arguments:
        joining = JOINING.fullmatch(argument)
        called = re.fullmatch(r"(model|task)=([\w./+:-]+)\((\w+=[^()]*)\)", argument)
        if single := re.fullmatch(r"""measures=(["'])([^"'\[\]]+)\1""", argument):
            argument = f"measures={single[2]}"
        listed = re.fullmatch(r"measures=\[?([^\[\]]+)\]?", argument)
        several = re.fullmatch(r"(model|task)=\[(.*)\]", argument)
        composed = re.fullmatch(rf"model=({'|'.join(JOINED)})(?:\(([^()]*)\))?/(.*\w\(\w+=.*)", argument)
        if composed:
            choice, options, rest = composed.groups(default="")
            parts = ",".join(f'"{part}"' for part in _parts(choice, rest))
            words += [f"model={choice}", f"model.systems=[{parts}]"]
            words += [f"model.{option.strip()}" for option in _options(options) if option]
        elif joining:
            choice, options, rest = joining.groups()
            words += [f"model={choice}/{rest}", *(f"model.{option.strip()}" for option in _options(options))]
        elif called and called[2].partition("/")[0] not in JOINED:
            group, choice, options = called.groups()
            words += [f"{group}={choice}", *(f"{group}.{option.strip()}" for option in _options(options))]
        elif several:
            words.append(f"{several[1]}={several[2]}")
        elif listed and not re.search("[\"']", argument):
            words.append(f"measures=[{','.join(_quoted(name) for name in _split(listed[1]))}]")
        else:
            words.append(argument)
    return words


def named_choices(arguments: Sequence[str]) -> None:
    """Store a node for every `GROUP=CHOICE/REST` that the arguments mention."""
    for argument in arguments:
        group, separator, value = argument.partition("=")
        if separator and group in OPEN:
            for choice, rest in _mentioned(value, OPEN[group]):
                _store(group, choice, rest)


def _mentioned(value: str, choices: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in _split(value):
        choice, _, rest = name.strip().partition("/")
        if rest and choice in choices:
            yield choice, rest


def _store(group: str, choice: str, rest: str) -> None:
    registry = {"task": tasks, "model": systems}[group]
    made = schema(registry.get(choice))
    folder, _, name = f"{choice}/{rest}".rpartition("/")
    ConfigStore.instance().store(
        group=f"{group}/{folder}",
        name=name,
        node=made(**{OPEN[group][choice]: _parts(choice, rest) if choice in JOINED else rest}),
        package=group,
        provider="harness",
    )


def _parts(choice: str, rest: str) -> list[str]:
    """The names of the parts; those in brackets are systems of systems themselves."""
    parts = re.split(rf"{re.escape(JOINED[choice])}(?![^(]*\))", rest)
    if choice == "rerank" and len(parts) > 2:  # the last one orders what the others, a pipeline, return
        parts = [JOINED[choice].join(parts[:-1]), parts[-1]]
    return [part[1:-1] if part.startswith("(") and part.endswith(")") else part for part in parts]


def _options(text: str) -> list[str]:
    """At the commas that stand outside square brackets: `k=30,weights=[0.3,0.7]`."""
    return re.split(r",(?![^\[]*\])", text)


def _split(value: str) -> list[str]:
    """At the commas that stand outside brackets."""
    return re.split(r",(?![^(]*\))", value)


def _quoted(name: str) -> str:
    return f'"{name.strip()}"' if "(" in name else name.strip()

"""`harness store`: what the embedding store holds; do=verify, do=compact, do=prune.

do=list      each configuration's vectors: model, prompt, dtype, runtime, how many, how large, how old
do=verify    check every byte; exit code 1 where a shard is damaged
do=compact   join each configuration's shards into one
do=prune     remove what is damaged; with days=N also what was not added to for N days, with of=NAME what a model made
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from harness.compose.command import command
from harness.encode import upkeep
from harness.encode.upkeep import Holding
from harness.errors import UnknownName
from harness.hub import Hub


@dataclass
class Options:
    """`harness store KEY=VALUE …`"""

    do: str = "list"
    """list, verify, compact or prune."""
    cache: str | None = None
    """Folder that holds `vectors/`, instead of HARNESS_CACHE or ~/.cache/embedding-harness."""
    days: int | None = None
    """prune: also what was not added to for so many days."""
    of: str | None = None
    """prune: also what the model of that name made."""


@command(Options)
def main(options: Options) -> int:
    """Do it to each configuration's part of the store, and say what was done."""
    doing = ("list", "verify", "compact", "prune")
    if options.do not in doing:
        raise UnknownName("do", options.do, doing)
    cache = Hub.at(cache=options.cache).cache
    names = _names(cache / "models")
    holdings = list(upkeep.holdings(cache / "vectors", verify=options.do == "verify"))
    for holding in holdings:
        if options.do == "compact":
            print(f"{_line(holding, names)}  saved {upkeep.compact(holding) / 1e6:,.1f} MB")  # noqa: T201
        elif options.do == "prune":
            named = names.get(str(holding.configuration.get("weights")), "")
            whole = options.of == named != "" or (options.days is not None and holding.age > options.days)
            print(f"{_line(holding, names)}  saved {upkeep.prune(holding, whole=whole) / 1e6:,.1f} MB")  # noqa: T201
        else:
            print(_line(holding, names))  # noqa: T201
    size = sum(holding.size for holding in holdings) / 1e6
    print(f"{len(holdings)} configurations, {size:,.1f} MB before, in {cache / 'vectors'}")  # noqa: T201
    return 1 if options.do == "verify" and any(holding.damaged for holding in holdings) else 0


def _line(holding: Holding, names: dict[str, str]) -> str:
    configuration = holding.configuration
    if not configuration:
        return f"{holding.folder.name[:12]}  nothing readable  DAMAGED: {', '.join(holding.damaged)}"
    stored_as = "" if configuration["kept"] == configuration["dtype"] else f" kept as {configuration['kept']}"
    damaged = f"  DAMAGED: {', '.join(holding.damaged)}" if holding.damaged else ""
    name = names.get(str(configuration["weights"]), str(configuration["weights"])[:12])
    return (
        f"{holding.folder.name[:12]}  {name}  {configuration['runtime']} {configuration['dtype']}{stored_as}  "
        f"prompt {json.dumps(configuration['prompt'], ensure_ascii=False)}  "
        f"{holding.rows:,} × {holding.dimension} in {holding.shards} shards  "
        f"{holding.size / 1e6:,.1f} MB  {holding.age:.0f} days{damaged}"
    )


def _names(folder: Path) -> dict[str, str]:
    """Digest of the weights → the model's name, from what was noted when it was loaded."""
    notes = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return {note["weights"]: note["model"] for note in notes if "weights" in note}

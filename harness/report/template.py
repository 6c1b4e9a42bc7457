"""Pages from templates: self-contained, sortable, light and dark, readable on a phone, asking no other host."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any


def rendered(name: str, **values: Any) -> str:
    """The page of `NAME.html.j2`; every text in it is escaped."""
    return str(_environment().get_template(f"{name}.html.j2").render(**values))


@functools.cache
def _environment() -> Any:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip

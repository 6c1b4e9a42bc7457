"""Inside `counted()`, no data set is strict, whoever reads it: a check is to see every fault, and not only the first."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

lenient = ContextVar("lenient", default=False)


@contextlib.contextmanager
def counted() -> Iterator[None]:
    """Count dangling judgments and empty texts, instead of refusing them, in every data set that is read inside."""
    token = lenient.set(True)
    try:
        yield
    finally:
        lenient.reset(token)

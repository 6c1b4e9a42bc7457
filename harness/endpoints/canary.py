"""Has the model behind a name changed? One text is embedded once a run, and compared with what it was the first time.

A vendor may put another model behind a name, a colleague another file behind a port. Vectors of both in one index give a
plausible number that is wrong.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.endpoints.budget import Ledger, entries
from harness.errors import ModelError
from harness.types import Vectors

TEXT = "The quick brown fox jumps over the lazy dog; der Hund schlief, 犬は眠っていた: 42 times, on 3 May 1998."
"""Never changed: it is what the vectors on disk are of."""
LABEL = "the canary text"
SAME, ALIKE = 0.999999, 0.999
"""Cosines from which on it is the same vector, and the same model on other hardware."""


def compared(vector: Vectors, file: Path, who: str, unused: Callable[[str], str]) -> Mapping[str, Any]:
    """What there is to note of today's canary: nothing, or how far it has drifted since when.

    Args:
        vector: Of `TEXT`, today.
        file: Where the first one and every later cosine are kept.
        unused: A date → a revision of that name under which nothing is kept.

    Raises:
        ModelError: It is another model's; says since when, and how to start anew.
    """
    ledger = Ledger(file)
    before = next((entry for entry in entries(file) if "vector" in entry), None)
    if before is None:
        ledger.append(vector=[float(number) for number in vector])
        return {}
    first = np.array(before["vector"], dtype=np.float64)
    cosine = _cosine(first, vector.astype(np.float64)) if len(first) == len(vector) else 0.0
    ledger.append(cosine=cosine)
    today, since = datetime.datetime.now(datetime.UTC).date().isoformat(), str(before["date"])[:10]
    if cosine < ALIKE:
        then = f"on {since}" if since != today else f"earlier today, at {str(before['date'])[11:16]} UTC"
        raise ModelError(
            f"{who} gives other vectors than {then}: the cosine of one and the same text is {cosine:.4f}. "
            "The model behind the name has changed, and its vectors cannot be compared with those in the store. Start anew "
            f"with model.revision={unused(today)}, which keeps the two apart."
        )
    return {"cosine": round(cosine, 7), "since": since} if cosine < SAME else {}


def _cosine(first: Any, second: Any) -> float:
    return float(first @ second / max(1e-30, float(np.linalg.norm(first) * np.linalg.norm(second))))

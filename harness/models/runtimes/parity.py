"""The parity of a runtime: the least cosine between its vectors of a probe and those of torch in float32."""

from __future__ import annotations

import numpy as np

from harness.types import Vectors

EXACT = 0.9999
"""Below this a runtime that claims float32 is refused."""
SAME = 0.999
"""Below this a batch without padding is not the padded one in the same half precision, whose own error is some 1e-4."""
PROBE = (
    "What is the notice period for termination?",
    "The Supplier shall not be liable for any indirect or consequential loss.",
    "1-1% of colorectal cancer patients are diagnosed with regional or distant metastases.",
    "reset password two factor phone lost",
    "x",
    "",
    "Straße, naïve café – 日本語 and 42 €",
    "The lease ends. " * 40,
    "An evaluation of embedding models compares the vectors of queries with those of documents. " * 60,
)
"""Short, long beyond most limits, empty, and not only English: where a runtime goes wrong, it does so at an edge."""


def least_cosine(exact: Vectors, other: Vectors) -> float:
    """The least cosine between rows of two arrays of shape (texts, dimension)."""
    norms = np.linalg.norm(exact, axis=1) * np.linalg.norm(other, axis=1)
    return float(((exact * other).sum(axis=1) / np.maximum(norms, 1e-12)).min())

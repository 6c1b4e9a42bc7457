"""Rows of token vectors as an index of a lower precision holds them: what is searched is what can be read back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.jagged import Jagged, starts_of
from harness.search.maxsim import JaggedRows
from harness.types import Vectors


def coded(rows: JaggedRows, precision: str, memory: int) -> JaggedRows:
    """The rows as an index of that precision holds them; queries stay float32.

    int8: between the least and the greatest value of each dimension over the whole corpus. binary: the sign alone, so that
    a token's product with it is the sum of its numbers under these signs, over the root of the dimension.
    """
    return rows if precision == "float32" else CodedRows(rows, precision, memory)


class CodedRows:
    """Rows that lose what their index does not hold."""

    def __init__(self, rows: JaggedRows, precision: str, memory: int) -> None:
        self._rows, self._precision = rows, precision
        self._least: Any = None
        self._step: Any = None
        if precision == "int8":
            self._fit(memory)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each document."""
        return self._rows.counts

    def take(self, documents: NDArray[np.int64]) -> Jagged:
        """What can be read back of them, float32."""
        rows = self._rows.take(documents)
        return Jagged(self._back(rows.values), rows.starts)

    def _back(self, values: Vectors) -> Vectors:
        if self._precision == "float16":
            return values.astype(np.float16).astype(np.float32)
        if self._precision == "binary":
            signs = np.where(values > 0, np.float32(1), np.float32(-1))
            return np.asarray(signs / np.float32(np.sqrt(values.shape[1])), dtype=np.float32)
        codes = np.clip(np.rint((values - self._least) / self._step), 0, 255)
        return np.asarray(self._least + codes * self._step, dtype=np.float32)

    def _fit(self, memory: int) -> None:
        counts = self._rows.counts
        starts, start = starts_of(counts), 0
        most = max(1, memory // 8_192)  # rows of two thousand numbers
        low: Any = np.inf
        high: Any = -np.inf
        while start < len(counts):
            stop = max(start + 1, int(np.searchsorted(starts, starts[start] + most, side="right")) - 1)
            values = self._rows.take(np.arange(start, stop)).values
            if len(values):
                low, high = np.minimum(low, values.min(axis=0)), np.maximum(high, values.max(axis=0))
            start = stop
        self._least = np.asarray(low, dtype=np.float32)
        self._step = np.maximum(np.asarray(high - low, dtype=np.float32) / np.float32(255), np.float32(1e-12))

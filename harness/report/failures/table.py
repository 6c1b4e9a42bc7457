"""Every query of a system as a CSV file, worst first."""

from __future__ import annotations

import csv
import io

from harness.report.failures.values import Failures


def table(failures: Failures) -> str:
    """One row per query: its value, how far down the first relevant document is, what it was answered with, who else fails."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["query_id", failures.measure, "first relevant rank", "answered with", "judged relevant",
         f"systems without a relevant document in the first {failures.k}", "of systems", "query"]
    )  # fmt: skip
    for row in failures.rows:
        writer.writerow(
            [row.query_id, repr(row.value), "" if row.first is None else row.first, " ".join(row.answers),
             " ".join(row.relevant), row.without, len(failures.systems), row.text]
        )  # fmt: skip
    return text.getvalue()

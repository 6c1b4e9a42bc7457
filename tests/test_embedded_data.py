"""The embedded tasks: built from their sources, of the size that their cards say, with slices and graded judgments."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

from conftest import ROOT
from harness.config.options import call
from harness.data.table import read_table
from harness.registry import tasks

LEGAL = ROOT / "tasks" / "data" / "legal"


def test_legal_is_what_its_sources_give():
    """Nobody edited the built files by hand."""
    subprocess.run([sys.executable, LEGAL / "build.py", "--check"], check=True, capture_output=True)


def test_legal_has_enough_to_measure():
    """At least 120 clauses and 80 test questions, every stratum, grades 0 to 3, every question answerable."""
    data = call(tasks.get("legal"), {"split": "test"}).dataset
    assert len(data.documents) >= 120 and len(data.queries) >= 80
    assert min(Counter(data.queries.properties["stratum"]).values()) >= 9
    assert {grade for judged in data.qrels.values() for grade in judged.values()} == {0, 1, 2, 3}
    assert all(3 in judged.values() for judged in data.qrels.values())


def test_legal_splits_share_no_family():
    """A model tuned on train has seen no test family's questions."""
    families = [
        set(call(tasks.get("legal"), {"split": one}).dataset.queries.properties["family"])
        for one in ("train", "dev", "test")
    ]
    assert not (families[0] & families[1] or families[0] & families[2] or families[1] & families[2])


def test_faq_is_a_table_as_a_company_has_it():
    """Several questions to an answer; the kind of question and the channel are slices."""
    data = read_table(ROOT / "tasks" / "data" / "faq" / "faq.csv", name="faq", question="question", answer="answer")
    assert len(data.documents) >= 120 and len(data.queries) >= 250
    assert {"topic", "channel", "kind"} <= set(data.queries.properties)

"""mteb's tasks by name: subsets, splits, languages, aggregated tasks and benchmarks become one cell each."""

from __future__ import annotations

import pytest

from harness.data import mteb_registry as mteb
from harness.errors import ConfigError, UnknownName
from harness.hub import Hub
from harness.records.mteb_names import ours


def subsets(name: str, **options: str) -> list[str]:
    return [choice.options["subset"] for choice in mteb.parts(mteb.get(name, Hub()), **options)]


def test_a_multilingual_task_is_one_cell_per_subset():
    """Or the one that is asked for by its subset, or those of a language in mteb's code."""
    assert {"de", "en", "fr"} <= set(subsets("MIRACLRetrieval"))
    assert subsets("MIRACLRetrieval", subset="de") == ["de"]
    assert subsets("MIRACLRetrieval", language="deu") == ["de"]


def test_an_aggregated_task_is_one_cell_per_part():
    """CQADupstack is twelve forums: their mean is the board's business, not a hidden one."""
    names = {choice.options["name"] for choice in mteb.parts(mteb.get("CQADupstackRetrieval", Hub()))}
    assert len(names) == 12 and "CQADupstackEnglishRetrieval" in names


def test_a_benchmark_is_its_tasks_with_their_subsets_and_splits():
    """As mteb has chosen them."""
    choices = mteb.benchmark("MTEB(Law, v1)")
    assert {"AILACasedocs", "LegalQuAD"} <= {choice.options["name"] for choice in choices}
    assert all(choice.plugin == "mteb" and choice.options["split"] for choice in choices)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"subset": "den"}, "de"), ({"split": "tset"}, "dev"), ({"language": "tlh"}, "nothing in the language 'tlh'")],
)
def test_a_subset_split_or_language_that_the_task_lacks(options, said):
    """Is refused with what there is."""
    with pytest.raises((UnknownName, ConfigError), match=said):
        subsets("MIRACLRetrieval", **options)


def test_self_matches_and_candidates_come_with_the_task():
    """ArguAna's queries stand in its corpus: mteb ignores identical ids, and so do we."""
    assert mteb.get("ArguAna", Hub()).ignore_identical_ids is True


def test_scores_have_the_harnesss_names_where_it_has_one():
    """The rest keep mteb's."""
    names = ("ndcg_at_10", "map_at_1000", "hit_rate_at_5", "mrr_at_10", "p-MRR", "accuracy")
    assert [ours(name) for name in names] == [
        "nDCG@10",
        "MAP@1000",
        "success@5",
        "MRR@10",
        "p-MRR",
        "accuracy",
    ]


def test_a_mirror_that_changed_is_read_again(tmp_path):
    """Five rows, then three of other texts under the same name and README: `datasets` would give the five again."""
    from mirrors import write_card, write_jsonl

    lengths = []
    for rows in (5, 3):
        mirror = tmp_path / f"mirror-{rows}"
        folder = mirror / "mteb" / "stsbenchmark-sts"
        for split in ("test", "validation", "train"):
            texts = ({"sentence1": f"a{rows}", "sentence2": f"b{row}", "score": float(row)} for row in range(rows))
            write_jsonl(folder / f"{split}.jsonl", texts)
        write_card(folder, {"default": {split: f"{split}.jsonl" for split in ("test", "validation", "train")}})
        task = mteb.get("STSBenchmark", Hub.at(str(mirror), cache=str(tmp_path / "cache")))
        task.load_data()
        lengths.append(len(task.dataset["test"]))
    assert lengths == [5, 3]

"""Bring the figures of the data card up to date: evaluate the pool, count, compare, write README.md and strata.png.

    python tasks/data/legal/card.py              a few minutes, most of them minilm's
    python tasks/data/legal/card.py RESULTS      from records that are there already (`results/` has not the whole pool)

What stands between `<!-- NAME -->` and `<!-- /NAME -->` in README.md is written here, the rest by hand.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from audit import agreement, judged, judged_share
from build import digest, render
from numpy.typing import NDArray
from overlap import share
from sources import SPLITS, STRATA, Sources, read

from harness.compose.plugins import discover
from harness.data.beir import read_folder
from harness.measures.evaluate import evaluate
from harness.records.archive import Archive
from harness.stats.bootstrap import estimate
from harness.stats.power import detectable
from harness.types import Dataset, Run

HERE = Path(__file__).resolve().parent
POOL = ("bm25", "bm25(b=0.4,k1=0.9)", "lsa", "wordllama", "minilm", "minilm(max_length=64)")
ONE, OTHER = "minilm", "bm25"
PLOTTED = (("bm25", "#9a6700"), ("minilm", "#0b6e99"))
SHOWN = ("nDCG@10", "success(rel=3)@1", "complete-answer@10", "wrong-direction@10", "review-cost@10")
RANDOM = "random order"
MEANING = {
    "keywords": "telegraphic, as typed in a search box",
    "jargon": "lawyers' shorthand",
    "numbers": "a figure, date or period decides",
    "party": "a named party, person or product",
    "reference": "a cross-reference, a definition or a second clause is needed",
    "scenario": "a situation to be decided",
    "negation": "a negation or an exception decides",
    "lay": "a lay person's words",
}
Values = dict[str, dict[str, NDArray[np.float64]]]


def main() -> int:
    discover()
    data = read(HERE)
    with tempfile.TemporaryDirectory() as aside:
        archive = Archive(sys.argv[1] if sys.argv[1:] else evaluated(Path(aside)))
        records = {
            (record.task, record.system): record
            for record in archive.read()
            if record.status == "ok" and record.system in POOL and record.task in ("legal", "legal(split=dev)")
        }
        runs = {cell: archive.run(record) for cell, record in records.items()}
    dataset = read_folder(HERE, "test", "legal")
    values = measured(dataset, {system: run for (task, system), run in runs.items() if task == "legal"})
    parts = {
        "sizes": sizes(data),
        "strata": strata(data),
        "systems": systems(values, runs, data),
        "differences": differences(values, dataset),
        "slices": slices(values, dataset),
        "agreement": readings(data),
        "digest": f"`{digest(render(data))}`",
    }
    path = HERE / "README.md"
    text = path.read_text("utf-8")
    for name, made in parts.items():
        place = re.search(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", text, flags=re.S)
        if place is None:
            print(f"README.md has no place for {name}", file=sys.stderr)
            return 1
        text = f"{text[: place.start()]}{made}\n{text[place.end() :]}"
    path.write_text(text, "utf-8")
    plot(values, dataset)
    return 0


def evaluated(folder: Path) -> Path:
    """Records of the pool on test and dev, below that folder."""
    common = ("task=legal", "task.split=test,dev", f"results={folder}", "board=false", "overwrite=true")
    plain = ",".join(name for name in POOL if "(" not in name)
    for models in (plain, *(name for name in POOL if "(" in name)):
        subprocess.run([sys.executable, "-m", "harness", "-m", f"model={models}", *common], check=True)
    return folder


def measured(dataset: Dataset, runs: dict[str, Run]) -> Values:
    """system → measure → one value per question; the random order is the mean over 20 shuffles."""
    values: Values = {}
    for system in (*POOL, RANDOM):
        drawn = shuffled(dataset, 20) if system == RANDOM else [runs[system]]
        scores = [evaluate(run, dataset, SHOWN) for run in drawn]
        values[system] = {
            one[0].measure: np.mean([each.values for each in one], axis=0) for one in zip(*scores, strict=True)
        }
    return values


def shuffled(dataset: Dataset, draws: int) -> list[Run]:
    """Runs that rank the corpus at random, ten deep."""
    generator = np.random.default_rng(0)
    ids = np.array(dataset.documents.ids)
    falling = np.arange(10, 0, -1, dtype=np.float32)
    made = []
    for _ in range(draws):
        orders = [generator.choice(ids, 10, replace=False).tolist() for _ in dataset.queries.ids]
        made.append(Run(list(dataset.queries.ids), orders, [falling] * len(orders), 10))
    return made


def sizes(data: Sources) -> str:
    """The table of sizes."""
    lengths = [len(clause["text"].split()) for clause in data.clauses.values()]
    of = {question["family"]: question["split"] for question in data.questions}
    per_split = {split: [one for one in data.questions if one["split"] == split] for split in SPLITS}
    grades = Counter(grade for one in judged(data).values() for grade in one.values())
    authors = sum(len(question["grades"]) for question in data.questions)
    pooled = sum(map(len, data.pooled.values()))
    twins = sorted(map(len, data.families.values()))
    several = {split: sum(_threes(one) > 1 for one in per_split[split]) for split in SPLITS}
    pairs = {split: sum(map(_threes, per_split[split])) for split in SPLITS}
    types = len({one["type"] for one in data.agreements})
    families = Counter(of.values())
    clause = f"{len(lengths)} ({min(lengths)} to {max(lengths)} words, mean {np.mean(lengths):.0f})"
    rows = [
        ("clauses", f"{clause}, in {len(data.agreements)} agreements of {types} types"),
        ("families", f"{len(twins)}, of {twins[0]} to {twins[-1]} twins ({_splits(families)})"),
        ("questions", f"{len(data.questions)} ({_splits({s: len(q) for s, q in per_split.items()})})"),
        ("question–clause pairs of grade 3", f"{sum(pairs.values())} ({_splits(pairs)})"),
        ("questions that need two or three clauses", f"{sum(several.values())} ({_splits(several)})"),
        ("judgments", f"{authors + pooled:,}: {authors:,} by the authors, {pooled:,} from the pool"),
        ("of grade 3, 2, 1, 0", ", ".join(f"{grades[grade]:,}" for grade in (3, 2, 1, 0))),
        ("unanswerable questions", f"{len(data.unanswerable)}, in `unanswerable.jsonl`, in no split"),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def strata(data: Sources) -> str:
    """The table of strata: how many, and how much of a question stands in its answer."""
    lines = ["| stratum | test | dev | train | overlap | what it is |", "|---|--:|--:|--:|--:|---|"]
    for name in STRATA:
        questions = [question for question in data.questions if question["stratum"] == name]
        counts = Counter(one["split"] for one in questions)
        overlaps = [
            share(one["text"], [data.clauses[clause]["text"] for clause, grade in one["grades"].items() if grade == 3])
            for one in questions
        ]
        cells = " | ".join(str(counts[split]) for split in SPLITS)
        lines.append(f"| {name} | {cells} | {np.mean(overlaps):.2f} | {MEANING[name]} |")
    return "\n".join(lines)


def systems(values: Values, runs: dict[tuple[str, str], Run], data: Sources) -> str:
    """The pool on test, and how much of its top ten is judged."""
    grades = judged(data)
    head = "| system | " + " | ".join(SHOWN) + " | judged@10 test | dev |"
    lines = [head, "|---|" + "--:|" * (len(SHOWN) + 2)]
    for system in sorted(values, key=lambda name: -values[name][SHOWN[0]].mean()):
        cells = []
        for measure in SHOWN:
            one = estimate(values[system][measure])
            money = measure.startswith("review-cost")
            half = (one.high - one.low) / 2
            cells.append(
                f"{one.mean:.0f} EUR ±{half:.0f}" if money else f"{one.mean:.3f} ±{half:.3f}".replace("±0", "±")
            )
        shares = [
            f"{judged_share(runs[task, system], grades):.3f}" if (task, system) in runs else "–"
            for task in ("legal", "legal(split=dev)")
        ]
        lines.append(f"| {system} | {' | '.join([*cells, *shares])} |")
    return "\n".join(lines)


def differences(values: Values, dataset: Dataset) -> str:
    """minilm against bm25, over all and per stratum: the difference, whether it is told apart, and what would be."""
    found = np.array(dataset.queries.properties["stratum"])
    lines = [
        f"| stratum | n | {OTHER} | {ONE} | difference, 95 % | told apart | smallest that {len(found)} or n questions tell |",
        "|---|--:|--:|--:|:-:|:-:|--:|",
    ]
    for name in ("all", *STRATA):
        held = np.ones(len(found), bool) if name == "all" else found == name
        left, right = (values[system][SHOWN[0]][held] for system in (ONE, OTHER))
        gap = estimate(left - right)
        apart = "no" if gap.low <= 0 <= gap.high else ONE if gap.mean > 0 else OTHER
        lines.append(
            f"| {name} | {gap.n} | {right.mean():.3f} | {left.mean():.3f} | {gap.mean:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}] "
            f"| {apart} | {detectable(left - right):.3f} |"
        )
    lines[0] = lines[0].replace(f"{len(found)} or n questions tell", "n questions tell")
    return "\n".join(lines)


def slices(values: Values, dataset: Dataset) -> str:
    """nDCG@10 by type of agreement and by size of family."""
    lines = [f"| slice | n | {OTHER} | {ONE} |", "|---|--:|--:|--:|"]
    for column, word in (("agreement_type", ""), ("family_size", "family of ")):
        found = np.array(dataset.queries.properties[column])
        for name in sorted(set(found), key=lambda match: match.zfill(4) if match.isdigit() else match):
            held = found == name
            means = " | ".join(f"{values[system][SHOWN[0]][held].mean():.3f}" for system in (OTHER, ONE))
            lines.append(f"| {word}{name} | {held.sum()} | {means} |")
    return "\n".join(lines)


def readings(data: Sources) -> str:
    """Agreement of the two readings, and what was changed."""
    rows = data.second
    same = sum(row["first"] == row["second"] for row in rows) / len(rows)
    near = sum(abs(row["first"] - row["second"]) <= 1 for row in rows) / len(rows)
    changed = sum(row["first"] != row["final"] for row in rows)
    kept = sum(row["second"] != row["final"] for row in rows)
    table = Counter((row["first"], row["second"]) for row in rows)
    lines = [
        f"{len(rows):,} pairs of {len({row['question'] for row in rows})} questions. Weighted κ, before reconciliation: "
        f"**{agreement(rows):.3f}** with quadratic weights, {agreement(rows, 'linear'):.3f} with linear ones. "
        f"Same grade {same:.1%}, at most one apart {near:.1%}.",
        f"Reconciled: the first grade was changed for {changed:,} pairs, the second reading was not followed for {kept:,}.",
        "",
        "| first ↓ second → | 0 | 1 | 2 | 3 |",
        "|---|--:|--:|--:|--:|",
        *(f"| {one} | " + " | ".join(f"{table[one, two]:,}" for two in range(4)) + " |" for one in range(4)),
    ]
    return "\n".join(lines)


def plot(values: Values, dataset: Dataset) -> None:
    """nDCG@10 per stratum with 95 % intervals, the strata from words that match to words that do not."""
    from matplotlib.figure import Figure

    found = np.array(dataset.queries.properties["stratum"])
    figure = Figure(figsize=(7.2, 4.4), layout="constrained", dpi=150)
    axes = figure.add_subplot()
    for place, (system, colour) in enumerate(PLOTTED):
        for height, name in enumerate(reversed(STRATA)):
            one = estimate(values[system][SHOWN[0]][found == name])
            level = height + (0.13 if place else -0.13)
            axes.plot([one.low, one.high], [level, level], color=colour, linewidth=2)
            label = f"{system} ({values[system][SHOWN[0]].mean():.3f} over all)" if not height else None
            axes.scatter(one.mean, level, color=colour, s=36, zorder=3, label=label)
    counts = Counter(found.tolist())
    axes.set_yticks(range(len(STRATA)), [f"{name}  (n={counts[name]})" for name in reversed(STRATA)])
    axes.set_xlim(0, 1)
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xlabel("nDCG@10 on test, with 95 % bootstrap interval over questions")
    axes.set_title("legal: which questions are hard for whom", loc="left", fontsize=11)
    axes.legend(frameon=False, loc="lower right", fontsize=9)
    figure.savefig(HERE / "strata.png")


def _threes(question: dict[str, object]) -> int:
    return list(question["grades"].values()).count(3)  # type: ignore[attr-defined]


def _splits(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[split]} {split}" for split in SPLITS)


if __name__ == "__main__":
    sys.exit(main())

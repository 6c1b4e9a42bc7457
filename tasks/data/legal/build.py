"""Build the `legal` retrieval task (BEIR layout) from the YAML files under sources/.

The sources are validated first; the outputs (corpus.jsonl, queries.jsonl, qrels/*.tsv) are
written beside this file, and are the same bytes for the same sources.

    python tasks/data/legal/build.py           validate and write
    python tasks/data/legal/build.py --check   exit 1 if the files on disk differ
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
STRATA = ("lay", "jargon", "scenario", "negation", "numbers", "reference", "party", "keywords")
SPLITS = ("test", "dev", "train")
MIN_TWINS, MIN_TEST_PER_STRATUM = 5, 9
MINIMA = {"clauses": 140, "test": 84, "dev": 12, "train": 12}
Record = dict[str, Any]
Sources = list[tuple[str, Record]]


def load(folder: Path) -> Sources:
    """Each YAML file of a folder as (stem, contents), sorted by name."""
    return [(p.stem, yaml.safe_load(p.read_text("utf-8"))) for p in sorted(folder.glob("*.yaml"))]


def validate(agreements: Sources, families: Sources) -> list[str]:
    """Every fault found in the sources, as messages; empty when they are sound."""
    faults: list[str] = []
    texts: dict[str, str] = {}
    members: dict[str, dict[str, str]] = {}  # family -> clause id -> agreement
    for slug, agreement in agreements:
        for clause in agreement["clauses"]:
            cid, twins = clause["id"], members.setdefault(clause["family"], {})
            same = texts.setdefault(" ".join(clause["text"].lower().split()), cid)
            if not cid.startswith(f"{slug}.") or any(cid in ids for ids in members.values()):
                faults.append(f"{cid}: id used twice, or does not start with the file's name")
            elif slug in twins.values() or same != cid:
                faults.append(f"{cid}: its family's second in {slug}, or the text of {same}")
            twins[cid] = slug
    known = {cid for ids in members.values() for cid in ids}
    counts: Counter[str] = Counter(clauses=len(known))
    seen: set[str] = set()
    for stem, entry in families:
        family, split = entry["family"], entry["split"]
        if stem != family or family not in members or split not in SPLITS:
            faults.append(f"{stem}: misnamed, without clauses, or of an unknown split")
        for question in entry["questions"]:
            qid, stratum, grades = question["id"], question["stratum"], question["grades"]
            if qid in seen or not qid.startswith(f"{family}-q") or stratum not in STRATA:
                faults.append(f"{qid}: id used twice or not of its family, or unknown stratum")
            whole = all(type(grade) is int and 0 <= grade <= 3 for grade in grades.values())
            if not whole or 3 not in grades.values():
                faults.append(f"{qid}: a grade is not an integer from 0 to 3, or none is 3")
            faults += [f"{qid}: unknown clause {cid}" for cid in grades if cid not in known]
            missing = sorted(set(members.get(family, {})) - set(grades))
            faults += [f"{qid}: twin {cid} is not judged" for cid in missing]
            seen.add(qid)
            counts.update([split, f"{split}/{stratum}"])
    faults += [f"{f}: no question file" for f in sorted(set(members) - {f for f, _ in families})]
    minima = MINIMA | {f"test/{stratum}": MIN_TEST_PER_STRATUM for stratum in STRATA}
    faults += [f"{k}: {counts[k]}, under {low}" for k, low in minima.items() if counts[k] < low]
    faults += [f"{f}: under {MIN_TWINS} twins" for f, m in members.items() if len(m) < MIN_TWINS]
    return faults


def render(agreements: Sources, families: Sources) -> dict[str, str]:
    """The output files' contents by relative path."""
    rows: dict[str, list[Record]] = {"corpus.jsonl": [], "queries.jsonl": []}
    kind: dict[str, str] = {}
    qrels = {split: ["query-id\tcorpus-id\tscore"] for split in SPLITS}
    for _, agreement in agreements:
        for clause in agreement["clauses"]:
            cid = clause["id"]
            kind[cid] = agreement["type"]
            title = f"{agreement['agreement']} — {cid.partition('.')[2]} {clause['heading']}"
            metadata = {
                "agreement": agreement["agreement"],
                "agreement_type": agreement["type"],
                "clause_type": clause["clause_type"],
                "family": clause["family"],
            }
            row = {"_id": cid, "title": title, "text": clause["text"], "metadata": metadata}
            rows["corpus.jsonl"].append(row)
    for _, entry in families:
        for question in entry["questions"]:
            qid, grades = question["id"], question["grades"]
            answer = next(cid for cid, grade in grades.items() if grade == 3)
            metadata = {
                "stratum": question["stratum"],
                "family": entry["family"],
                "split": entry["split"],
                "agreement_type": kind[answer],
            }
            row = {"_id": qid, "text": question["text"], "metadata": metadata}
            rows["queries.jsonl"].append(row)
            qrels[entry["split"]] += [f"{qid}\t{cid}\t{grade}" for cid, grade in grades.items()]
    lines = {name: [json.dumps(row, ensure_ascii=False) for row in rows[name]] for name in rows}
    lines |= {f"qrels/{split}.tsv": judged for split, judged in qrels.items()}
    return {name: "\n".join(content) + "\n" for name, content in lines.items()}


def main() -> int:
    agreements, families = load(HERE / "sources"), load(HERE / "sources" / "questions")
    if faults := validate(agreements, families):
        print("\n".join(faults), file=sys.stderr)
        return 1
    outputs = {HERE / name: content for name, content in render(agreements, families).items()}
    if "--check" in sys.argv[1:]:
        stale = [p for p, c in outputs.items() if not p.is_file() or p.read_bytes() != c.encode()]
        print("\n".join(f"differs from its sources: {p.name}" for p in stale) or "up to date")
        return 1 if stale else 0
    for path, content in outputs.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())

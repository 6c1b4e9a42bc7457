"""Build the `legal` retrieval task (BEIR layout) from the YAML files under sources/ and the judgments under audit/.

The sources are validated first; the outputs (corpus.jsonl, queries.jsonl, unanswerable.jsonl, qrels/*.tsv) are written
beside this file, and are the same bytes for the same sources.

    python tasks/data/legal/build.py           validate and write
    python tasks/data/legal/build.py --check   exit 1 if the files on disk differ
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from overlap import share
from sources import SPLITS, Sources, read
from validate import faults

HERE = Path(__file__).resolve().parent
Record = dict[str, Any]


def render(data: Sources) -> dict[str, str]:
    """The output files' contents by relative path."""
    corpus = [
        {
            "_id": clause["id"],
            "title": f"{agreement['agreement']} — {clause['id'].partition('.')[2]} {clause['heading']}",
            "text": clause["text"],
            "metadata": {
                "agreement": agreement["agreement"],
                "agreement_type": agreement["type"],
                "clause_type": clause["clause_type"],
                "family": clause["family"],
            },
        }
        for agreement in data.agreements
        for clause in agreement["clauses"]
    ]
    queries = []
    qrels = {split: ["query-id\tcorpus-id\tscore"] for split in SPLITS}
    for question in data.questions:
        answers = [data.clauses[clause] for clause, grade in question["grades"].items() if grade == 3]
        metadata = {
            "stratum": question["stratum"],
            "family": question["family"],
            "split": question["split"],
            "agreement_type": answers[0]["type"],
            "family_size": len(data.families[question["family"]]),
            "overlap": round(share(question["text"], [answer["text"] for answer in answers]), 2),
        }
        queries.append({"_id": question["id"], "text": question["text"], "metadata": metadata})
        judged = question["grades"] | data.pooled.get(question["id"], {})
        qrels[question["split"]] += [f"{question['id']}\t{clause}\t{grade}" for clause, grade in judged.items()]
    unanswerable = [
        {"_id": one["id"], "text": one["text"], "metadata": {"why": one["why"]}} for one in data.unanswerable
    ]
    rows = {"corpus.jsonl": corpus, "queries.jsonl": queries, "unanswerable.jsonl": unanswerable}
    lines = {name: [json.dumps(row, ensure_ascii=False) for row in made] for name, made in rows.items()}
    lines |= {f"qrels/{split}.tsv": judged for split, judged in qrels.items()}
    return {name: "\n".join(content) + "\n" for name, content in lines.items()}


def digest(outputs: dict[str, str]) -> str:
    """sha256 over names and contents of the outputs, in the order of the names."""
    made = hashlib.sha256()
    for name in sorted(outputs):
        made.update(f"{name}\0{outputs[name]}\0".encode())
    return made.hexdigest()


def main() -> int:
    data = read(HERE)
    if found := faults(data):
        print("\n".join(found), file=sys.stderr)
        return 1
    outputs = render(data)
    if "--check" in sys.argv[1:]:
        stale = [name for name, text in outputs.items() if not _holds(HERE / name, text)]
        print("\n".join(f"differs from its sources: {name}" for name in stale) or f"up to date: {digest(outputs)}")
        return 1 if stale else 0
    for name, text in outputs.items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(text.encode())
    print(f"written: {digest(outputs)}")
    return 0


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


if __name__ == "__main__":
    sys.exit(main())

"""Exact search over several rows for each text: MaxSim beside a padded torch loop, postings beside scipy's CSR product.

    python tests/bench/layouts.py

Drawn vectors and weights, of the sizes that models give: 10,000 documents of 20 to 160 tokens × 128 and 16 queries of 32; 100,000
documents of 235 terms and 50 queries of 52, terms as frequent as words are. Peers: torch, padded, masked, in batches of the
size that is best for it; scipy's CSR and sentence-transformers' own product, each with the best 100 picked as it would be.
"""

from __future__ import annotations

import numpy as np
from common import interleaved, machine, ratio, seconds, spread, table

from harness.jagged import TERMS, Jagged, starts_of
from harness.search.impacts import ImpactIndex
from harness.search.maxsim import KeptRows, MaxSimIndex

DEPTH = 100


def main() -> str:
    rows = [*late_interaction(), *sparse()]
    return "\n".join([
        "## 9. Late interaction and learned sparse, exact search", "",
        "Asked: MaxSim at least 5 times as fast as a padded torch loop over 10,000 documents; sparse search over 100,000 at least as "
        f"fast as the best of scipy's CSR product and sentence-transformers' own. {machine()}", "",
        table(["", "s", "ours is faster"], rows), "",
    ])  # fmt: skip


def late_interaction() -> list[list[str]]:
    import torch

    generator = np.random.default_rng(0)
    counts = generator.integers(20, 161, size=10_000)
    rows = generator.normal(size=(int(counts.sum()), 128)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    documents = Jagged(rows, starts_of(counts))
    asked = generator.normal(size=(16 * 32, 128)).astype(np.float32)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    queries = Jagged(asked, starts_of(np.full(16, 32)))
    ids = [f"d{number}" for number in range(len(counts))]
    index = MaxSimIndex(KeptRows(documents), ids)
    tensor, stacked = torch.from_numpy(rows), torch.from_numpy(asked).reshape(16, 32, 128)
    found: dict[str, np.ndarray] = {}

    def padded(size: int) -> None:
        scores = torch.empty(16, len(counts))
        for start in range(0, len(counts), size):
            parts = [
                tensor[documents.starts[at] : documents.starts[at + 1]]
                for at in range(start, min(start + size, len(counts)))
            ]
            block = torch.nn.utils.rnn.pad_sequence(parts, batch_first=True)
            mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(part)) for part in parts], batch_first=True) == 0
            products = torch.einsum("qih,djh->qdij", stacked, block).masked_fill_(mask[None, :, None, :], -torch.inf)
            scores[:, start : start + size] = products.amax(dim=-1).sum(dim=-1)
        found["torch"] = scores.topk(DEPTH).values.numpy()

    def ours() -> None:
        _, scores = index.search(queries, [f"q{number}" for number in range(16)], DEPTH)
        found["ours"] = np.stack(scores)

    size = min((8, 32, 128), key=lambda one: seconds(lambda: padded(one)))
    took = interleaved({"torch": lambda: seconds(lambda: padded(size)), "ours": lambda: seconds(ours)})
    assert np.abs(found["torch"] - found["ours"]).max() < 1e-4
    return [
        ["MaxSim, ours", spread(took["ours"]), ""],
        [f"MaxSim, torch, batches of {size}", spread(took["torch"]), ratio(took["torch"], took["ours"])],
    ]


def sparse() -> list[list[str]]:
    import torch
    from scipy.sparse import csr_matrix

    generator = np.random.default_rng(0)
    vocabulary, documents, asked = 30_522, 100_000, 50
    frequency = 1 / np.arange(2, vocabulary + 2)
    frequency /= frequency.sum()

    def drawn(texts: int, terms: int) -> Jagged:
        found = [np.unique(generator.choice(vocabulary, size=terms, p=frequency)) for _ in range(texts)]
        values = np.zeros(sum(map(len, found)), dtype=TERMS)
        values["term"] = np.concatenate(found)
        values["weight"] = generator.random(len(values)).astype(np.float32)
        return Jagged(values, starts_of(np.array([len(one) for one in found])))

    corpus, queries = drawn(documents, 330), drawn(asked, 60)

    def matrix(rows: Jagged) -> csr_matrix:
        return csr_matrix(
            (rows.values["weight"], rows.values["term"].astype(np.int32), rows.starts), shape=(len(rows), vocabulary)
        )

    whole, question = matrix(corpus), matrix(queries)
    transposed = whole.T.tocsr()
    index = ImpactIndex(KeptRows(corpus), [f"d{number:06d}" for number in range(documents)], vocabulary)
    found: dict[str, np.ndarray] = {}
    as_torch = torch.sparse_csr_tensor(
        torch.from_numpy(whole.indptr.astype(np.int64)), torch.from_numpy(whole.indices.astype(np.int64)),
        torch.from_numpy(whole.data), size=whole.shape,
    )  # fmt: skip

    def scipy_csr() -> None:
        rows = []
        for at in range(asked):
            scores = (question[at] @ transposed).toarray().ravel()
            rows.append(np.sort(scores[np.argpartition(-scores, DEPTH)[:DEPTH]])[::-1])
        found["scipy"] = np.stack(rows)

    def torch_csr() -> None:
        for at in range(asked):
            (as_torch @ torch.from_numpy(question[at].toarray().ravel())).topk(DEPTH)

    def ours() -> None:
        _, scores = index.search(queries, [f"q{number}" for number in range(asked)], DEPTH)
        found["ours"] = np.stack(scores)

    ours()
    took = interleaved({
        "scipy": lambda: seconds(scipy_csr), "torch": lambda: seconds(torch_csr), "ours": lambda: seconds(ours),
    })  # fmt: skip
    assert np.abs(found["scipy"] - found["ours"]).max() < 1e-4
    return [
        ["sparse, ours", spread(took["ours"], "{:.3f}"), ""],
        ["sparse, scipy's CSR and argpartition", spread(took["scipy"], "{:.3f}"), ratio(took["scipy"], took["ours"])],
        ["sparse, torch's CSR (sentence-transformers) and topk", spread(took["torch"], "{:.3f}"), ratio(took["torch"], took["ours"])],
    ]  # fmt: skip


if __name__ == "__main__":
    print(main())

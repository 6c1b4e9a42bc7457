"""8. On a CUDA device: tokens/s of the packed path against `SentenceTransformer.encode` at its best batch size and dtype.

Shapes of MiniLM, bge-small and bge-base with random weights (the speed does not depend on their values), SciFact's texts.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from pathlib import Path

from common import SCIFACT, interleaved, matrix_rate_on, minilm_folder, ratio, seconds, spread, table

SHAPES = {
    "MiniLM-L6 (6 × 384)": {
        "num_hidden_layers": 6,
        "hidden_size": 384,
        "intermediate_size": 1536,
        "num_attention_heads": 12,
    },
    "bge-small (12 × 384)": {
        "num_hidden_layers": 12,
        "hidden_size": 384,
        "intermediate_size": 1536,
        "num_attention_heads": 12,
    },
    "bge-base (12 × 768)": {
        "num_hidden_layers": 12,
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_attention_heads": 12,
    },
}
ASKED = {"MiniLM-L6 (6 × 384)": "3×", "bge-small (12 × 384)": "3×", "bge-base (12 × 768)": "2×"}


def main() -> str:
    import torch

    head = "## 8. On a CUDA device\n\n"
    if not torch.cuda.is_available():
        return head + "None was to be had where this ran. `python tests/bench/cuda.py` measures it where one is.\n"
    from forward import work

    from harness.data.beir import read_folder
    from harness.encode.forward import batches

    texts = list(read_folder(SCIFACT, "test", "scifact").documents.texts)
    rate = matrix_rate_on("cuda", "bfloat16")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in SHAPES.items():
            where = shaped(Path(folder) / name.split()[0], shape)
            model = packed(where, folder)
            ready = model.prepare(texts)
            groups = list(batches(ready.read, *model.budget))
            peer, size = best_of_peer(where, texts)

            def ours(model=model, ready=ready, groups=groups) -> float:
                return seconds(lambda: [model.forward(ready, group) for group in groups])

            ours()
            found = interleaved({
                "ours, with tokenizing": lambda model=model, groups=groups: seconds(
                    lambda: [model.forward(prepared, group) for prepared in [model.prepare(texts)] for group in groups]
                ),
                "ours": ours,
                "peer": lambda peer=peer, size=size: seconds(lambda: peer.encode(texts, batch_size=size, show_progress_bar=False)),
            })  # fmt: skip
            tokens = int(ready.read.sum())
            flop = work(ready.read, shape["num_hidden_layers"], shape["hidden_size"])
            rows.append([
                name, spread([tokens / one for one in found["ours"]], "{:,.0f}"), spread([tokens / one for one in found["peer"]], "{:,.0f}"),
                ratio(found["peer"], found["ours, with tokenizing"]), ASKED[name], spread([flop / one / rate for one in found["ours"]], "{:.0%}"),
            ])  # fmt: skip
    return (
        head
        + f"{torch.cuda.get_device_name()}, bf16 matrix rate {rate / 1e12:,.0f} TFLOP/s. The peer in bf16, at its best of 32 to 1,024 texts.\n\n"
        + table(["shape", "ours, tokens/s", "peer, tokens/s", "ours is faster, tokenizing included", "asked", "share of the matrix rate"], rows)
        + "\n"
    )  # fmt: skip


def shaped(folder: Path, shape: dict[str, int]) -> Path:
    """A model folder of that shape with random weights, under MiniLM's tokenizer and pooling."""
    from transformers import AutoConfig, AutoModel

    shutil.copytree(minilm_folder(), folder)
    config = AutoConfig.from_pretrained(folder)
    for key, value in shape.items():
        setattr(config, key, value)
    AutoModel.from_config(config).save_pretrained(folder)
    pooling = folder / "1_Pooling" / "config.json"
    about = json.loads(pooling.read_text())
    about.update(
        {key: shape["hidden_size"] for key in about if key in ("word_embedding_dimension", "embedding_dimension")}
    )
    pooling.write_text(json.dumps(about))
    return folder


def packed(where: Path, kept: str):
    """Ours, bf16, without padding."""
    from harness.models.spec import ModelSpec
    from harness.models.transformer import Transformer

    spec = ModelSpec(path=str(where), dtype="bfloat16", runtime="torch", max_length=256)
    return Transformer(dataclasses.replace(spec), where, "cuda", Path(kept) / "converted")


def best_of_peer(where: Path, texts: list[str]):
    """The peer in bf16, and the batch size at which it is fastest."""
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(where), device="cuda", model_kwargs={"dtype": torch.bfloat16})
    model.max_seq_length = 256
    took = {}
    for size in (32, 64, 128, 256, 512, 1_024):
        model.encode(texts[:512], batch_size=size, show_progress_bar=False)
        took[size] = seconds(lambda size=size: model.encode(texts[:2_048], batch_size=size, show_progress_bar=False))
    return model, min(took, key=lambda size: took[size])


if __name__ == "__main__":
    print(main())

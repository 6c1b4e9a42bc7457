"""Small cross-encoders of every layout, made with transformers and sentence-transformers, with weights of a fixed seed.

No trained one can be had offline. Parity, truncation and ties need none; weights that are drawn at random are drawn so large
that the logits differ, as a trained model's do.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

CHAT = (
    "{% for message in messages %}{% if message.role == 'system' %}<|im_start|>system\n{{ message.content }}<|im_end|>\n"
    "{% endif %}{% endfor %}<|im_start|>user\n"
    '<Query>: {{ messages | selectattr("role", "eq", "query") | map(attribute="content") | first }}\n'
    '<Document>: {{ messages | selectattr("role", "eq", "document") | map(attribute="content") | first }}'
    "<|im_end|>\n<|im_start|>assistant"
)
"""A chat template as a generative reranker's files hold it."""


def classifier(folder: Path, weights: Path, *, layers: int = 6, labels: int = 1, shift: float = 0.0) -> Path:
    """A BERT over pairs, saved as a CrossEncoder: with six layers MiniLM's own under a head of a fixed seed, else all random.

    Args:
        shift: What is added to every logit.
    """
    from sentence_transformers import CrossEncoder
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(7)
    small = {"hidden_size": 128, "num_attention_heads": 4, "intermediate_size": 256, "initializer_range": 0.12}
    config = BertConfig.from_pretrained(
        weights, num_labels=labels, num_hidden_layers=layers, **({} if layers == 6 else small)
    )
    if layers == 6:  # of MiniLM's own first token little depends on the text before the last layer
        network = BertForSequenceClassification.from_pretrained(weights, config=config, dtype=torch.float32)
        with torch.no_grad():
            network.bert.pooler.dense.weight.normal_(0, 0.05)
            network.classifier.weight.normal_(0, 0.1)
    else:
        network = BertForSequenceClassification(config)
    with torch.no_grad():
        network.classifier.bias.fill_(shift)
    folder.parent.mkdir(parents=True, exist_ok=True)
    bare = folder.with_name(folder.name + "-bare")
    network.save_pretrained(bare)
    AutoTokenizer.from_pretrained(weights).save_pretrained(bare)
    CrossEncoder(str(bare), device="cpu", max_length=512).save_pretrained(str(folder), create_model_card=False)
    return folder


def pooled(folder: Path, weights: Path) -> Path:
    """Transformer, pooling and a dense layer that gives the score: the layout of the ettin rerankers."""
    from sentence_transformers import CrossEncoder
    from sentence_transformers.base.modules import Dense, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling

    torch.manual_seed(7)
    first = Transformer(str(weights))
    head = Dense(384, 1, activation_function=torch.nn.Identity(), module_output_name="scores")
    CrossEncoder(modules=[first, Pooling(384, pooling_mode="cls"), head], device="cpu").save_pretrained(
        str(folder), create_model_card=False
    )
    return folder


def generative(folder: Path, texts: list[str], *, chat: str | None = CHAT) -> Path:
    """A tiny Qwen3 that answers yes or no, with a byte-level tokenizer of its own, as the Qwen rerankers are laid out."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=2_000, special_tokens=special, initial_alphabet=alphabet)
    raw.train_from_iterator([*texts, "yes\nno\n" * 500], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        model_max_length=512,
    )
    tokenizer.chat_template = chat
    assert None not in tokenizer.convert_tokens_to_ids(["yes", "no"])
    torch.manual_seed(7)
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=2048, initializer_range=0.1,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def sentence_transformer(folder: Path, **options: object):
    """The same files in sentence-transformers' own hands, without an activation."""
    from sentence_transformers import CrossEncoder

    return CrossEncoder(str(folder), device="cpu", activation_fn=torch.nn.Identity(), **options)


def yaml_of(plugins: Path, name: str, **options: object) -> Path:
    """A YAML of a user's own, which makes `name` a model."""
    conf = plugins / "conf" / "model"
    conf.mkdir(parents=True, exist_ok=True)
    lines = ["# a small cross-encoder of a test", "defaults: [cross-encoder]"]
    lines += [
        f"{key}: {json.dumps(str(value) if isinstance(value, Path) else value)}" for key, value in options.items()
    ]
    (conf / f"{name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return plugins

"""The embedding store: what is found by what, and every way in which a disk, a process or a neighbour can fail it."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import toys
from conftest import ROOT, opened
from encoders import MAKER, WRITER, Hashing, vector
from harness.config.options import call
from harness.encode import forward, upkeep
from harness.encode.forward import encode
from harness.encode.keys import text_keys
from harness.encode.shard import ENDING, FACTS, Damaged, Shard, pack
from harness.encode.store import SET_ASIDE, StoredVectors, VectorCache
from harness.errors import ModelError, ResultsError
from harness.evaluation.display import Pace
from harness.measures.evaluate import evaluate
from harness.models.runtimes import packed
from harness.models.runtimes import torch as reference
from harness.models.runtimes.parity import PROBE
from harness.models.runtimes.runner import Runner
from harness.registry import tasks

TEXTS = [f"text {number} of a corpus" for number in range(100)]


def filled(folder: Path, texts=TEXTS) -> StoredVectors:
    encoder = Hashing()
    cache = StoredVectors(folder, MAKER)
    encode(lambda: encoder, texts, cache)
    return cache


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*/*{ENDING}"))


def whole(folder: Path, texts=TEXTS) -> list[str]:
    """Encode again from what is there, see that every vector is right, and say which texts had to be computed."""
    encoder = Hashing()
    done = encode(lambda: encoder, texts, StoredVectors(folder, MAKER))
    np.testing.assert_array_equal(done.read(), np.stack([vector(text) for text in texts]))
    return encoder.seen


def test_a_vector_is_found_by_its_text_whatever_asks(tmp_path):
    """Another split, order or copy of the texts encodes only what is new, and each text once."""
    filled(tmp_path, TEXTS[:60])
    assert sorted(whole(tmp_path, [*TEXTS[40:][::-1], TEXTS[3], TEXTS[99]])) == TEXTS[60:]
    assert whole(tmp_path) == []
    assert sum(Shard(path).rows for path in shards(tmp_path)) == 100


@pytest.mark.parametrize("part", MAKER)
def test_everything_that_made_a_vector_is_in_its_key(tmp_path, part):
    """One changed part is a miss, never a hit."""
    filled(tmp_path)
    other = StoredVectors(tmp_path, {**MAKER, part: "changed"})
    assert len(other) == 0 and len(StoredVectors(tmp_path, MAKER)) == 100
    assert len(StoredVectors(tmp_path, MAKER, "float16")) == 0


def test_15_mtebs_cache_gives_one_model_the_vectors_of_another(minilm, wordllama, tmp_path):
    """Keyed by text alone, a cache that model A filled answers for model B, and adds the title once more; ours does neither."""
    import datasets
    import mteb
    from mteb._create_dataloaders import create_dataloader
    from mteb.models import CachedEmbeddingWrapper
    from mteb.models.sentence_transformer_wrapper import SentenceTransformerEncoderWrapper
    from mteb.types import PromptType

    metadata = mteb.get_task("SciFact").metadata
    role = {"task_metadata": metadata, "prompt_type": PromptType.document}
    corpus = datasets.Dataset.from_dict(
        {"id": ["1", "2"], "title": ["Deliveries", "Fees"], "text": ["ship", "the buyer pays"]}
    )
    loader = create_dataloader(corpus, batch_size=2, **role)
    asked = {**role, "hf_split": "test", "hf_subset": "default"}
    cached, plain = {}, {}
    for name, system in (("minilm", minilm), ("wordllama", wordllama)):
        wrapper = SentenceTransformerEncoderWrapper(system.model._model)
        plain[name] = np.asarray(wrapper.encode(loader, **asked))
        cached[name] = np.asarray(CachedEmbeddingWrapper(wrapper, tmp_path / "mteb").encode(loader, **asked))
    assert plain["wordllama"].shape == (2, 256)
    np.testing.assert_array_equal(cached["wordllama"], cached["minilm"])  # the wrong numbers: another model's
    assert np.abs(cached["minilm"] - plain["minilm"]).max() > 1e-2  # and of a text with its title twice

    texts = ["Deliveries ship", "Fees the buyer pays"]
    for name, system in (("minilm", minilm), ("wordllama", wordllama), ("minilm", minilm)):
        np.testing.assert_allclose(system.encode(texts, "document"), plain[name], atol=2e-6)


def test_float16_on_disk_is_read_as_it_was_kept(tmp_path):
    """From cold and from the store the numbers are the same, because both are read from what was kept."""
    encoder = Hashing()
    cold = encode(lambda: encoder, TEXTS, StoredVectors(tmp_path, MAKER, "float16")).read()
    warm = encode(lambda: encoder, TEXTS, StoredVectors(tmp_path, MAKER, "float16")).read()
    np.testing.assert_array_equal(cold, warm)
    np.testing.assert_array_equal(cold, np.stack([vector(text) for text in TEXTS]).astype(np.float16))
    assert len(encoder.seen) == 100


def test_texts_that_are_odd(tmp_path):
    """Empty, one letter, very long, composed and decomposed Unicode, a lone surrogate: each is itself."""
    odd = ["", " ", "a", "x" * 100_000, "\u00e9", "e\u0301", "日本語", "a\x00", "a\x00\x00", "\ud800"]
    assert len(set(text_keys(odd).view(">u8").reshape(-1, 2)[:, 0].tolist())) == len(odd)
    filled(tmp_path, odd)
    assert whole(tmp_path, odd) == []


def test_keys_that_share_their_first_half_are_told_apart():
    """The index compares all 128 bits."""
    keys = np.frombuffer(b"".join(b"12345678" + bytes([last]) * 8 for last in range(5)), dtype="S16")
    cache = VectorCache()
    cache.add(keys[:3], np.arange(6, dtype=np.float32).reshape(3, 2), np.zeros(3, FACTS))
    cache.add(keys[3:4], np.full((1, 2), 9, dtype=np.float32), np.zeros(1, FACTS))
    found = cache.find(keys)
    assert found.missing.tolist() == [4]
    out = np.empty((5, 2), dtype=np.float32)
    cache.read(found, out)
    assert out[:4].tolist() == [[0, 1], [2, 3], [4, 5], [9, 9]]


def test_every_flipped_bit_is_found(tmp_path):
    """Ten thousand of them, anywhere in the file."""
    name, content = pack(MAKER, text_keys(TEXTS), np.stack([vector(text) for text in TEXTS]), np.zeros(100, FACTS))
    path = tmp_path / f"{name}{ENDING}"
    path.write_bytes(content)
    Shard(path).verify()
    chance = random.Random(5)
    missed = []
    for _ in range(10_000):
        bit = chance.randrange(len(content) * 8)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        try:
            Shard(path).verify()
            missed.append(bit)
        except (Damaged, Exception) as error:  # noqa: BLE001
            if not isinstance(error, Damaged):
                missed.append((bit, error))
        content[bit // 8] ^= 1 << bit % 8
    assert not missed


@pytest.mark.parametrize("harm", ["truncated", "empty", "flipped vector", "flipped header", "of another maker"])
def test_a_damaged_shard_is_said_set_aside_and_encoded_again(tmp_path, harm, caplog):
    """What it held is computed anew; what the others hold is not."""
    filled(tmp_path, TEXTS[:50])
    filled(tmp_path)
    path = next(path for path in shards(tmp_path) if Shard(path).keys[0] in text_keys(TEXTS[:50]))
    content = bytearray(path.read_bytes())
    if harm == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "of another maker":
        path.write_bytes(
            pack({**MAKER, "prompt": "x"}, text_keys(["a"]), np.ones((1, 8), np.float32), np.zeros(1, FACTS))[1]
        )
    else:
        content[20 if harm == "flipped header" else -600] ^= 4
        path.write_bytes(content)
    assert sorted(whole(tmp_path)) == sorted(TEXTS[:50])
    assert "set aside" in caplog.text and path.name in caplog.text
    assert path.with_name(path.name + SET_ASIDE).exists() and whole(tmp_path) == []


@pytest.mark.parametrize("call", ["fsync", "link", "open"])
def test_whatever_write_fails_nothing_is_half_there(tmp_path, monkeypatch, call):
    """The Nth flush, link or opening fails, for every N: one line, and the next run goes on from what is there."""
    monkeypatch.setattr(forward, "FIRST", 25)
    monkeypatch.setattr(forward, "LEAST", 25)
    monkeypatch.setattr(forward, "SECONDS", 0.0)
    real = getattr(os, call)
    for nth in range(1, 100):
        calls = 0

        def failing(*arguments, nth=nth, **options):
            nonlocal calls
            calls += 1
            if calls == nth:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments, **options)

        folder = tmp_path / f"{call}{nth}"
        with monkeypatch.context() as patched:
            patched.setattr(os, call, failing)
            try:
                filled(folder)
            except ResultsError as error:
                assert "No space left" in str(error) and "data.cache=DIR" in str(error)
        if calls < nth:
            assert nth > 4
            return
        published = len({key for path in shards(folder) for key in Shard(path).keys.tolist()})
        assert len(whole(folder)) == 100 - published and not list(folder.glob("*/.*.part"))
    pytest.fail("it never came to an end")


def test_a_disk_that_takes_no_more_is_one_line_and_leaves_nothing_half_written(harness, tmp_path):
    """A real refusal of the operating system in the middle of a file (a limit on its size): exit code 2, and then it goes on."""
    place = tmp_path / "kept"
    words = ["model=wordllama", "task=legal", "limit=2", f"data.cache={place}", "board=false"]
    code = (
        f"import resource, signal, sys; sys.argv[1:] = {words!r}\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "from harness.compose.main import main; main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "Cannot write" in done.stderr and "data.cache=DIR" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and not list(place.rglob("*.part"))
    assert all(Shard(path).verify() is None for path in shards(place / "vectors"))
    assert harness(*words).returncode == 0


def test_another_split_or_name_encodes_only_what_is_new(harness, tmp_path):
    """The corpus of legal is one for all splits, and a folder that holds it is the same texts under another name."""
    place = (f"data.cache={tmp_path / 'kept'}", "board=false", "model=wordllama")
    folder = f"task.path={ROOT / 'tasks' / 'data' / 'legal'}"
    fresh = []
    for words in (("task=legal",), ("task=legal", "task.split=dev"), ("task=beir", folder)):
        assert harness(*words, *place, f"results={len(fresh)}").returncode == 0
        (path,) = tmp_path.glob(f"{len(fresh)}/records/*/*/record.json")
        record = json.loads(path.read_text())
        fresh.append((record["checks"]["fresh"], record["dataset"]["counts"]["queries"]))
    first, second, third = fresh
    assert first[0]["document"] > 100 and first[0]["query"] == first[1]
    assert second[0] == {"query": second[1], "document": 0}
    assert third[0] == {"query": 0, "document": 0}


def run_writer(store: Path, texts: int) -> subprocess.Popen[str]:
    code = WRITER.format(tests=str(ROOT / "tests"), store=str(store), texts=texts)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


@pytest.mark.parametrize("writers", [2, 4])
def test_several_processes_write_one_store(tmp_path, writers):
    """Nobody waits, nobody breaks another's shard, and every vector is right."""
    running = [run_writer(tmp_path, 400) for _ in range(writers)]
    assert all(one.wait(120) == 0 for one in running)
    assert whole(tmp_path, [f"text {number} of a corpus" for number in range(400)]) == []


def killed(folder: Path, times: int) -> None:
    texts = [f"text {number} of a corpus" for number in range(3_000)]
    chance = random.Random(times)
    before = 0
    for _ in range(times):
        writer = run_writer(folder, len(texts))
        time.sleep(0.25 + chance.random() * 0.5)
        writer.send_signal(signal.SIGKILL)
        writer.wait(60)
        # killed after parts were joined and before they went, a store holds their texts twice
        now = len({key for path in shards(folder) for key in np.asarray(Shard(path).keys).tolist()})
        assert now >= before and all(Shard(path).verify() is None for path in shards(folder))
        before = now
    assert len(whole(folder, texts)) == len(texts) - before


def test_a_writer_that_is_killed_loses_only_its_shard_in_flight(tmp_path):
    """kill -9 at chance moments: every published shard is whole, and the rest is all that is computed again."""
    killed(tmp_path, 5)


@pytest.mark.slow
def test_a_writer_that_is_killed_a_hundred_times(tmp_path):
    """The same, for long; and in the end the store gives the bytes of one that was never interrupted."""
    for round_ in range(10):
        killed(tmp_path / str(round_), 10)


def test_compaction_joins_shards_and_drops_copies(tmp_path):
    """One shard, each text once, the same vectors; what is damaged or was left behind is pruned."""
    filled(tmp_path, TEXTS[:50])
    filled(tmp_path)
    cache = StoredVectors(tmp_path, MAKER)
    cache.add(text_keys(TEXTS[:10]), np.stack([vector(text) for text in TEXTS[:10]]), np.zeros(10, FACTS))
    (held,) = upkeep.holdings(tmp_path)
    assert (held.shards, held.rows) == (3, 110)
    upkeep.compact(held)
    (held,) = upkeep.holdings(tmp_path, verify=True)
    assert (held.shards, held.rows, held.damaged) == (1, 100, ())
    assert whole(tmp_path) == []
    (path,) = shards(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    (held,) = upkeep.holdings(tmp_path, verify=True)
    assert held.damaged == (path.name,)
    assert sorted(whole(tmp_path)) == sorted(TEXTS)
    (held,) = upkeep.holdings(tmp_path)
    assert held.damaged and upkeep.prune(held, whole=False) > 0
    (held,) = upkeep.holdings(tmp_path)
    assert not held.damaged and upkeep.prune(held, whole=True) > 0 and not list(upkeep.holdings(tmp_path))


def test_the_command_says_what_the_store_holds(harness, tmp_path):
    """list, verify, compact, prune; a damaged shard is exit code 1 of verify, an unknown word is exit code 2."""
    place = f"data.cache={tmp_path / 'kept'}"
    harness("model=wordllama", "task=legal", "limit=2", place, "board=false")
    cache = f"cache={tmp_path / 'kept'}"
    done = harness(cache, command="store")
    assert "wordllama" in done.stdout and "torch float32" in done.stdout and done.returncode == 0
    assert harness(cache, "do=compact", command="store").returncode == 0
    (path,) = shards(tmp_path / "kept" / "vectors")
    assert harness(cache, "do=verify", command="store").returncode == 0
    content = bytearray(path.read_bytes())
    content[-500] ^= 1
    path.write_bytes(content)
    done = harness(cache, "do=verify", command="store")
    assert done.returncode == 1 and "DAMAGED" in done.stdout
    done = harness("model=wordllama", "task=legal", "limit=2", place, "board=false", "overwrite=true")
    assert done.returncode == 0 and "set aside" in done.stderr
    assert "saved" in harness(cache, "do=prune", "days=0", command="store").stdout
    done = harness(cache, "do=prun", command="store")
    assert done.returncode == 2 and "Did you mean prune" in done.stderr


def test_a_warm_evaluation_imports_no_torch_and_gives_the_same_record(harness, script, tmp_path):
    """All vectors in the store: neither torch nor sentence-transformers is loaded, and every number is the same."""
    place = f"data.cache={tmp_path / 'kept'}"
    words = ["model=minilm", "task=legal", "limit=3", place, "board=false", "overwrite=true", "progress=false"]
    assert harness(*words, "results=cold").returncode == 0
    code = f"import sys; sys.argv[1:] = {[*words, 'results=warm']!r}\n" + (
        "from harness.compose.main import main\ntry: main()\nexcept SystemExit as e: assert not e.code\n"
        "print([name for name in ('torch', 'sentence_transformers', 'mteb', 'datasets', 'openvino') if name in sys.modules])"
    )
    done = script(code)
    assert done.stdout.strip().endswith("[]"), done.stderr
    cold, warm = (next((tmp_path / name).glob("records/*/*/run.trec.gz")).read_bytes() for name in ("cold", "warm"))
    assert cold == warm


@pytest.mark.parametrize("runtime", ["torch", "openvino", "onnx"])
def test_runtimes_agree_and_say_how_well(runtime, minilm):
    """The same vectors to the sixth digit through every runtime in float32; parity stands among the facts."""
    pytest.importorskip({"onnx": "onnxruntime"}.get(runtime, runtime))
    texts = ["", "a", "The Supplier shall deliver.", "loss of profit " * 300, "Straße 日本語"]
    system = opened("minilm", runtime=runtime)
    reference = opened("minilm", runtime="torch")
    np.testing.assert_allclose(system.encode(texts, "document"), reference.encode(texts, "document"), atol=2e-6)
    assert system.facts.parity > 0.999999 and system.facts.runtime == runtime


@pytest.mark.slow
def test_scores_are_the_same_through_every_runtime_and_from_the_store():
    """Per query to 1e-6: torch, openvino and onnx in float32, from cold and from the store."""
    task = replace(call(tasks.get("legal"), {"split": "dev"}), name="legal")
    values = {}
    for runtime in ("torch", "openvino", "onnx"):
        system = opened("minilm", runtime=runtime, max_length=128)
        for state in ("cold", "warm"):
            run = toys.ranked(system, task)
            values[runtime, state] = np.stack([one.values for one in evaluate(run, task.dataset, task.measures)])
    for key, found in values.items():
        np.testing.assert_allclose(found, values["torch", "cold"], atol=1e-6, err_msg=str(key))


def test_a_runtime_that_is_not_exact_is_refused_with_its_figure(monkeypatch, minilm):
    """The gate: a runtime that claims float32 and gives other vectors stops by name, and `auto` does without it."""
    from harness.models.runtimes import openvino

    def wrong(model, **_):
        def run(features, shared):
            generator = np.random.default_rng(0)
            return generator.normal(size=(len(features["input_ids"]), 384)).astype(np.float32)

        return Runner(run, "f32")

    monkeypatch.setattr(openvino, "runner", wrong)
    with pytest.raises(ModelError, match=r"model.runtime=openvino is not for .* least cosine .* under 0.9999"):
        opened("minilm", runtime="openvino", max_length=250).encode(["a"], "document")
    system = opened("minilm", runtime="auto", max_length=250)
    np.testing.assert_allclose(system.encode(["a"], "document"), minilm.encode(["a"], "document"), atol=2e-6)
    assert system.facts.runtime == "torch"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"dtype": "float16"}, "float16 is not for a CPU"),
        ({"dtype": "int8", "runtime": "torch"}, "model.dtype=int8 needs model.runtime=onnx"),
        ({"dtype": "bfloat16", "runtime": "onnx"}, "onnx computes in float32 or int8, not in bfloat16"),
    ],
)
def test_a_precision_that_a_runtime_does_not_have_is_refused(options, said):
    """Never another one in silence."""
    with pytest.raises(ModelError, match=said):
        opened("minilm", **options).encode(["a"], "document")


def has_bfloat16() -> bool:
    """Whether OpenVINO computes bfloat16 on this processor, by its own word."""
    openvino = pytest.importorskip("openvino")
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def test_a_precision_that_the_processor_does_not_have_is_not_recorded_under_its_name(minilm):
    """Without its own bfloat16 OpenVINO computes float32 and says so to nobody: by name it is refused, `auto` takes torch."""
    text = ["The Supplier shall deliver."]
    asked, left_open = opened("minilm", dtype="bfloat16", runtime="openvino"), opened("minilm", dtype="bfloat16")
    left_open.encode(text, "document")
    if has_bfloat16():
        asked.encode(text, "document")
        assert asked.facts.executes == left_open.facts.executes == "bf16"
        assert left_open.facts.runtime == "openvino"
    else:
        with pytest.raises(
            ModelError, match=r"runtime=openvino is not for .* no bfloat16, and OpenVINO would compute in"
        ):
            asked.encode(text, "document")
        assert left_open.facts.runtime == "torch"
        assert left_open.facts.executes.startswith("torch.bfloat16 on ")
    assert 0.999 < left_open.facts.parity < 1.0  # float32 under the name of bfloat16 would be 1.0
    assert np.abs(left_open.encode(text, "document") - minilm.encode(text, "document")).max() > 1e-5


@pytest.mark.parametrize(
    ("options", "least"), [({"dtype": "bfloat16"}, 0.999), ({"dtype": "int8", "runtime": "onnx"}, 0.9)]
)
def test_lower_precisions_are_systems_of_their_own_with_their_parity(options, least, minilm):
    """Another identity, another part of the store, and the record says how far off it is."""
    system = opened("minilm", **options)
    system.encode(["The Supplier shall deliver."], "document")
    assert least < system.facts.parity < 1.0 and system.identity != minilm.identity
    assert system.facts.dtype == options["dtype"]


@pytest.mark.parametrize("normalize", [True, False])
def test_packed_batches_give_the_padded_vectors(normalize):
    """The path of a CUDA device, here with the CPU's attention: no padding, the same pooling, the same vectors."""
    model = opened("minilm", runtime="torch").model
    texts = [*PROBE, "one", "two words"]
    ready = model.prepare(texts, "query: ")
    rows = np.arange(len(texts))[::-1].copy()
    padded = reference.runner(model._model, normalize=normalize).forward(ready.batch(rows), ready.shared)
    flat = packed.runner(model._model, normalize=normalize).forward(ready.batch(rows), ready.shared)
    np.testing.assert_allclose(flat, padded, atol=2e-6)


def test_what_the_store_answers_says_what_it_cost():
    """Seconds are kept with each vector, so that documents/s is the encoder's speed and not the disk's."""
    encoder, cache = Slow(), VectorCache()
    cold = encode(lambda: encoder, TEXTS[:10], cache)
    warm = encode(lambda: encoder, TEXTS[:10], cache)
    assert cold.fresh == 10 and warm.fresh == 0
    assert cold.facts["seconds"].sum() == warm.facts["seconds"].sum() >= 0.05


class Slow(Hashing):
    def forward(self, prepared, rows):
        time.sleep(0.05)
        return super().forward(prepared, rows)


def test_progress_counts_texts_and_tokens_from_what_is_computed():
    """What lies in the store moves the bar and not the pace."""
    told: list[tuple[int, int, int]] = []
    encoder, cache = Hashing(), VectorCache()
    encode(lambda: encoder, TEXTS[:40], cache)
    encode(
        lambda: encoder, TEXTS[:50], cache, progress=lambda done, total, tokens=0: told.append((done, total, tokens))
    )
    assert told[-1][:2] == (50, 50) and told[0][0] > 40
    assert sum(tokens for *_, tokens in told) == sum(map(len, TEXTS[40:50]))
    pace = Pace()
    assert pace.update(40, 0) == "" and "texts/s" in pace.update(45, 100) and "tokens/s" in pace.update(50, 100)

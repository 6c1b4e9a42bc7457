"""Embedding endpoints as systems, by the words that a user types, against a local stand-in that serves minilm."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT
from harness.config.options import call
from harness.context import Context
from harness.encode.keys import text_keys
from harness.encode.shard import ENDING, Shard
from harness.endpoints import canary
from harness.endpoints.budget import entries
from harness.errors import ModelError, VectorError
from harness.hub import Hub
from harness.records.archive import Archive
from harness.registry import systems
from standins import served
from vendors import KEY, Desk, hashed

QUIET = ("board=false", "progress=false")


@pytest.fixture(scope="module")
def serving(minilm) -> Callable[..., np.ndarray]:
    """minilm's vectors, for a server that asks from several threads."""
    lock = threading.Lock()

    def vectors(texts, input_type) -> np.ndarray:
        with lock:
            return minilm.encode(list(texts), "")

    return vectors


@contextmanager
def endpoint(desk: Desk, protocol: str = "openai") -> Iterator[tuple[str, ...]]:
    """The words that choose it."""
    with served(desk.handler()) as url:
        yield "model=api", "model.name=minilm", f"model.url={url}/v1", f"model.protocol={protocol}"


def runs(folder: Path) -> dict[str, dict[str, list[str]]]:
    """System → query → ranked ids, of every record in a results folder."""
    archive = Archive(folder)
    found = {}
    for record in archive.read():
        run = archive.run(record)
        found[record.system] = {one: list(ids) for one, ids in zip(run.query_ids, run.doc_ids, strict=True)}
    return found


def system(url: str, folder: Path, **options):
    """An endpoint as its plug-in makes it."""
    context = options.pop("context", None) or Context(hub=Hub(folder=folder), budget=options.pop("budget", None))
    return call(systems.get("api"), {"name": "m", "url": url, **options}, label="m", context=context)


@pytest.mark.parametrize("protocol", ["openai", "tei", "cohere", "voyage", "jina", "gemini"])
def test_an_endpoint_that_serves_minilm_ranks_as_minilm(harness, serving, tmp_path, protocol):
    """Every query's documents in the same order, whatever the protocol, and the same numbers."""
    with endpoint(Desk(serving), protocol) as words:
        cache = f"data.cache={tmp_path / 'kept'}"
        done = harness(*words, "model.texts=50", "model.label=theirs", "task=faq", "limit=60", cache, *QUIET)
    assert done.returncode == 0, done.stderr
    assert harness("model=minilm", "task=faq", "limit=60", *QUIET).returncode == 0
    found = runs(tmp_path / "results")
    assert found["theirs"] == found["minilm"]
    records = {record.system: record for record in Archive(tmp_path / "results").read()}
    theirs, ours = records["theirs"], records["minilm"]
    for one, other in zip(theirs.measures, ours.measures, strict=True):
        assert (one.measure, one.n) == (other.measure, other.n) and one.mean == pytest.approx(other.mean, abs=1e-9)
    assert theirs.facts.kind == "api" and theirs.facts.dimension == 384


def test_the_estimate_is_told_first_and_what_was_spent_is_recorded(harness, tmp_path):
    """Texts, tokens by which rule, money; the record and the ledger say what the endpoint counted."""
    desk = Desk()
    with endpoint(desk) as words:
        priced = ("model.price=0.5", "model.currency=EUR", "budget=5", f"data.cache={tmp_path / 'kept'}")
        done = harness(*words, *priced, "task=faq", "limit=30", *QUIET)
    assert done.returncode == 0, done.stderr
    first = done.stderr.splitlines()[0]
    assert "205 texts are to be embedded by 127.0.0.1" in first and "a token per 4 ASCII characters" in first
    assert "EUR 0.00" in first and "at 0.5 per million" in first and "budget=5 leaves 5.00" in first
    (record,) = Archive(tmp_path / "results").read()
    spent = record.checks.other["endpoint"]
    assert spent["texts"] == 206 and spent["tokens"] == desk.tokens and spent["currency"] == "EUR"  # with the canary
    assert spent["cost"] == pytest.approx(desk.tokens * 0.5e-6)
    assert sum(line["tokens"] for line in entries(tmp_path / "kept/endpoints/ledger.jsonl")) == desk.tokens


def test_a_text_is_billed_once_whatever_task_asks(harness, tmp_path):
    """Another split, a folder of the same texts, another variant, another number of requests at once: only what is new."""
    desk = Desk()
    place = (f"data.cache={tmp_path / 'kept'}", *QUIET)
    with endpoint(desk) as words:
        folder = f"task.path={ROOT / 'tasks' / 'data' / 'legal'}"
        for more in (
            ["task=legal"],
            ["task=legal", "task.split=dev"],
            ["task=beir", folder],
            ["task=legal", "model.dims=4"],
        ):
            done = harness(*words, *more, *place)
            assert done.returncode == 0, done.stderr
        done = harness(*words, "task=legal", "model.concurrency=1", "model.texts=3", "model.price=0", *place)
    assert "already recorded" in done.stderr and "(" not in done.stderr.partition(" × ")[0].replace("(url=", "")
    counts = {text: count for text, count in desk.billed.items() if text != canary.TEXT}
    assert set(counts.values()) == {1} and len(counts) > 500
    assert {record.system.partition("(")[0] for record in Archive(tmp_path / "results").read()} == {"api/minilm"}


def test_a_budget_stops_before_it_is_passed_and_the_rest_goes_on_from_there(harness, tmp_path):
    """One line, exit code 2, what arrived is kept; one budget for all tasks and systems of a command."""
    desk = Desk()
    place = (f"data.cache={tmp_path / 'kept'}", "model.price=1e6", "model.texts=8", *QUIET)
    with endpoint(desk) as words:
        done = harness(*words, "task=faq", "limit=20", "budget=4000", *place)
        assert done.returncode == 2 and "which does not suffice" in done.stderr.splitlines()[0]
        assert done.stderr.splitlines()[-1].startswith("error: budget=4000 is used up: USD 3,")
        assert 3000 < desk.tokens <= 4000 and not list(tmp_path.glob("results/records/*/*/record.json"))
        done = harness("-m", *words, "task=faq,legal", "limit=20", "budget=20000", *place)
        assert done.returncode == 1 and 20_000 < desk.tokens <= 24_000
        assert harness(*words, "task=faq", "limit=20", *place).returncode == 0
    assert max(count for text, count in desk.billed.items() if text != canary.TEXT) == 1
    failed = [record for record in Archive(tmp_path / "results").read() if record.status == "failed"]
    assert [record.task for record in failed] == ["legal[first 20]"] and "is used up" in failed[0].reason


def test_a_key_stands_nowhere(harness, tmp_path, monkeypatch, caplog):
    """Not in records, logs, the store, the ledger or messages, though the endpoint repeats it; not even at log level debug."""
    desk = Desk(faults=lambda number, _: "400 quoted" if number > 2 else "429 now" if number == 0 else "")
    desk.key = KEY
    caplog.set_level(logging.DEBUG)
    said = []
    place = f"data.cache={tmp_path / 'kept'}"
    for protocol in ("openai", "cohere", "gemini"):
        desk.requests.clear()
        with endpoint(desk, protocol) as words:
            for secret, more in ((KEY, []), (KEY, ["-m", "task=faq,legal"]), ("wrong-" + KEY[::-1], []), ("", [])):
                monkeypatch.setenv("THEIR_KEY", secret)
                task = [] if more else ["task=faq"]
                done = harness(
                    *more, *words, *task, "limit=10", "model.key_env=THEIR_KEY", place, "model.texts=100", *QUIET
                )
                said.append(done.stdout + done.stderr)
                assert done.returncode in (0, 1, 2) and "Traceback" not in said[-1], said[-1]
    assert any("HTTP 401" in one for one in said) and any("HTTP 400" in one for one in said)
    assert any("THEIR_KEY is not set" in one for one in said) and "***" in "".join(said)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5 and any(b" refuses " in file for file in files)
    for secret in (KEY, KEY[::-1]):
        for text in [*(file.decode("latin-1") for file in files), *said, caplog.text, *map(str, caplog.records)]:
            assert secret not in text and json.dumps(secret)[1:-1] not in text


def test_a_key_goes_to_the_vendor_it_is_for(monkeypatch, tmp_path):
    """OPENAI_API_KEY is not sent to whatever host speaks OpenAI's protocol; with it unset, the vendor's own is refused."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    desk = Desk()
    with served(desk.handler()) as url:
        system(url, tmp_path).encode(["a"], "query")
        assert all("authorization" not in headers for _, headers, _ in desk.requests)
        system(url, tmp_path, key_env="OPENAI_API_KEY").encode(["b"], "query")
        assert desk.requests[-1][1]["authorization"] == f"Bearer {KEY}"
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ModelError, match="variable OPENAI_API_KEY is not set"):
        system("", tmp_path).encode(["a"], "query")
    monkeypatch.setenv("OPENAI_API_KEY", "sk\n two")
    with pytest.raises(ModelError, match="holds a space, a line break") as told:
        system("", tmp_path).encode(["a"], "query")
    assert "sk" not in str(told.value)


def test_a_changed_model_behind_a_name_is_refused(harness, tmp_path):
    """Half of the vectors of one model and half of another give a number and no error; the canary tells."""
    desk = Desk()
    place = (f"data.cache={tmp_path / 'kept'}", *QUIET)
    with endpoint(desk) as words:
        assert harness(*words, "task=faq", "limit=10", *place).returncode == 0
        desk.vectors = lambda texts, input_type: hashed(texts, "another model")
        desk.requests.clear()
        done = harness(*words, "task=faq", "limit=20", *place)
        assert (
            done.returncode == 2
            and "gives other vectors than earlier today, at " in done.stderr
            and len(desk.requests) == 1
        )
        assert "model.revision=20" in done.stderr and done.stderr.count("\n") == 2  # after the estimate
        done = harness(*words, "task=faq", "limit=10", "overwrite=true", *place)
        assert done.returncode == 0 and len(desk.requests) == 1  # all is there: nobody is asked
        done = harness(*words, "task=faq", "limit=20", "model.revision=2027", *place)
        assert done.returncode == 0 and len(desk.requests) > 2, done.stderr
    names = {record.system for record in Archive(tmp_path / "results").read()}
    assert len(names) == 2 and any("revision=2027" in name for name in names)


def test_a_small_drift_is_noted(tmp_path):
    """Other hardware moves the last digits: the cosine and since when stand in the record's notes."""
    desk = Desk()
    with served(desk.handler()) as url:
        first = system(url, tmp_path)
        first.encode(["a"], "document")
        assert "canary" not in first.encoding_stats().other["endpoint"]
        noise = np.random.default_rng(0).normal(size=8) * 0.003
        desk.vectors = lambda texts, input_type: hashed(texts, input_type) + noise
        second = system(url, tmp_path)
        second.encode(["b"], "document")
        drift = second.encoding_stats().other["endpoint"]["canary"]
        assert 0.999 < drift["cosine"] < 0.99999 and drift["since"].startswith("20")
        desk.vectors = lambda texts, input_type: hashed(texts, input_type)[:, :4]
        with pytest.raises(ModelError, match=r"cosine of one and the same text is 0\.0000"):
            system(url, tmp_path).encode(["c"], "document")


def test_shortened_vectors_are_of_length_one_again(harness, tmp_path):
    """Infinity and Gemini cut and leave them so (infinity#538): by the dot product a longer vector would win."""
    generator = np.random.default_rng(3)
    rows = {}

    def vectors(texts, input_type):
        for text in texts:
            rows.setdefault(text, generator.normal(size=16) * np.r_[np.full(8, generator.uniform(0.1, 3)), np.ones(8)])
        whole = np.stack([rows[text] for text in texts])
        return whole / np.linalg.norm(whole, axis=1, keepdims=True)

    texts = [f"text {number}" for number in range(200)]
    query = ["a query"]
    with served(Desk(vectors).handler()) as url:
        asked = system(url, tmp_path, dimensions=8, similarity="dot")
        documents, queries = asked.encode(texts, "document"), asked.encode(query, "query")
        assert asked.encoding_stats().other["endpoint"]["normalised_again"] == 201
        raw = vectors(texts, "")[:, :8], vectors(query, "")[:, :8]
        cosine = np.argsort(-(raw[0] @ raw[1][0]) / np.linalg.norm(raw[0], axis=1))
        assert np.argsort(-documents @ queries[0]).tolist() == cosine.tolist()
        assert np.argsort(-raw[0] @ raw[1][0]).tolist() != cosine.tolist()  # the wrong number
        np.testing.assert_allclose(np.linalg.norm(documents, axis=1), 1, atol=1e-6)
        cut = system(url, tmp_path, dims=8).encode(texts, "document")
        np.testing.assert_allclose(cut, documents, atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(cut, axis=1), 1, atol=1e-6)
    done = harness(
        "model=api", "model.name=m", "model.url=http://h/v1", "model.dims=8", "model.similarity=dot", "task=faq"
    )
    assert done.returncode == 2 and "model.similarity=dot would rank by them" in done.stderr


def test_an_endpoint_that_does_not_heed_dimensions_is_found_out(tmp_path):
    """Another dimension than was asked for, or than the YAML states, is refused."""
    desk = Desk(lambda texts, _: hashed(texts, "")[:, :8])
    with served(desk.handler()) as url:
        with pytest.raises(
            VectorError, match=r"8 numbers .* not 16: it does not heed model.dimensions. Use model.dims"
        ):
            system(url, tmp_path, dimensions=16).encode(["a"], "document")
        with pytest.raises(VectorError, match=r"8 numbers .* not 384: mend model.dimension"):
            system(url, tmp_path, dimension=384).encode(["a"], "document")


def test_texts_are_sent_as_an_endpoint_takes_them(tmp_path):
    """One space for an empty text, no lone surrogate, cut to max_length by the rule where the endpoint does not cut."""
    desk = Desk()
    with served(desk.handler()) as url:
        asked = system(url, tmp_path, max_length=10, prompts={"query": "find: "})
        asked.encode(["", "a\ud800b", "x" * 100, "日本" * 10], "document")
        sent = {text for _, _, body in desk.requests for text in body["input"]}
        assert sent == {canary.TEXT, " ", "a\ufffdb", "x" * 40, "日本" * 5}
        notes = asked.encoding_stats()
        assert notes.truncation["document"]["texts_cut"] == 0.5 and notes.prompts == {"document": ""}
        asked.encode(["q"], "query")
        assert desk.requests[-1][2]["input"] == ["find: q"]
        system(f"{url}/v2", tmp_path, protocol="cohere", max_length=10).encode(["x" * 100], "query")
        assert desk.requests[-1][2]["texts"] == ["x" * 100] and desk.requests[-1][2]["input_type"] == "search_query"


def test_input_types_follow_role_and_task(tmp_path):
    """A query and a document of the same words are two texts; the vendor's words are mteb's, or one's own."""
    from harness.types import Purpose

    desk = Desk()
    with served(desk.handler()) as url:
        asked = system(url, tmp_path, protocol="cohere")
        query, document = asked.encode(["same"], "query"), asked.encode(["same"], "document")
        assert np.abs(query - document).max() > 0.01
        asked.encode(["c"], "", Purpose("mteb/Banking77Classification", "Classification"))
        asked.encode(["s"], "", Purpose("mteb/STS12", "STS"))
        found = [body["input_type"] for *_, body in desk.requests]
        assert found == ["search_document", "search_query", "search_document", "classification", "search_document"]
        tei = system(url, tmp_path, protocol="tei", inputs={"query": "web_search_query"})
        tei.encode(["q"], "query")
        assert desk.requests[-1][2]["prompt_name"] == "web_search_query"
        system(url, tmp_path, extra={"truncate_prompt_tokens": 512}).encode(["e"], "query")
        assert desk.requests[-1][2]["truncate_prompt_tokens"] == 512
        assert len({one.identity for one in (asked, tei, system(url, tmp_path))}) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model.protocol=tei"], "Add model.url=http://HOST:PORT"),
        (["model.url=localhost:80"], "is no URL of an endpoint"),
        (["model.url=http://user:sk-secret@h/v1"], "would stand in every record"),
        (["model.url='http://h/v1?key=sk-secret'"], "would stand in every record"),
        (["model.protocol=opnai"], "Did you mean openai"),
        (["model.concurrency=0"], "model.concurrency=0 is too small"),
        (["model.price=-1"], "is below 0"),
        (["budget=1"], "no price of m is known"),
        (["budget=-1", "model.price=1"], "budget=-1"),
    ],
)
def test_mistakes_are_one_line(harness, tmp_path, words, said):
    """What is wrong and how to mend it; a key in a URL is not repeated."""
    done = harness("model=api", "model.name=m", *words, "task=faq", *QUIET)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and said in done.stderr, done.stderr
    assert "sk-secret" not in done.stderr and not (tmp_path / "results").exists()


def killing(words: list[str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "harness", *words], cwd=folder, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def stored_keys(folder: Path) -> set[bytes]:
    keys: set[bytes] = set()
    for path in (folder / "vectors").glob(f"*/*{ENDING}"):
        keys.update(Shard(path).keys.tolist())
    return keys


@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_goes_on_and_bills_nothing_again(harness, tmp_path, kills):
    """SIGKILL at chance moments: what was in the store is never asked for again, what was billed is in the ledger but for
    the requests that were under way, and in the end nothing is missing."""
    desk = Desk()
    desk.slow = 0.15
    kept = tmp_path / "kept"
    chance = random.Random(kills)
    with endpoint(desk) as words:
        command = [*words, "model.texts=3", "model.concurrency=3", "task=faq", f"data.cache={kept}", *QUIET]
        for _ in range(kills):
            before = len(desk.requests)
            run = killing(command, tmp_path)
            while len(desk.requests) < before + 5 and run.poll() is None:
                time.sleep(0.02)
            time.sleep(chance.random())
            run.send_signal(signal.SIGKILL)
            run.wait(60)
            time.sleep(0.5)  # what was under way is answered to nobody
            held, start = stored_keys(kept), len(desk.requests)
            asked = [text for *_, body in desk.requests[start:] for text in body["input"] if text != canary.TEXT]
            assert not held & set(text_keys(asked).tolist())
        desk.slow, middle = 0.0, len(desk.requests)
        done = harness(*command)
        assert done.returncode == 0, done.stderr
        asked = [text for *_, body in desk.requests[middle:] for text in body["input"] if text != canary.TEXT]
        assert held and not held & set(text_keys(asked).tolist())
    again = sum(count - 1 for text, count in desk.billed.items() if text != canary.TEXT)
    assert again <= kills * 3 * 3  # at most what was under way: three requests of three texts
    lines = entries(kept / "endpoints" / "ledger.jsonl")
    billed = sum(desk.billed.values())
    assert billed - kills * 3 * 3 <= sum(line["texts"] for line in lines) <= billed
    assert len(stored_keys(kept)) == len(desk.billed) - 1 and len(list(kept.glob(f"vectors/*/*{ENDING}"))) < 40 * kills


def test_no_package_of_an_endpoint_is_imported_unless_one_is_asked(script):
    """Help, and a system that is not one, load neither `openai` nor its HTTP client."""
    code = (
        "import sys; sys.argv[1:] = ['--help']\nfrom harness.compose.main import main\ntry: main()\nexcept SystemExit: pass\n"
        "print('loaded', [name for name in ('openai', 'httpx2', 'jiter', 'torch') if name in sys.modules])"
    )
    done = script(code)
    assert done.stdout.strip().endswith("loaded []"), done.stdout[-300:] + done.stderr
    assert "text-embedding-3-small" in done.stdout and "An embedding endpoint: model.url=URL" in done.stdout


def test_how_it_is_asked_moves_no_number(serving, tmp_path):
    """Texts in a request, requests at once, tries: outside of the identity, and the vectors are the same."""
    texts = [f"text {number}" for number in range(40)]
    found, identities = [], set()
    for number, how in enumerate([{}, {"texts": 1, "concurrency": 7}, {"tokens": 9, "attempts": 2, "timeout": 9.0}]):
        with served(Desk().handler()) as url:
            asked = system("http://h", tmp_path, **how)
            identities.add(asked.identity)
            found.append(system(url, tmp_path / str(number), **how).encode(texts, "document"))
    assert len(identities) == 1
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.slow
def test_scifact_through_an_endpoint_gives_minilms_number(harness, serving, shared, tmp_path):
    """0.64508, through HTTP, JSON and the store."""
    import mirrors

    mirror = f"data.mirror={mirrors.scifact(shared, tmp_path / 'mirror')}"
    with endpoint(Desk(serving)) as words:
        patient = ("model.texts=32", "model.timeout=900", "model.concurrency=2")
        done = harness(*words, *patient, "task=mteb/SciFact", mirror, f"data.cache={tmp_path / 'kept'}", *QUIET)
    assert done.returncode == 0, done.stderr
    (record,) = Archive(tmp_path / "results").read()
    assert record.get("nDCG@10").mean == pytest.approx(0.64508, abs=5e-6)


def test_a_model_of_mteb_gets_the_store(harness, minilm_folder, tmp_path, monkeypatch):
    """The second evaluation encodes nothing and does not load the model, and gives the same run."""
    import mirrors
    from harness.models import mteb_loader
    from harness.systems import mteb

    name = "sentence-transformers/all-MiniLM-L6-v2"
    words = (
        f"model=mteb/{name}",
        "task=legal",
        f"data.models={mirrors.model(minilm_folder, tmp_path / 'mirror', name)}",
    )
    place = (f"data.cache={tmp_path / 'kept'}", *QUIET)
    assert harness(*words, "limit=3", "results=cold", *place).returncode == 0

    def loads(*_: object) -> None:
        raise AssertionError("the model was loaded")

    with monkeypatch.context() as patched:
        patched.setattr(mteb, "load", loads)
        patched.setattr(mteb_loader, "load", loads)
        done = harness(*words, "limit=3", "results=warm", *place)
    assert done.returncode == 0, done.stderr
    assert runs(tmp_path / "cold") == runs(tmp_path / "warm")
    cold, warm = (Archive(tmp_path / one).read()[0] for one in ("cold", "warm"))
    assert cold.checks.fresh["query"] == 3 and warm.checks.fresh == {"query": 0, "document": 0}
    assert replace(cold.facts, other={}) == replace(warm.facts, other={})


def test_an_endpoint_is_a_part_like_any_other(harness, tmp_path):
    """Fused with BM25; the budget holds for parts too."""
    desk = Desk()
    with endpoint(desk) as words, served(desk.handler()) as _:
        url = words[2].partition("=")[2]
        part = f"api/m(url={url},price=1e6)"
        fused = (
            "model=rrf",
            f"model.systems=['{part}',bm25]",
            "task=faq",
            "limit=5",
            f"data.cache={tmp_path / 'kept'}",
            *QUIET,
        )
        done = harness(*fused, "budget=100")
        assert done.returncode == 2 and "is used up" in done.stderr, done.stderr
        assert harness(*fused).returncode == 0


def test_a_glob_spends_no_money_that_nobody_allowed(harness, tmp_path):
    """`model=glob(*)` names no endpoint: without a budget they are left out, and that is said."""
    done = harness("-m", "model=glob(text-embedding-3-*)", "task=faq", "board=false")
    assert done.returncode == 0 and "budget=AMOUNT takes them in" in done.stderr
    assert not (tmp_path / "results").exists() or not list((tmp_path / "results").rglob("record.json"))

"""The client of embedding endpoints against local stand-ins: whatever fails, nothing is lost, nothing is billed twice, and
no budget is passed."""

from __future__ import annotations

import functools
import random
import time
from pathlib import Path

import numpy as np
import pytest

from harness.context import Spending
from harness.endpoints.budget import Ledger, Meter, Price, entries, most_tokens, tokens_of
from harness.endpoints.client import Client, Patience
from harness.endpoints.hints import hint
from harness.endpoints.messages import Messages
from harness.endpoints.spec import EndpointSpec
from harness.endpoints.transport import Address, ByOpenAI, Plain, retry_after
from harness.endpoints.work import Limits, batches
from harness.errors import BudgetError, ModelError, Unreachable, VectorError
from standins import served
from vendors import KEY, Desk, hashed

PROTOCOLS = ["openai", "tei", "cohere", "voyage", "jina", "gemini"]
IN_ORDER = ["tei", "cohere", "gemini"]
TEXTS = [f"text {number} of a corpus" * (1 + number % 3) for number in range(23)]
QUICK = Patience(attempts=40, first=0.001, most=0.002, away=0.1)


def meter(
    folder: Path, price: float | None = None, budget: float | None = None, spending: Spending | None = None
) -> Meter:
    return Meter({"model": "m"}, Price(price), Ledger(folder / "ledger.jsonl"), budget, spending or Spending())


def client(url: str, folder: Path, protocol: str = "openai", **options) -> Client:
    spec = EndpointSpec("m", protocol, url, **options.pop("spec", {}))
    address = Address(spec.base, options.pop("key", ""), spec.vendor.key_header, options.pop("timeout", 5.0))
    transport = ByOpenAI(address) if protocol == "openai" else Plain(address)
    limits = options.pop("limits", Limits(texts=4, tokens=10_000, concurrency=3))
    advice = functools.partial(hint, spec, canary=False)
    messages = Messages("m at here", spec.base, lambda said: said.replace(KEY, "***"), advice)
    return Client(
        spec.vendor, spec.settings(options.pop("input_type", "search_query")), transport,
        options.pop("meter", meter(folder)), limits=limits, patience=options.pop("patience", QUICK), messages=messages,
        **options,
    )  # fmt: skip


def vectors(parts, count: int) -> dict[int, np.ndarray]:
    found: dict[int, np.ndarray] = {}
    for part in parts:
        for row, values in zip(part.rows.tolist(), part.vectors, strict=True):
            assert row not in found and row < count
            found[row] = values
    return found


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_gives_each_text_its_vector(protocol, tmp_path):
    """Batches within the limit of texts, several at once, the input type sent, the key in its header, tokens as reported."""
    desk = Desk()
    desk.key, desk.slow = KEY, 0.02
    used = meter(tmp_path)
    with served(desk.handler()) as url:
        found = vectors(client(url, tmp_path, protocol, key=KEY, meter=used).received(TEXTS, TEXTS), len(TEXTS))
    np.testing.assert_array_equal(np.stack([found[row] for row in range(len(TEXTS))]), hashed(TEXTS, "search_query"))
    assert set(desk.billed.values()) == {1} and sum(desk.billed.values()) == len(TEXTS)
    assert len(desk.requests) == 6 and 1 < desk.peak <= 3
    taken = used.taken()
    assert taken["texts"] == len(TEXTS) and taken["requests"] == 6 and "retries" not in taken
    assert taken["tokens"] == (sum(map(tokens_of, TEXTS)) if protocol == "gemini" else desk.tokens)
    lines = entries(tmp_path / "ledger.jsonl")
    assert sum(line["texts"] for line in lines) == len(TEXTS) and {line["outcome"] for line in lines} == {"answered"}
    assert KEY not in (tmp_path / "ledger.jsonl").read_text()


@pytest.mark.parametrize("protocol", ["openai", "voyage", "jina"])
def test_results_are_sorted_by_their_index(protocol, tmp_path):
    """Taken in the order in which they come, every text would have another's vector."""
    with served(Desk(faults=lambda *_: "shuffled").handler()) as url:
        found = vectors(client(url, tmp_path, protocol).received(TEXTS, TEXTS), len(TEXTS))
    as_they_come = np.concatenate([hashed(TEXTS[start : start + 4], "search_query")[::-1] for start in range(0, 23, 4)])
    right = np.stack([found[row] for row in range(len(TEXTS))])
    np.testing.assert_array_equal(right, hashed(TEXTS, "search_query"))
    assert np.abs(as_they_come - right).max() > 0.1


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("fault", ["429 now", "500", "408", "drop", "cut", "truncated", "fewer"])
def test_a_fault_that_passes_loses_nothing_and_bills_nothing_twice(protocol, fault, tmp_path):
    """The second request of all; what had arrived of a half answer is not asked for again."""
    desk = Desk(faults=lambda number, _: fault if number == 1 else "")
    with served(desk.handler()) as url:
        asked = client(url, tmp_path, protocol, timeout=2.0)
        found = vectors(asked.received(TEXTS[:12], TEXTS), 12)
    np.testing.assert_array_equal(np.stack([found[row] for row in range(12)]), hashed(TEXTS[:12], "search_query"))
    if (
        fault == "fewer" and protocol in IN_ORDER
    ):  # without an index nobody knows which are missing: all are asked again
        assert max(desk.delivered.values()) == 2
    else:
        assert set(desk.delivered.values()) == {1} and len(desk.delivered) == 12
    if fault == "truncated" or (fault == "fewer" and protocol not in IN_ORDER):
        assert any(line["outcome"] == "in part" and line["arrived"] == 2 for line in entries(tmp_path / "ledger.jsonl"))


@pytest.mark.parametrize("protocol", ["openai", "tei"])
@pytest.mark.parametrize("fault", ["stall", "429 date", "503"])
def test_a_fault_that_takes_time_passes_too(protocol, fault, tmp_path):
    """No answer within the timeout counts as billed, and is asked again; a date is waited for."""
    desk = Desk(faults=lambda number, _: fault if number == 1 else "")
    with served(desk.handler()) as url:
        found = vectors(client(url, tmp_path, protocol, timeout=2.0).received(TEXTS[:12], TEXTS), 12)
    np.testing.assert_array_equal(np.stack([found[row] for row in range(12)]), hashed(TEXTS[:12], "search_query"))
    assert desk.delivered == dict.fromkeys(TEXTS[:12], 1)
    lost = [line for line in entries(tmp_path / "ledger.jsonl") if line["outcome"] == "lost"]
    assert len(lost) == (fault == "stall")


@pytest.mark.parametrize("status", ["400", "401", "403", "404", "413", "422", "402"])
def test_a_refusal_is_one_line_and_not_retried(status, tmp_path):
    """Which request, what the endpoint said without the key it repeats, and how to mend it; what was under way is kept."""
    desk = Desk(faults=lambda number, _: status if number == 3 else "")
    parts = []
    with (
        served(desk.handler()) as url,
        pytest.raises(ModelError, match=f"m at here refuses a request for [34] texts.*HTTP {status}.*kept") as told,
    ):
        parts.extend(client(url, tmp_path, key=KEY).received(TEXTS, TEXTS))
    assert KEY not in str(told.value) and "***" in str(told.value) and "\n" not in str(told.value)
    assert len(desk.requests) <= 6 and sum(len(part.rows) for part in parts) == sum(desk.delivered.values())


def test_an_endpoint_that_stays_away_is_given_up(tmp_path):
    """After so many tries, with what it said last; nobody listening is told too, and billed nothing."""
    quick = Patience(attempts=3, first=0.001, away=0.1)
    desk = Desk(faults=lambda *_: "500")
    with (
        served(desk.handler()) as url,
        pytest.raises(Unreachable, match="no answer in 3 tries, the last one: HTTP 500"),
    ):
        list(client(url, tmp_path, patience=quick).received(TEXTS[:4], TEXTS))
    assert len(desk.requests) == 3
    for protocol in ("openai", "tei"):
        with pytest.raises(Unreachable, match=r"in \d+ tries over \d s, the last one: ConnectError"):
            list(client("http://127.0.0.1:9", tmp_path, protocol, patience=quick).received(TEXTS[:4], TEXTS))
    assert not entries(tmp_path / "ledger.jsonl")


def test_a_wait_is_as_long_as_the_endpoint_asks(tmp_path):
    """Retry-After holds for every request; one that is too long stops; an account without credit is not asked again."""
    desk = Desk(faults=lambda number, _: "429 after 1" if number == 0 else "")
    start = time.monotonic()
    with served(desk.handler()) as url:
        list(client(url, tmp_path, limits=Limits(4, 10_000, 1)).received(TEXTS, TEXTS))
    assert time.monotonic() - start >= 1.0
    desk = Desk(faults=lambda *_: "429 after 7200")
    with served(desk.handler()) as url, pytest.raises(Unreachable, match="asks to wait 7,200 s"):
        list(client(url, tmp_path).received(TEXTS, TEXTS))
    desk = Desk(faults=lambda *_: "429 insufficient_quota")
    with served(desk.handler()) as url, pytest.raises(ModelError, match="HTTP 429"):
        list(client(url, tmp_path).received(TEXTS[:4], TEXTS))
    assert len(desk.requests) == 1


def test_retry_after_is_read_as_seconds_and_as_a_date():
    """RFC 9110, 10.2.3; anything else says nothing."""
    now = 784_111_777.0 - 90
    assert retry_after({"retry-after": "120"}, now) == 120
    assert retry_after({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, now) == 90
    assert retry_after({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, now + 1000) == 0
    assert retry_after({"retry-after": "soon"}, now) is None and retry_after({}, now) is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("fault", "said"), [("nan", "NaN, infinity"), ("dimension", "7 numbers")])
def test_what_is_no_vector_is_refused_by_the_name_of_its_text(protocol, fault, said, tmp_path):
    """The others of the answer are kept."""
    desk = Desk(faults=lambda *_: fault)
    parts = []
    with served(desk.handler()) as url, pytest.raises(VectorError, match=said) as told:
        parts.extend(client(url, tmp_path, protocol, dimension=8).received(TEXTS[:4], ["a", "b", "c", "d"]))
    assert "'a'" in str(told.value)
    assert [part.rows.tolist() for part in parts] == ([[1, 2, 3]] if fault == "nan" else [])


@pytest.mark.parametrize("protocol", ["openai", "voyage", "jina", "tei", "cohere", "gemini"])
def test_an_answer_of_another_form_is_not_taken(protocol, tmp_path):
    """Not JSON, another document, an index twice or outside: never a vector by its place."""
    from harness.endpoints.protocol import Malformed

    vendor = EndpointSpec("m", protocol, "http://h").vendor
    for payload in (
        None,
        3,
        [],
        {},
        {"data": 1},
        {"embeddings": 3},
        {"embeddings": {"float": [[1.0]] * 3}},
        [[1.0]] * 3,
    ):
        with pytest.raises(Malformed):
            vendor.read(payload, {}, 2, partial=False)
    entry = {"index": 0, "embedding": [1.0]}
    for data in (
        [entry, entry],
        [{"index": 2, "embedding": [1.0]}],
        [{"index": -1, "embedding": [1.0]}],
        [{"index": 0}],
    ):
        with pytest.raises(Malformed):
            vendor.read({"data": data}, {}, 2, partial=False)


def test_batches_are_within_both_limits():
    """In the order of the texts; one that is over the limit by itself stands alone."""
    texts = ["aaaa" * size for size in (1, 1, 5, 9, 1, 1, 1, 1)]
    found = [batch.rows for batch in batches(texts, Limits(texts=3, tokens=6))]
    assert found == [(0, 1), (2,), (3,), (4, 5, 6), (7,)]
    assert list(batches([], Limits())) == []


def test_tokens_by_rule():
    """A quarter of ASCII, one per other character; the most is a token per byte and what is put around."""
    assert [tokens_of(text) for text in ("", "abcd", "abcde", "日本", "Größe")] == [1, 1, 2, 2, 3]
    assert most_tokens("日本") == 6 + 16 and most_tokens("\ud800") == 3 + 16


def sequence(seed: int, folder: Path) -> None:
    """Random faults at random moments, under a budget that mostly does not suffice, and then without one."""
    chance = random.Random(seed)
    protocol = chance.choice(PROTOCOLS)
    kinds = ["429 now", "500", "503", "drop", "cut", "truncated"]
    kinds += ["shuffled", "fewer"] * (protocol not in IN_ORDER)
    rate = chance.random() * 0.6
    script = [chance.choice(kinds) if chance.random() < rate else "" for _ in range(400)]
    if seed % 4 == 0:
        script[chance.randrange(10)] = "stall"
    desk = Desk(faults=lambda number, _: script[number % 400])
    texts = [f"{seed} {number} " + "x" * chance.randrange(60) for number in range(chance.randrange(1, 50))]
    limits = Limits(chance.randrange(1, 9), chance.randrange(5, 200), chance.randrange(1, 5))
    budget = chance.random() * 1.5 * sum(map(most_tokens, texts))
    spending = Spending()
    found: dict[int, np.ndarray] = {}
    with served(desk.handler()) as url:
        for limit in (budget, None):
            left = [row for row in range(len(texts)) if row not in found]
            used = meter(folder, 1e6, limit, spending)
            asked = client(url, folder, protocol, meter=used, limits=limits, timeout=2.0)
            try:
                for part in asked.received([texts[row] for row in left], left):
                    for row, values in zip(part.rows.tolist(), part.vectors, strict=True):
                        assert left[row] not in found
                        found[left[row]] = values
            except BudgetError as error:
                assert limit is not None and "is used up" in str(error)
            if limit is not None:
                assert desk.tokens <= spending.of("USD") <= limit, "the budget was passed"
    assert len(found) == len(texts)
    np.testing.assert_array_equal(np.stack([found[row] for row in range(len(texts))]), hashed(texts, "search_query"))
    assert desk.delivered == dict.fromkeys(texts, 1)


@pytest.mark.parametrize("sequences", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_random_faults_lose_nothing_bill_nothing_twice_and_pass_no_budget(sequences, tmp_path):
    """Every protocol, batch size and concurrency; the server counts what it bills and what it delivers."""
    for seed in range(sequences):
        sequence(seed, tmp_path / str(seed))


def test_a_budget_is_told_in_one_line_and_the_ledger_says_what_was_spent(tmp_path):
    """The line says what was spent and what is left; money, tokens and currency stand in the ledger."""
    desk = Desk()
    spending = Spending()
    with (
        served(desk.handler()) as url,
        pytest.raises(BudgetError, match=r"budget=200 is used up: USD \d+\.\d\d are spent"),
    ):
        used = meter(tmp_path, 1e6, 200, spending)
        list(client(url, tmp_path, meter=used, limits=Limits(4, 1000, 1)).received(TEXTS, TEXTS))
    lines = entries(tmp_path / "ledger.jsonl")
    assert 100 < sum(line["cost"] for line in lines) == desk.tokens <= 200
    assert {line["currency"] for line in lines} == {"USD"} and sum(line["tokens"] for line in lines) == desk.tokens
    with (tmp_path / "ledger.jsonl").open("a") as file:
        file.write('{"date": "cut o')
    assert entries(tmp_path / "ledger.jsonl") == lines


def test_a_caller_that_stops_leaves_no_bill_unwritten(tmp_path):
    """A full disk behind the store closes the stream: what was under way is in the ledger all the same."""
    desk = Desk()
    desk.slow = 0.05
    with served(desk.handler()) as url:
        stream = client(url, tmp_path).received(TEXTS, TEXTS)
        next(stream)
        stream.close()
    assert sum(line["texts"] for line in entries(tmp_path / "ledger.jsonl")) == sum(desk.billed.values())

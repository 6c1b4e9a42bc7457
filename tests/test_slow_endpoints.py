"""Endpoints that are slow or away for a while: what a real server on two cores does to a client that asks too much."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from harness.endpoints.behaviour import Behaviour
from harness.endpoints.budget import entries
from harness.endpoints.client import Patience
from harness.endpoints.pace import EASY, FIRST, SURE, Pace
from harness.endpoints.work import Limits, Speed
from harness.errors import Unreachable
from standins import served
from test_api import QUIET, endpoint, system
from test_endpoints import client, vectors
from vendors import Desk, hashed

CORPUS = [f"document {number} of a slow corpus" for number in range(120)]
LARGE = Limits(texts=64, tokens=10_000, concurrency=4)
SLOW = 0.02, 0.5
"""Seconds for a text, and the timeout: 32 texts take 0.64 s, and four such requests at once 2.56 s."""


def slowly(url: str, folder, pace: Pace, said: list[str], attempts: int = 6):
    patience = Patience(attempts, first=0.01, most=0.02)
    behaviour = Behaviour("m", pace, said.append)
    return client(url, folder, timeout=SLOW[1], limits=LARGE, patience=patience, behaviour=behaviour)


@pytest.mark.parametrize("protocol", ["openai", "tei"])
def test_a_slow_server_is_finished(protocol, tmp_path):
    """It goes on with what nobody waits for: smaller requests, fewer at once; what arrived is not asked for again."""
    desk, said = Desk(), []
    desk.per_text = SLOW[0]
    pace = Pace(LARGE, SLOW[1])
    found: dict[int, np.ndarray] = {}
    behaviour = Behaviour("m", pace, said.append)
    patience = Patience(6, first=0.01, most=0.02)
    with served(desk.handler()) as url:
        slow = client(url, tmp_path, protocol, timeout=SLOW[1], limits=LARGE, patience=patience, behaviour=behaviour)
        for part in slow.received(CORPUS, CORPUS):
            rows, arrived = part.rows.tolist(), len(desk.requests)
            assert not found.keys() & set(rows)
            found |= dict(zip(rows, part.vectors, strict=True))
            for _, _, body in desk.requests[arrived:]:
                assert not {CORPUS[row] for row in rows} & set(body.get("input") or body["inputs"])
    np.testing.assert_array_equal(np.stack([found[row] for row in range(120)]), hashed(CORPUS, "search_query"))
    assert pace.now.texts < 24 and pace.now.concurrency == 1
    assert "texts a request, 4 at once (ReadTimeout" in said[0] and "texts, 2 at once" in said[0]
    lines = entries(tmp_path / "ledger.jsonl")
    assert sum(line["arrived"] for line in lines) == 120 and any(line["outcome"] == "lost" for line in lines)


def test_without_a_slower_pace_it_is_never_finished(tmp_path, monkeypatch):
    """The same requests again wait behind those that were given up; the line names what to do about it."""
    monkeypatch.setattr(Pace, "slower", lambda self, sent: False)
    desk, said = Desk(), []
    desk.per_text = SLOW[0]
    parts = []
    with served(desk.handler()) as url, pytest.raises(Unreachable, match="no answer in 6 tries") as told:
        parts.extend(slowly(url, tmp_path, Pace(LARGE, SLOW[1]), said).received(CORPUS, CORPUS))
    assert sum(len(part.rows) for part in parts) < 60
    for option in ("model.timeout=2 ", "model.texts=1 ", "model.concurrency=1."):
        assert option in str(told.value)


def test_a_server_that_never_answers_is_given_up(tmp_path):
    """Halved to one text, and then the tries of that are counted; nothing is said to be kept, for nothing arrived."""
    desk, said = Desk(faults=lambda *_: "stall"), []
    desk.stall = 0.3
    pace = Pace(LARGE, 0.05)
    patience = Patience(2, first=0.001)
    with (
        served(desk.handler()) as url,
        pytest.raises(Unreachable, match="in 2 tries, the last one, for 1 text") as told,
    ):
        behaviour = Behaviour("m", pace, said.append)
        found = client(url, tmp_path, timeout=0.05, limits=LARGE, patience=patience, behaviour=behaviour)
        list(found.received(CORPUS[:8], CORPUS))
    assert "kept" not in str(told.value) and pace.now == Speed(1, 1) and len(said) == 3


def test_small_requests_first_and_larger_ones_while_answers_come_easily(tmp_path):
    """32 texts, then twice as many up to the limit; a server that is quick gets as few requests as before."""
    desk = Desk()
    texts = [f"text {number}" for number in range(1_000)]
    with served(desk.handler()) as url:
        found = vectors(
            client(url, tmp_path, limits=Limits(256, 100_000, 1), timeout=60.0).received(texts, texts), len(texts)
        )
    assert len(found) == 1_000
    assert [len(body["input"]) for _, _, body in desk.requests] == [32, 64, 128, 256, 256, 256, 8]


def test_the_pace_by_hand():
    """Requests of one moment halve it once; after that it rises only when many answers came easily."""
    pace = Pace(Limits(256, 100_000, 4), timeout=60)
    start = pace.now
    assert start == Speed(FIRST, 4)
    pace.answered(start, 60 * EASY)
    assert pace.now == Speed(64, 4)
    pace.answered(start, 0.1)  # sent before it rose: it says nothing of the speed of now
    assert pace.now == Speed(64, 4)
    before = pace.now
    assert pace.slower(before)
    assert not pace.slower(before) and pace.now == Speed(32, 2)
    pace.slower(Speed(1, 1))
    assert pace.now == Speed(1, 1)
    for _ in range(SURE - 1):
        pace.answered(pace.now, 0.1)
    pace.answered(pace.now, 50.0)  # neither easy nor late: counted anew
    for _ in range(SURE - 1):
        pace.answered(pace.now, 0.1)
    assert pace.now == Speed(1, 1)
    pace.answered(pace.now, 0.1)
    assert pace.now == Speed(2, 1)
    for _ in range(9 * SURE):
        pace.answered(pace.now, 0.1)
    assert pace.now == Speed(256, 4)  # seven times twice the texts, then the requests at once


def test_a_slow_server_by_the_words_a_user_types(harness, tmp_path):
    """The documents and the queries of a task; the run goes on more slowly and says so."""
    desk = Desk()
    desk.per_text = 0.01
    with endpoint(desk) as words:
        place = (f"data.cache={tmp_path / 'kept'}", "model.timeout=0.4")
        done = harness(*words, *place, "task=faq", "limit=5", *QUIET)
    assert done.returncode == 0, done.stderr
    assert "too slow for 32 texts a request, 4 at once" in done.stderr and "Traceback" not in done.stderr


def test_a_canary_that_waits_for_the_model_slows_nothing(tmp_path):
    """Some servers load a model at the first request: that text is ours and alone."""
    desk = Desk(faults=lambda number, texts: "stall" if number == 0 else "")
    desk.stall = 0.6
    with served(desk.handler()) as url:
        system(url, tmp_path, timeout=0.3).encode([f"text {number}" for number in range(200)], "document")
    assert [len(body["input"]) for _, _, body in desk.requests][:3] == [1, 1, 32]


def test_a_server_that_restarts_is_waited_for(tmp_path):
    """Nobody listens for seconds: said in a line, and asked again until it is there. Six quick tries were over before."""
    desk, said = Desk(), []
    with served(desk.handler()) as url:
        port = int(url.rpartition(":")[2])
    seconds, patience = 3.0, Patience(6, first=0.05, away=20)
    back: list[object] = []

    def restart() -> None:
        from http.server import ThreadingHTTPServer

        time.sleep(seconds)
        server = ThreadingHTTPServer(("127.0.0.1", port), desk.handler())
        back.append(server)
        server.serve_forever()

    threading.Thread(target=restart, daemon=True).start()
    behaviour = Behaviour("m", Pace(LARGE), said.append)
    start = time.monotonic()
    asking = client(url, tmp_path, limits=LARGE, patience=patience, behaviour=behaviour)
    found = vectors(asking.received(CORPUS, CORPUS), len(CORPUS))
    back[0].shutdown()
    assert len(found) == 120 and time.monotonic() - start >= seconds
    (line,) = said
    assert f"nobody answers at {url}" in line and "Connection refused" in line and "asked again for 20 s" in line


def test_a_server_that_stays_away_is_one_line_that_says_how_long(tmp_path):
    """At least half a minute by default; here three. Its URL, and nothing of what is kept."""
    assert Patience().away >= 30
    with served(Desk().handler()) as url:
        pass
    said: list[str] = []
    behaviour = Behaviour("m", Pace(LARGE), said.append)
    with pytest.raises(Unreachable) as told:
        asking = client(url, tmp_path, patience=Patience(2, first=0.2, away=3), behaviour=behaviour)
        list(asking.received(CORPUS, CORPUS))
    assert "Connection refused. Start the server, or look at model.url=http://127.0.0.1" in str(told.value)
    assert " s, the last one" in str(told.value) and "kept" not in str(told.value) and len(said) == 1


def test_the_wrong_scheme_is_told_at_once(tmp_path):
    """TLS against a server that speaks none: no retry mends it."""
    start = time.monotonic()
    with served(Desk().handler()) as url, pytest.raises(Unreachable, match="is http:// or https://"):
        system(url.replace("http:", "https:"), tmp_path).encode(["a"], "document")
    assert time.monotonic() - start < 5

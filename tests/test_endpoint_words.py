"""What an endpoint's faults and oddities are told as: advice that fits, no text of the corpus, each thing once."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace

import numpy as np
import pytest

from harness.endpoints import canary
from harness.endpoints.said import said
from harness.errors import HarnessError, ModelError
from harness.records.archive import Archive
from harness.report import card, footer, formatting
from harness.report.board import board
from standins import served
from test_api import QUIET, endpoint, system
from test_report import no_scores
from vendors import KEY, Desk, hashed, tokens_of

MATRYOSHKA = {
    "error": {"message": "matryoshka_dim=512 is not in a valid range. Select between 1 and 384.", "code": 400}
}
SECRET = "The patient of room twelve, born on 3 May, was given the wrong medicine twice before anybody noticed. "


def pydantic(texts: list[str], what: str, place: list[object]) -> dict[str, object]:
    """As FastAPI refuses a request: with the whole input."""
    return {"detail": [{"type": "error", "loc": ["body", *place], "msg": what, "input": texts[-1]}]}


def refused(desk: Desk, folder, path: str = "/v1", **options) -> str:
    """The line of a system that is refused."""
    with served(desk.handler()) as url, pytest.raises(HarnessError) as told:
        system(url + path, folder, **options).encode([SECRET * 3, "another text"], "document")
    line = str(told.value)
    assert "\n" not in line and "patient" not in line and "  " not in line and " ." not in line and ".." not in line
    return line.replace(url, "http://host")


def always(status: int, body: object):
    return lambda path, asked: (status, body)


def after_the_canary(status: int, body):
    return lambda path, asked: None if asked["input"] == [canary.TEXT] else (status, body(asked["input"]))


def test_a_refused_dimension_names_model_dimensions(tmp_path):
    """Not a text that is too long."""
    desk = Desk()
    desk.refuses = always(400, MATRYOSHKA)
    line = refused(desk, tmp_path, dimensions=512)
    assert "HTTP 400: matryoshka_dim=512 is not in a valid range. Select between 1 and 384. Look at" in line
    assert "model.dimensions=512" in line and "longer" not in line
    assert "even the canary text, which is sent first" in line and "the longest is" not in line and "kept" not in line


def test_an_unknown_field_names_model_extra(tmp_path):
    """The fields that are sent beside the text; the text of ours is not repeated either."""
    desk = Desk()
    desk.refuses = always(422, pydantic([canary.TEXT], f"Not a data URI: DataURI({canary.TEXT[:60]}…)", ["image", 0]))
    line = refused(desk, tmp_path, extra={"modality": "image"})
    assert (
        "HTTP 422: body.image.0: Not a data URI: DataURI(…" in line
        and "……" not in line
        and "Look at model.extra: modality." in line
    )
    assert "longer" not in line and "quick brown" not in line
    desk.refuses = always(400, {"message": "Extra inputs are not permitted: input_type"})
    assert "Look at model.inputs, which gives 'input_type'." in refused(desk, tmp_path, inputs={"document": "passage"})


def test_a_text_that_is_too_long_is_named_and_not_repeated(tmp_path):
    """By its label, with the server's reason, however the text is escaped in it."""
    desk = Desk()
    what = "String should have at most 200 characters"
    desk.refuses = after_the_canary(422, lambda texts: pydantic(texts[:1], what, ["text", "input", 0]))
    line = refused(desk, tmp_path)
    assert "a request for 2 texts, the longest is '0'" in line and f"HTTP 422: body.text.input.0: {what}. Look" in line
    assert "model.max_length=N cuts them" in line and "kept" not in line  # the canary is not what is kept
    desk.refuses = after_the_canary(422, lambda texts: pydantic([texts[0] * 2_000], what, ["text", "input", 0]))
    assert f"HTTP 422: body.text.input.0: {what}. Look" in refused(desk, tmp_path)  # half a megabyte of it
    desk.refuses = after_the_canary(400, lambda texts: f"cannot read {texts[0]!r} or {json.dumps(texts)} at all " * 9)
    line = refused(desk, tmp_path)
    assert "HTTP 400: cannot read '…" in line and len(line) < 600


@pytest.mark.parametrize(
    ("path", "protocol", "asked", "advice"),
    [
        (
            "",
            "openai",
            "/embeddings",
            "Try model.url=http://host/v1, or speak another protocol [(]model.protocol=openai[|]tei",
        ),
        ("/v1", "openai", "/v1/embeddings", "Look at model.url and model.name, or speak another protocol"),
        (
            "/v1/embeddings",
            "openai",
            "/v1/embeddings/embeddings",
            "model.url is the base, .* model.url=http://host/v1[.]",
        ),
        ("", "tei", "/embed", "for openai, mostly model.url=http://host/v1[.]"),
        ("", "cohere", "/embed", "Try model.url=http://host/v2, or"),
    ],
)
def test_a_wrong_place_is_told_with_the_url_that_was_asked(tmp_path, path, protocol, asked, advice):
    """And what to try instead."""
    desk = Desk()
    desk.refuses = always(404, {"detail": "Not Found"})
    line = refused(desk, tmp_path, path, protocol=protocol)
    import re

    assert f"HTTP 404 at http://host{asked}: Not Found. " in line and re.search(advice, line), line
    assert "kept" not in line


def test_a_model_that_is_not_there_names_model_name(tmp_path):
    """vLLM and OpenAI answer 404 for it, as for a wrong path."""
    desk = Desk()
    desk.refuses = always(404, {"object": "error", "message": "The model `m` does not exist.", "code": 404})
    assert "The model `m` does not exist. Look at model.name=m." in refused(desk, tmp_path)


def test_no_key_and_a_wrong_key_are_told_apart(tmp_path, monkeypatch):
    """The option that names it, or the variable that holds it."""
    desk = Desk()
    desk.key = KEY
    assert "HTTP 401: Incorrect API key provided. No key was sent: model.key_env=NAME" in refused_plain(desk, tmp_path)
    monkeypatch.setenv("THEIRS", "wrong")
    line = refused(desk, tmp_path, key_env="THEIRS")
    assert "HTTP 401: Incorrect API key provided: Bearer ***. Look at the key in THEIRS." in line


def refused_plain(desk: Desk, folder) -> str:
    with served(desk.handler()) as url, pytest.raises(ModelError) as told:
        system(url, folder).encode(["a"], "document")
    return str(told.value)


def test_what_an_endpoint_says_is_its_words_alone():
    """Fields for people out of JSON; whatever it shares with the texts becomes `…`; the key is out before and after."""

    def plain(line: str) -> str:
        return line

    assert said('{"error": {"message": "no\\n such  thing."}}', [], plain) == "no such thing"
    assert said("<html>gone</html>", [], plain) == "<html>gone</html>"
    assert said('{"why": 3}', [], plain) == '{"why": 3}' and said("", [], plain) == ""
    assert said("too long: Straße 'x' \\n of Köln", ["Straße 'x' \n of Köln"], plain) == "too long: …"
    assert said("bad name John Doe here, not Doeful", ["John Doe"], plain) == "bad name … here, not Doeful"
    assert said('{"detail": "sk-a\\/b!"}', [], lambda one: one.replace("sk-a/b", "***")) == "***!"
    assert len(said("x" * 5_000, [], plain)) == 301
    many = [SECRET * 30 + str(number) for number in range(256)]
    assert said(json.dumps({"detail": f"bad: {many[7]}"}), many, plain) == "bad:…"


def test_another_name_in_the_answer_is_told_once_and_recorded(harness, tmp_path):
    """A server that serves one model takes any name: its number stood under the name that was typed."""
    desk = Desk()
    desk.name = "minilm-infinity"
    with endpoint(desk) as words:
        place = (f"data.cache={tmp_path / 'kept'}", *QUIET)
        done = harness(*words, "model.texts=20", "task=faq", "limit=5", *place)
        assert done.returncode == 0
        assert done.stderr.count("asked for 'minilm', answered by 'minilm-infinity'") == 1
        desk.name = ""
        assert "answered by" not in harness(*words, "task=faq", "limit=9", *place).stderr
    first, second = sorted(
        Archive(tmp_path / "results").read(), key=lambda record: len(record.checks.other["endpoint"])
    )[::-1]
    assert first.checks.other["endpoint"]["answered_by"] == ["minilm-infinity"]
    assert "answered_by" not in second.checks.other["endpoint"]
    made = board([first], no_scores)
    (row,), (column,) = made.rows, made.columns
    assert ("doubt", "asked for minilm, answered by minilm-infinity") in card.card(column, row.cells[0])


def test_a_server_that_counts_characters_is_told_once(harness, tmp_path):
    """infinity reports the length of the texts; tokens by the rule then stand for what was read."""
    desk = Desk()
    desk.counts = len
    with endpoint(desk) as words:
        limit = ("model.price=1", "model.max_length=100000", "model.texts=20", "task=faq", "limit=5")
        done = harness(*words, *limit, f"data.cache={tmp_path / 'kept'}", *QUIET)
    assert done.returncode == 0 and done.stderr.count("counts characters where it says tokens") == 1
    (record,) = Archive(tmp_path / "results").read()
    assert record.checks.other["endpoint"]["counts"] == "characters"
    assert record.checks.other["endpoint"]["tokens"] == desk.tokens  # what is billed stays what is billed
    assert record.checks.truncation["document"]["tokens"] < desk.tokens / 3
    desk.counts = tokens_of
    with served(desk.handler()) as url:
        other = system(url, tmp_path)
        other.encode([f"text {number}" for number in range(50)], "document")
        assert "counts" not in other.encoding_stats().other["endpoint"]


@pytest.mark.parametrize("protocol", ["openai", "cohere"])
def test_what_is_cut_is_unknown_where_no_length_is_stated(harness, tmp_path, protocol):
    """A record said that nothing was cut where 71 % of the documents were."""
    with endpoint(Desk(), protocol) as words:
        place = (f"data.cache={tmp_path / 'kept'}", *QUIET)
        assert harness(*words, "task=faq", "limit=5", *place).returncode == 0
        stated = (*words, "model.max_length=40", "model.label=stated")
        assert harness(*stated, "task=faq", "limit=5", *place).returncode == 0
    records = {record.system: record for record in Archive(tmp_path / "results").read()}
    known = records.pop("stated")
    (unknown,) = records.values()
    assert "document" not in unknown.checks.truncation and "query" not in unknown.checks.truncation
    assert known.checks.truncation["document"]["texts_cut"] > 0.5  # by the rule where the endpoint cuts
    assert 0 < known.checks.truncation["document"]["tokens_cut"] < 1
    for one, reads in ((unknown, "cut unknown, no prompt"), (known, "40 tokens, ")):
        made = board([one], no_scores)
        (row,), (column,) = made.rows, made.columns
        assert formatting.reads(row).startswith(reads) and "0 %" not in formatting.reads(row)
        assert len(footer.truncation(made)) == (one is known)
        assert any("cut at the model's limit" in text for _, text in card.card(column, row.cells[0])) == (one is known)
    before = replace(unknown, checks=replace(unknown.checks, truncation={"document": {"texts_cut": 0.0}}))
    assert formatting.reads(board([before], no_scores).rows[0]).startswith("cut unknown")  # a record of before


def test_a_model_that_changes_twice_a_day_has_a_revision_each(tmp_path):
    """The line says when, once; the revision that it advises is free."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    desk, revision = Desk(), ""
    with served(desk.handler()) as url:
        system(url, tmp_path).encode(["a"], "document")
        for free in (today, f"{today}-2", f"{today}-3"):
            desk.vectors = lambda texts, input_type, free=free: hashed(texts, free)
            with pytest.raises(ModelError, match=f"model.revision={free}, which keeps") as told:
                system(url, tmp_path, revision=revision).encode([free], "document")
            line = str(told.value)
            assert "than earlier today, at " in line and line.count(today) == 1
            revision = free
            system(url, tmp_path, revision=revision).encode([free], "document")
        (file,) = [path for path in (tmp_path / "endpoints").glob("canary-*") if "cosine" not in path.read_text()]
        entry = json.loads(file.read_text())
        file.write_text(json.dumps({**entry, "date": "2026-01-02T03:04:05+00:00"}) + "\n")
        desk.vectors = lambda texts, input_type: np.roll(hashed(texts, input_type), 1, axis=1)
        with pytest.raises(ModelError, match="other vectors than on 2026-01-02: the cosine"):
            system(url, tmp_path, revision=revision).encode(["z"], "document")

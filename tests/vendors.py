"""A local stand-in for embedding endpoints: it speaks each protocol as its public specification says, counts what it bills
and what it delivers, and fails as it is told."""

from __future__ import annotations

import contextlib
import email.utils
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np

from encoders import vector

KEY = "sk-secret/8d3f+Q=="
Fault = Callable[[int, Sequence[str]], str]


def hashed(texts: Sequence[str], input_type: str) -> np.ndarray:
    """Unit vectors of 8 numbers from text and input type."""
    rows = np.stack([vector(f"{input_type}|{text}") for text in texts])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Desk:
    """What the server knows and does.

    Attributes:
        faults: (number of the request, its texts) → the name of a fault, or empty.
        billed: Text → how often it was computed and billed; `tokens` is their sum as reported.
        delivered: Text → how often its vector stood whole in an answer that could be read.
        requests: Path, headers and body of each.
        per_text: Seconds for a text: one worker, who goes on with a request that nobody waits for any more.
        refuses: Path and body of a request → status and body of the reply that refuses it, or None.
        name: The model that answers; empty for whatever is asked for.
        counts: What it counts as a text's tokens.
    """

    def __init__(
        self, vectors: Callable[[Sequence[str], str], np.ndarray] = hashed, faults: Fault | None = None
    ) -> None:
        self.vectors, self.faults = vectors, faults or (lambda number, texts: "")
        self.billed: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.tokens = self.peak = self.running = 0
        self.key, self.slow, self.stall = "", 0.0, 3.0
        self.per_text, self.worker = 0.0, threading.Lock()
        self.refuses: Callable[[str, dict[str, Any]], tuple[int, Any] | None] = lambda path, body: None
        self.name, self.counts = "", tokens_of
        self.lock = threading.Lock()

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """To be `served`."""
        desk = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with desk.lock:
                    desk.running += 1
                    desk.peak = max(desk.peak, desk.running)
                    number = len(desk.requests)
                    desk.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                try:
                    time.sleep(desk.slow)
                    desk.answer(self, number, body)
                finally:
                    with desk.lock:
                        desk.running -= 1

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        return Handler

    def answer(self, handler: Any, number: int, body: dict[str, Any]) -> None:
        texts, input_type, dimensions, form = spoken(handler.path, body)
        fault = self.faults(number, texts)
        sent = handler.headers.get("Authorization", "") + handler.headers.get("x-goog-api-key", "")
        if self.key and self.key not in sent:
            return send(handler, 401, {"error": {"message": f"Incorrect API key provided: {sent}."}})
        if fault.isdigit() or fault.startswith("4"):
            status, _, how = fault.partition(" ")
            headers = {
                "now": {"Retry-After": "0"},
                "date": {"Retry-After": email.utils.formatdate(time.time() + 1, usegmt=True)},
            }
            seconds = {"Retry-After": how.removeprefix("after ")} if how.startswith("after ") else {}
            return send(
                handler, int(status), {"error": {"message": f"{how or 'no'} ({sent})"}}, headers.get(how, seconds)
            )
        if refused := self.refuses(handler.path, body):
            return send(handler, *refused)
        if self.per_text:
            with self.worker:
                time.sleep(self.per_text * len(texts))
        rows = np.array(self.vectors(texts, input_type))
        if dimensions:
            rows = rows[:, :dimensions]  # as Gemini and Infinity do it: not of length one
        tokens = sum(self.counts(text) for text in texts)
        order = list(range(len(texts)))
        if fault == "shuffled":
            order = order[::-1]
        if fault == "fewer" and len(texts) > 1:
            order = order[::2]
            tokens = sum(self.counts(texts[one]) for one in order)
        if fault == "nan":
            rows[0, 0] = np.nan
        if fault == "dimension":
            rows = rows[:, :-1]
        if self.name:
            body["model"] = self.name
        content = json.dumps(form([(one, rows[one].tolist()) for one in order], tokens)).encode()
        whole = order
        if fault == "truncated":  # in the middle of one vector, under an honest Content-Length
            middle = len(order) // 2
            content = content[: content.index(json.dumps(rows[order[middle]].tolist()).encode()) + 20]
            whole = order[:middle]
        with self.lock:
            self.billed.update(texts[one] for one in order)
            self.tokens += tokens
        if fault in ("stall", "drop", "cut"):
            if fault == "stall":
                time.sleep(self.stall)
            if fault == "cut":
                handler.send_response(200)
                handler.send_header("Content-Length", str(len(content)))
                handler.end_headers()
                handler.wfile.write(content[:30])
            handler.close_connection = True
            handler.wfile.flush()
            return None
        with self.lock:
            self.delivered.update(texts[one] for one in whole)
        return send(handler, 200, content, {"x-compute-tokens": str(tokens)} if handler.path.endswith("/embed") else {})


def tokens_of(text: str) -> int:
    """What this vendor counts: a token per three bytes."""
    return len(text.encode()) // 3 + 1


def spoken(path: str, body: dict[str, Any]) -> tuple[list[str], str, int | None, Callable[..., Any]]:
    """Texts, input type, dimensions and the form of the answer, of a request in any of the protocols."""
    if path.endswith(":batchEmbedContents"):
        first = body["requests"][0]
        texts = [one["content"]["parts"][0]["text"] for one in body["requests"]]
        assert all(one["model"].startswith("models/") for one in body["requests"])
        return (
            texts,
            first.get("taskType", ""),
            first.get("outputDimensionality"),
            lambda rows, _: {"embeddings": [{"values": values} for _, values in rows]},
        )
    if "inputs" in body:
        return (
            body["inputs"],
            body.get("prompt_name") or "",
            body.get("dimensions"),
            lambda rows, _: [values for _, values in rows],
        )
    if "texts" in body:
        assert body["embedding_types"] == ["float"] and body["input_type"]
        return (
            body["texts"],
            body["input_type"],
            body.get("output_dimension"),
            lambda rows, tokens: {
                "id": "1",
                "embeddings": {"float": [values for _, values in rows]},
                "meta": {"billed_units": {"input_tokens": tokens}},
            },
        )
    assert all(body["input"]), "OpenAI takes no empty text"
    input_type = body.get("task") or body.get("input_type") or ""
    assert body.get("encoding_format", "float") == "float"
    return (
        body["input"],
        input_type,
        body.get("dimensions") or body.get("output_dimension"),
        lambda rows, tokens: {
            "object": "list",
            "data": [{"object": "embedding", "index": one, "embedding": values} for one, values in rows],
            "model": body["model"],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        },
    )


def send(handler: Any, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    handler.send_response(status)
    for key, value in {
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        **(headers or {}),
    }.items():
        handler.send_header(key, value)
    with contextlib.suppress(ConnectionError):  # nobody waits for it any more
        handler.end_headers()
        handler.wfile.write(content)

"""Local hosts that speak the protocol of a model hub and of a file server, for the loading code that cannot be run here."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server on the loopback interface, for as long as the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def hub(name: str, folder: Path, revision: str, asked: list[str]) -> type[BaseHTTPRequestHandler]:
    """A hub that has one model: its listing at `revision`, and its files. `asked` collects the paths."""

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            asked.append(path)
            if path == f"/api/models/{name}/revision/{revision}":
                self._json({"id": name, "modelId": name, "sha": revision, "siblings": []}, body)
            elif path == f"/api/models/{name}/tree/{revision}":
                self._json([self._entry(file) for file in self._files()], body)
            elif path.startswith(f"/{name}/resolve/{revision}/"):
                self._file(folder / path.removeprefix(f"/{name}/resolve/{revision}/"), body)
            else:
                self._send(404, b"", "text/plain", body, {"X-Error-Code": "RepoNotFound"})

        def _files(self) -> list[Path]:
            return sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))

        def _entry(self, file: Path) -> dict[str, Any]:
            size = file.stat().st_size
            return {"type": "file", "path": file.relative_to(folder).as_posix(), "size": size, "oid": _oid(file)}

        def _json(self, value: Any, body: bool) -> None:
            self._send(200, json.dumps(value).encode(), "application/json", body, {})

        def _file(self, file: Path, body: bool) -> None:
            headers = {"ETag": f'"{_oid(file)}"', "X-Repo-Commit": revision, "Accept-Ranges": "bytes"}
            self._send(200, file.read_bytes(), "application/octet-stream", body, headers)

        def _send(self, status: int, content: bytes, kind: str, body: bool, headers: dict[str, str]) -> None:
            self.send_response(status)
            for key, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Hub


def files(folder: Path) -> type[BaseHTTPRequestHandler]:
    """A plain file server."""

    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, directory=str(folder), **kwargs)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Files


def _oid(file: Path) -> str:
    return hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest()

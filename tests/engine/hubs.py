"""Kaggle and the Hugging Face Hub on this machine: as much of either as their libraries ask of it."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlparse

SHA = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """A server with data sets by name, each {file: bytes}; Kaggle's are one zip. `status` makes it refuse with that."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hf: dict[str, dict[str, bytes]] = {}
        self.kaggle: dict[str, bytes] = {}
        self.status = 0
        self.seen: list[tuple[str, str, str]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _send(self, status, body, headers=(), kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _json(self, tree, status=200):
        self._send(status, json.dumps(tree).encode())

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        self._note()
        if self.server.status:
            return self._json({"message": "no"}, self.server.status)
        name = asked.get("competitionName") or f"{asked.get('ownerSlug')}/{asked.get('datasetSlug')}"
        if name not in self.server.kaggle:
            return self._json({"message": "not found"}, 404)
        if "GetDataset" in self.path:
            return self._json({"currentVersionNumber": 3})
        return self._send(200, self.server.kaggle[name], kind="application/zip")

    def _note(self):
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization", "")))

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self._note()
        if self.server.status:
            return self._json({"error": "no"}, self.server.status)
        parts = unquote(urlparse(self.path).path).strip("/").split("/")
        name = "/".join(parts[2:4] if parts[0] == "api" else parts[1:3])
        files = self.server.hf.get(name)
        if files is None:
            return self._send(401, b"{}", [("X-Error-Code", "RepoNotFound"), ("X-Error-Message", "Repository not found")])
        if parts[0] == "api":
            if "tree" in parts:
                return self._json([{"type": "file", "path": path, "size": len(data), "oid": _etag(data)} for path, data in files.items()])
            return self._json(
                {
                    "id": name,
                    "sha": SHA,
                    "siblings": [{"rfilename": path, "size": len(data), "blobId": _etag(data)} for path, data in files.items()],
                }
            )
        data = files["/".join(parts[5:])]
        return self._send(
            200, data, [("ETag", f'"{_etag(data)}"'), ("X-Repo-Commit", SHA), ("Accept-Ranges", "bytes")], "application/octet-stream"
        )


def _etag(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


@contextmanager
def served() -> Iterator[Hub]:
    """A hub that answers for as long as the block runs."""
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()

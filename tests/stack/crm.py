"""A CRM that knows idempotency keys: told twice under one key, it makes one entry."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from proxy import Proxy, Server
from public import ADDRESS, Public

TOKEN = "crm_token"
"""What the functions are to call it with."""


@dataclass
class Crm:
    url: str = ""
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Each key and order that came, in the order in which they came."""

    def times_told(self, session: str) -> int:
        return len(self._keys(session))

    def entries(self, session: str) -> int:
        return len(set(self._keys(session)))

    def _keys(self, session: str) -> list[str]:
        return [key for key, order in list(self.told) if order["checkout_session"] == session]

    def answer(self, path: str, token: str, key: str, order: dict[str, Any]) -> int:
        if token != f"Bearer {TOKEN}":
            return 401
        if path != "/api/orders" or not key:
            return 400
        self.told.append((key, order))
        return 201


@contextlib.contextmanager
def running_crm(proxy: Proxy, public: Public) -> Iterator[Crm]:
    """The CRM at a public address, with the proxy in front of it."""
    crm = Crm()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key, token = self.headers["Idempotency-Key"], self.headers["Authorization"]
            self.send_response(crm.answer(self.path, token, key, order))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, name="crm", daemon=True).start()
        port = proxy.in_front_of(Server(server.server_port, name="crm"), public.tls)
        crm.url = f"https://[{ADDRESS}]:{port}/api"
        yield crm
        server.shutdown()

"""Tokens go to the origin that they are for: no redirect and no proxy takes them elsewhere. Two ports are two origins."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dbprov.errors import DbprovError, PlaceError
from dbprov.houston.api import Houston
from dbprov.passwords.secret import Secret
from dbprov.passwords.vault import VaultPlace

TOKEN = "LEAK-MARK-token"


class Listener(ThreadingHTTPServer):
    """Answers everything with one status and place; ``heard``: what it was asked, with the headers."""

    def __init__(self, status: int, location: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.location = status, location
        self.heard: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Listener

    def answer(self) -> None:
        self.server.heard.append(f"{self.requestline}\n{self.headers}")
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location.replace("PATH", self.path))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = do_LIST = answer

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def listening(status: int, location: str = "") -> Iterator[Listener]:
    with Listener(status, location) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield made
        finally:
            made.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    monkeypatch.delenv("VAULT_ADDR", raising=False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.attack("redirects to another origin, to get the token", on="Vault's client")
def test_vaults_token_follows_no_redirect(status: int) -> None:
    with listening(200) as other, listening(status, f"{other.url}PATH") as vault:
        place = VaultPlace("secret/a", address=vault.url)
        for ask in (place.read, place.fill, place.propose):
            with pytest.raises(PlaceError) as caught:
                ask()
            assert f"Vault redirects to {other.url}" in str(caught.value)
            assert TOKEN not in str(caught.value)
        assert TOKEN in vault.heard[0]
        assert other.heard == []


@pytest.mark.parametrize("location", ["", "PATH?again"])
def test_a_redirect_is_no_success_of_a_write(location: str) -> None:
    """hvac would take it for one; the password would be on the server, and kept nowhere."""
    with listening(307, location) as vault:
        with pytest.raises(PlaceError, match="redirects to"):
            VaultPlace("secret/a", address=vault.url)._write({"password": "x"}, 1)
        assert len(vault.heard) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.attack("redirects to another origin, to get the token", on="Houston's client")
def test_houstons_token_follows_no_redirect(status: int) -> None:
    with listening(200) as other, listening(status, f"{other.url}PATH") as platform:
        with Houston(platform.url, Secret(TOKEN)) as houston, pytest.raises(DbprovError):
            houston.ask("query { a }", {}, again=True)
        assert TOKEN in platform.heard[0]
        assert other.heard == []


@pytest.mark.attack(
    "is HTTP_PROXY, and waits for the token that goes to loopback", on="both clients"
)
def test_a_token_for_loopback_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(200) as proxy, listening(200) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(PlaceError):
            VaultPlace("secret/a", address=server.url).read()
        with Houston(server.url, Secret(TOKEN)) as houston, pytest.raises(DbprovError):
            houston.ask("query { a }", {}, again=True)
        assert len(server.heard) == 2
        assert proxy.heard == []


@pytest.mark.parametrize(
    "address",
    ["http://vault.internal", "http://vault.internal:8200", "http://127.0.0.1.example.com"],
)
def test_vaults_token_is_not_sent_in_clear(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("VAULT_ADDR", address)
    with pytest.raises(PlaceError) as caught:
        VaultPlace("secret/a").read()
    assert f"the token is not sent to {address}" in str(caught.value)
    assert "VAULT_ADDR=https://" in caught.value.todo

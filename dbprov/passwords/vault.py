"""A password in HashiCorp Vault, or OpenBao, which speaks the same language."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from msgspec import Struct

from dbprov.errors import PlaceError
from dbprov.passwords import Remote
from dbprov.passwords.secret import Secret, checked, generate
from dbprov.system import loopback
from dbprov.system.deadline import within
from dbprov.system.masking import outside

Values = dict[str, Any]
SECONDS = 60  # for all that is asked at once; a single read has 15
LARGEST = 4 << 20  # bytes; Vault's own limit for a secret is one MB


class _Stored(Struct, frozen=True):
    values: Values
    version: int | None  # for check-and-set; None: of KV version 1, which has none

    def __repr__(self) -> str:
        return f"_Stored(***, {self.version})"


class VaultPlace(Struct, frozen=True):
    """One key of a secret of the KV engine, version 2 or 1; its other keys are kept.

    With version 2 nothing is written over that somebody else wrote a moment ago (check-and-set).
    The next password is under the same key with ``_next`` at its end.
    """

    path: str  # as the vault command takes it: the mount first
    key: str = "password"
    address: str | None = None
    writable = True

    @property
    def remote(self) -> Remote:
        address = self.address or os.environ.get("VAULT_ADDR", "")
        return Remote("Vault", address, self.path.strip("/"), self.key)

    def __str__(self) -> str:
        return f"Vault secret {self.path}, key {self.key}"

    def read(self) -> Secret | None:
        return self._password(self._stored().values, self.key)

    def fill(self) -> Secret:
        return self._add(self.key, generate())

    def pending(self) -> Secret | None:
        return self._password(self._stored().values, self._next)

    def propose(self, login: str = "") -> Secret:
        return self._add(self._next, generate(login))

    def promote(self) -> None:
        def moved(values: Values) -> Values:
            rest = {key: value for key, value in values.items() if key != self._next}
            return {**rest, self.key: values[self._next]} if self._next in values else values

        self._change(moved)

    @property
    def _next(self) -> str:
        return f"{self.key}_next"

    def _add(self, key: str, made: Secret) -> Secret:
        """A new password under a key that is not there yet."""
        kept = self._change(lambda values: {key: made.reveal(), **values})
        return self._password(kept, key) or made

    def _password(self, values: Values, key: str) -> Secret | None:
        value = values.get(key)
        if value is not None and not isinstance(value, str):
            raise PlaceError(f"the password in {self} cannot be used", "it is not a text", "")
        return checked(value, str(self)) if value is not None else None

    # -- the secret --------------------------------------------------------------------------------

    def _change(self, change: Callable[[Values], Values]) -> Values:
        """Read, change, write; again, where somebody else wrote in between."""
        for _ in range(5):
            kept = self._stored()
            wanted = change(kept.values)
            if wanted == kept.values or self._write(wanted, kept.version):
                return wanted
        raise PlaceError(
            f"a new password could not be kept in {self}",
            "somebody else writes into it all the time",
            "run this again when that is over",
        )

    def _stored(self) -> _Stored:
        """What is not there yet, or was deleted, holds nothing."""

        def request(client: Any) -> _Stored:
            mount, path, version = _mount(client, self.path)
            if version == 1:
                kv = client.secrets.kv.v1
                return _Stored(_values(kv.read_secret(path, mount_point=mount)["data"]), None)
            kv = client.secrets.kv.v2
            answer = kv.read_secret_version(path, mount_point=mount, raise_on_deleted_version=False)
            latest = answer["data"]
            return _Stored(_values(latest["data"] or {}), latest["metadata"]["version"])

        try:
            kept: _Stored = self._call("read", request)
            return kept
        except _NotFound:
            return _Stored({}, 0)

    def _write(self, values: Values, version: int | None) -> bool:
        def request(client: Any) -> None:
            mount, path, engine = _mount(client, self.path)
            if engine == 1:
                client.secrets.kv.v1.create_or_update_secret(path, values, mount_point=mount)
            else:
                kv = client.secrets.kv.v2
                kv.create_or_update_secret(path, values, cas=version, mount_point=mount)

        try:
            self._call("written", request)
            return True
        except _Changed:
            return False
        except _NotFound:
            why = f"no secrets engine of the kind KV is at {self.path}"
            raise PlaceError(f"{self} could not be written", why, "vault secrets list") from None

    def _call(self, done: str, ask: Callable[[Any], Any]) -> Any:
        client = self._client()
        try:
            return within(SECONDS, lambda: ask(client))
        except Exception as error:
            raise _failed(self, done, error) from None

    def _client(self) -> Any:
        address = self.address or os.environ.get("VAULT_ADDR")
        if not address:
            raise PlaceError(
                f"{self} could not be read", "nothing says where Vault is",
                "export VAULT_ADDR, or password: {vault: PATH, address: https://vault:8200}",
            )  # fmt: skip
        if why := loopback.objection(address):
            raise PlaceError(
                f"{self} cannot be used: the token is not sent to {loopback.shown(address)}", why,
                "export VAULT_ADDR=https://vault.example.com:8200, or"
                " password: {vault: PATH, address: https://vault.example.com:8200}",
            )  # fmt: skip
        return _client(address, os.environ.get("VAULT_TOKEN"), os.environ.get("VAULT_NAMESPACE"))


class _NotFound(Exception):
    pass


class _Changed(Exception):
    pass


@cache
def _client(address: str, token: str | None, namespace: str | None) -> Any:
    """hvac looks for the token in ~/.vault-token by itself, and for VAULT_CACERT and the like."""
    try:
        import hvac
    except ImportError:
        raise PlaceError(
            "Vault cannot be asked", "the library hvac is not installed",
            "pip install 'dbprov[vault]'",
        ) from None  # fmt: skip
    client = hvac.Client(address, token, namespace=namespace, timeout=15, allow_redirects=False)
    session = client.adapter.session
    for scheme in ("https://", "http://"):
        session.mount(scheme, _bounded())
    session.hooks["response"].append(_refuse_redirect)
    session.trust_env = not loopback.plain(address)  # no proxy on the way to loopback
    if not client.token:
        raise PlaceError(
            "Vault cannot be asked",
            "there is no token: neither VAULT_TOKEN nor ~/.vault-token",
            "vault login, or export VAULT_TOKEN",
        )
    return client


class _TooLarge(Exception):
    pass


def _values(found: Any) -> Values:
    if not isinstance(found, dict):
        raise TypeError("a secret is no object")
    return found


def _bounded() -> Any:
    """What requests would read to its end is read as far as a secret can go."""
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter

    class Bounded(HTTPAdapter):
        def send(self, request: PreparedRequest, *words: Any, **named: Any) -> Response:
            response = super().send(request, *words, **{**named, "stream": True})
            made = b""
            for part in response.iter_content(1 << 16):
                made += part
                if len(made) > LARGEST:
                    response.close()
                    raise _TooLarge
            response._content = made
            return response

    return Bounded()


def _refuse_redirect(answer: Any, **_: Any) -> None:
    """hvac would take a redirect that is not followed for a success of a write."""
    try:
        loopback.refuse_redirect(answer.status_code, answer.headers.get("location"))
    except loopback.Redirected:
        answer.close()
        raise


def _mount(client: Any, path: str) -> tuple[str, str, int]:
    """Where the engine is mounted, what is left of the path, and the engine's version.

    Asked of the server, as the vault command does.
    """
    found = client.adapter.get(f"/v1/sys/internal/ui/mounts/{path.strip('/')}")["data"]
    mount = found["path"].strip("/")
    version = int((found.get("options") or {}).get("version") or 1)
    return mount, path.strip("/").removeprefix(mount).strip("/"), version


SENTENCES = {
    "Forbidden": (
        "the token is not known to Vault, or its policies do not allow that",
        "vault token lookup says which policies it has; the path takes read, and to keep"
        " passwords create and update (of KV version 2 on MOUNT/data/PATH)",
    ),
    "VaultDown": ("Vault is sealed, or does not serve now", "vault operator unseal, by who may"),
    "VaultNotInitialized": ("Vault is not initialized", "vault operator init, by who may"),
    "ConnectionError": (
        "Vault was not reached", "see VAULT_ADDR, and that no firewall is between",
    ),
    "SSLError": (
        "TLS with Vault failed", "see that VAULT_ADDR says https, and VAULT_CACERT names its CA",
    ),
    "ConnectTimeout": ("Vault did not answer", "see VAULT_ADDR, and that no firewall is between"),
    "ReadTimeout": ("Vault did not answer in time", "run this again"),
    "Late": ("Vault did not answer in time", "run this again"),
    "_TooLarge": (f"its answer is larger than {LARGEST >> 20} MB", "see VAULT_ADDR"),
    **dict.fromkeys(
        ("KeyError", "TypeError", "AttributeError", "ValueError", "RecursionError"),
        ("it answered in a form that is not Vault's", "see VAULT_ADDR"),
    ),
    "InvalidURL": ("this is no address", "VAULT_ADDR=https://vault.example.com:8200"),
}  # fmt: skip


def _failed(place: VaultPlace, done: str, error: Exception) -> Exception:
    kind = type(error).__name__
    if kind == "InvalidPath":
        return _NotFound()
    if isinstance(error, loopback.Redirected):
        return PlaceError(
            f"{place} could not be {done}",
            f"Vault redirects to {error}: the token would go there, so it is not followed",
            "where that is your Vault, name it in VAULT_ADDR, or in address: of the spec",
        )
    if kind == "InvalidRequest" and "check-and-set" in str(error):
        return _Changed()
    why, todo = SENTENCES.get(kind, ("", "correct what Vault says, and run this again"))
    words = ", ".join(map(str, getattr(error, "errors", None) or ())) or (
        "" if why else str(error) or kind
    )
    words = outside(words)
    return PlaceError(f"{place} could not be {done}", ": ".join(filter(None, (why, words))), todo)

"""Houston's API: GraphQL over HTTP, with a remedy for each known error."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Mapping
from math import inf
from typing import Any, TypeVar

from dbprov.errors import DbprovError, UsageError
from dbprov.passwords.secret import Secret
from dbprov.system import loopback
from dbprov.system.deadline import Late, within
from dbprov.system.masking import outside

T = TypeVar("T")
TRIES = 3
LARGEST = 10 << 20  # bytes of an answer
MESSAGE_LENGTH = 2000  # characters of a message of the platform that are shown
TYPES = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    type(None): "null",
}
REMEDIES = (
    (
        r"appropriate permissions|PERMISSION_DENIED|not authorized",
        "the token's owner needs Workspace Admin on this Workspace (a service account's role), and"
        " System Admin for a cluster",
    ),
    (
        r"AUTH_TOKEN_REFRESH_FAILED|[Uu]nauthenticated|invalid token|[Tt]oken.*expired",
        "the token is not valid any more: make a new one, and put it into DBPROV_HOUSTON_TOKEN",
    ),
    (
        r"Cannot query field|Unknown argument|Unknown type|is not defined by type",
        "the platform's schema differs from what its version is known to have;"
        " see the Docs tab of the API, and leave the field out of --base",
    ),
    (
        r"[Mm]anual.*[Cc]onnection|[Cc]onnection [Ss]trings?.*(disabled|not (enabled|allowed))",
        "allow connection strings first: dbprov platform enable --houston URL (with 0.37 by Helm:"
        " dbprov connections SPEC --format values --platform 0.37)",
    ),
)


class HoustonError(DbprovError):
    """The platform refused the request, or could not be reached."""


class Houston:
    """A context manager. ``url`` ends in /v1; the token goes raw into ``authorization``."""

    def __init__(self, url: str, token: Secret, ca: str | None = None, timeout: float = 30) -> None:
        if why := loopback.objection(url):
            raise UsageError(
                f"the token is not sent to {loopback.shown(url)}",
                why,
                "--houston https://houston.BASEDOMAIN/v1",
            )
        try:
            import httpx
        except ImportError:
            raise UsageError(
                "the platform's API cannot be asked",
                "the package httpx is not installed",
                "pip install 'dbprov[houston]'",
            ) from None
        self.url = url
        self._httpx = httpx
        self._seconds = timeout + 1  # for a whole answer; the timeout of a single read is shorter
        context = ssl.create_default_context(cafile=ca) if not loopback.plain(url) else False
        self._client = httpx.Client(
            headers={
                "authorization": token.reveal(),
                "accept": "application/json",
                "accept-encoding": "identity",  # no decompression: LARGEST limits what is received
            },
            verify=context,
            timeout=timeout,
            follow_redirects=False,
            trust_env=not loopback.plain(url),  # no proxy on the way to loopback
        )

    def __enter__(self) -> Houston:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, document: str, variables: Mapping[str, Any], *, again: bool) -> dict[str, Any]:
        """The ``data`` of the answer.

        ``again``: a query that changes nothing, so it is repeated after a timeout. A request that
        did not reach the platform is always repeated. Raises HoustonError.
        """
        retried: tuple[type[Exception], ...] = (
            self._httpx.ConnectError,
            self._httpx.ConnectTimeout,
        )
        if again:
            retried += (self._httpx.TransportError,)
        for attempt in range(TRIES):
            try:
                body = {"query": document, "variables": variables}
                return self._read(*self._sent(body), read_only=again)
            except retried as error:
                if attempt + 1 == TRIES:
                    raise self._unreached(error) from None
                time.sleep(0.5 * 2**attempt)
            except self._httpx.TransportError as error:
                raise Unanswered(
                    f"{self.url} took the request and did not answer",
                    type(error).__name__,
                    AGAIN,
                ) from None
        raise AssertionError("unreachable")

    def get(self, url: str, seconds: float) -> tuple[int, str, bytes] | str:
        """Status, content type and body of another address, with the token; or why there is none.

        Whoever calls it knows that the token may be sent there.
        """
        try:
            return self._sent(None, url, seconds)
        except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
            return f"{type(error).__name__}: {outside(str(error))}"

    def _sent(
        self, body: Mapping[str, Any] | None, url: str = "", seconds: float = inf
    ) -> tuple[int, str, bytes]:
        """Status, content type and body, limited in time and in size."""

        def ask() -> tuple[int, str, bytes]:
            made = b""
            method = "GET" if body is None else "POST"
            with self._client.stream(method, url or self.url, json=body) as response:
                for chunk in response.iter_raw(1 << 16):
                    made += chunk
                    if len(made) > LARGEST:
                        break
                kind = response.headers.get("content-type", "no type").split(";")[0]
                packed = response.headers.get("content-encoding", "identity")
                return response.status_code, kind if packed == "identity" else packed, made

        try:
            return within(min(self._seconds, seconds), ask)
        except Late as error:
            raise self._httpx.ReadTimeout(str(error)) from None

    def _unreached(self, error: Exception) -> HoustonError:
        return HoustonError(
            f"{self.url} cannot be reached",
            f"{type(error).__name__}: {outside(str(error))}",
            "see that the address is https://houston.BASEDOMAIN/v1, and that its certificate's CA"
            " is known (--houston-ca FILE)",
        )

    def _read(self, status: int, kind: str, text: bytes, read_only: bool) -> dict[str, Any]:
        if len(text) > LARGEST:
            why = f"it is larger than {LARGEST >> 20} MB, and was not read to its end"
            raise self.unexpected("its answer cannot be the API's", why, read_only)
        try:
            body = json.loads(text)
            if b"\\ud" in text.lower():  # half a character cannot be printed, nor sent again
                body = json.loads(json.dumps(body, ensure_ascii=False).encode(errors="replace"))
        except (ValueError, RecursionError):
            raise self._no_json(status, kind, read_only) from None
        body = self.typed(body, dict, "it", read_only)
        if body.get("errors"):
            words, codes = _messages(body["errors"])
            todo = remedy(f"{words} {codes}") or "correct what the platform says, and run it again"
            raise Refused(f"{self.url} refused it", outside(words), todo)
        if status >= 400 or body.get("data") is None:
            what = f"{self.url} answered with status {status} and no data"
            if not read_only and status < 400:
                raise Unanswered(what, "", AGAIN)
            raise HoustonError(what, "", remedy("", status) or ADDRESS)
        return self.typed(body["data"], dict, "data", read_only)

    def _no_json(self, status: int, kind: str, read_only: bool) -> HoustonError:
        what = f"{self.url} answered with status {status} and {outside(kind)}, not with JSON"
        why = "that is a web page, not the API" if "html" in kind else ""
        todo = remedy("", status)
        if not read_only and status < 400:
            return Unanswered(what, why, AGAIN)
        return HoustonError(what, why, todo or f"{ADDRESS}, not at app.BASEDOMAIN")

    def typed(self, value: Any, kind: type[T], where: str, read_only: bool = True) -> T:
        """The value, if it has the expected type. Raises HoustonError."""
        if isinstance(value, kind):
            return value
        found = TYPES.get(type(value), "a number")
        raise self.unexpected(f"{where} is {found}, not {TYPES[kind]}", "", read_only)

    def unexpected(self, what: str, why: str, read_only: bool) -> HoustonError:
        """The error for an answer that is not the API's; after a mutation its effect is unknown."""
        kind = HoustonError if read_only else Unanswered
        words = f"{self.url} answered in a form that is not the API's: {what}"
        return kind(words, why, f"{ADDRESS}; see --platform too" if read_only else AGAIN)


def _messages(errors: Any) -> tuple[str, str]:
    """The messages and codes of GraphQL errors."""
    listed = [one if isinstance(one, dict) else {"message": one} for one in _list(errors)]
    words = "; ".join(str(one.get("message", one))[:MESSAGE_LENGTH] for one in listed[:10])
    more = [one["extensions"] for one in listed if isinstance(one.get("extensions"), dict)]
    return words, " ".join(str(one.get("code", "")) for one in more)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


AGAIN = "run the same command again: it looks first whether the Deployment is there"
ADDRESS = "the API is at https://houston.BASEDOMAIN/v1"


class Refused(HoustonError):
    """The platform answered, and its answer is an error of its own."""


class Unanswered(HoustonError):
    """A mutation was sent, and it is not known whether it was executed."""


def remedy(words: str, status: int = 0) -> str:
    if status in (401, 403):
        return "the token is not taken: make a new one, and put it into DBPROV_HOUSTON_TOKEN"
    if status >= 500 or status == 429:
        return "the platform is busy or down: run the same command again"
    return next((todo for pattern, todo in REMEDIES if re.search(pattern, words)), "")

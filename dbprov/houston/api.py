"""Houston's door: GraphQL over HTTP, with a sentence for each way in which it says no."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Mapping
from typing import Any, TypeVar

from dbprov.errors import DbprovError, UsageError
from dbprov.passwords.secret import Secret
from dbprov.system import loopback
from dbprov.system.deadline import Late, within
from dbprov.system.masking import outside

T = TypeVar("T")
TRIES = 3
LARGEST = 10 << 20  # bytes of an answer
WORDS = 2000  # characters of the platform's own that are told
SORTS = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
SENTENCES = (
    (
        r"appropriate permissions|PERMISSION_DENIED|not authorized",
        "the token's owner needs Workspace Admin on this Workspace (a service account's role)",
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
        "allow manual connection strings first: dbprov connections SPEC --format values",
    ),
)


class HoustonError(DbprovError):
    """The platform did not take it."""


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
        self._seconds = timeout + 1  # of a whole answer; a single read ends before
        context = ssl.create_default_context(cafile=ca) if not loopback.plain(url) else False
        self._client = httpx.Client(
            headers={
                "authorization": token.reveal(),
                "accept": "application/json",
                "accept-encoding": "identity",  # a small answer that unpacks to a large one is none
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

        ``again``: it changes nothing, so it is asked again after a timeout. What never reached the
        platform is always sent again. Raises HoustonError.
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
                return self._read(*self._sent(body), asked=again)
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

    def _sent(self, body: Mapping[str, Any]) -> tuple[int, str, bytes]:
        """Status, type and text of the answer: all of it in time, and not more than can be one."""

        def ask() -> tuple[int, str, bytes]:
            made = b""
            with self._client.stream("POST", self.url, json=body) as response:
                for part in response.iter_raw(1 << 16):
                    made += part
                    if len(made) > LARGEST:
                        break
                kind = response.headers.get("content-type", "no type").split(";")[0]
                packed = response.headers.get("content-encoding", "identity")
                return response.status_code, kind if packed == "identity" else packed, made

        try:
            return within(self._seconds, ask)
        except Late as error:
            raise self._httpx.ReadTimeout(str(error)) from None

    def _unreached(self, error: Exception) -> HoustonError:
        return HoustonError(
            f"{self.url} cannot be reached",
            f"{type(error).__name__}: {outside(str(error))}",
            "see that the address is https://houston.BASEDOMAIN/v1, and that its certificate's CA"
            " is known (--houston-ca FILE)",
        )

    def _read(self, status: int, kind: str, text: bytes, asked: bool) -> dict[str, Any]:
        if len(text) > LARGEST:
            why = f"it is larger than {LARGEST >> 20} MB, and was not read to its end"
            raise self.strange("its answer cannot be the API's", why, asked)
        try:
            body = json.loads(text)
            if b"\\ud" in text.lower():  # half a character cannot be printed, nor sent again
                body = json.loads(json.dumps(body, ensure_ascii=False).encode(errors="replace"))
        except (ValueError, RecursionError):
            raise self._no_json(status, kind, asked) from None
        body = self.part(body, dict, "it", asked)
        if body.get("errors"):
            words, codes = _words(body["errors"])
            todo = remedy(f"{words} {codes}") or "correct what the platform says, and run it again"
            raise HoustonError(f"{self.url} refused it", outside(words), todo)
        if status >= 400 or body.get("data") is None:
            what = f"{self.url} answered with status {status} and no data"
            if not asked and status < 400:
                raise Unanswered(what, "", AGAIN)
            raise HoustonError(what, "", remedy("", status) or ADDRESS)
        return self.part(body["data"], dict, "data", asked)

    def _no_json(self, status: int, kind: str, asked: bool) -> HoustonError:
        what = f"{self.url} answered with status {status} and {outside(kind)}, not with JSON"
        why = "that is a web page, not the API" if "html" in kind else ""
        todo = remedy("", status)
        if not asked and status < 400:
            return Unanswered(what, why, AGAIN)
        return HoustonError(what, why, todo or f"{ADDRESS}, not at app.BASEDOMAIN")

    def part(self, value: Any, kind: type[T], where: str, asked: bool = True) -> T:
        """A part of an answer, which is what it should be. Raises HoustonError."""
        if isinstance(value, kind):
            return value
        found = SORTS.get(type(value), "a number")
        raise self.strange(f"{where} is {found}, not {SORTS[kind]}", "", asked)

    def strange(self, what: str, why: str, asked: bool) -> HoustonError:
        """Of an answer that the API does not give. After a mutation nobody knows what it did."""
        kind = HoustonError if asked else Unanswered
        words = f"{self.url} answered in a form that is not the API's: {what}"
        return kind(words, why, f"{ADDRESS}; see --platform too" if asked else AGAIN)


def _words(errors: Any) -> tuple[str, str]:
    """What GraphQL says of errors, whatever form it has."""
    listed = [one if isinstance(one, dict) else {"message": one} for one in _list(errors)]
    words = "; ".join(str(one.get("message", one))[:WORDS] for one in listed[:10])
    more = [one["extensions"] for one in listed if isinstance(one.get("extensions"), dict)]
    return words, " ".join(str(one.get("code", "")) for one in more)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


AGAIN = "run the same command again: it looks first whether the Deployment is there"
ADDRESS = "the API is at https://houston.BASEDOMAIN/v1"


class Unanswered(HoustonError):
    """A mutation was sent, and nobody knows whether it was carried out."""


def remedy(words: str, status: int = 0) -> str:
    if status in (401, 403):
        return "the token is not taken: make a new one, and put it into DBPROV_HOUSTON_TOKEN"
    if status >= 500 or status == 429:
        return "the platform is busy or down: run the same command again"
    return next((todo for pattern, todo in SENTENCES if re.search(pattern, words)), "")

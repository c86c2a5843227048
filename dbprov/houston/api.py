"""Houston's door: GraphQL over HTTP, with a sentence for each way in which it says no."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dbprov.errors import DbprovError, UsageError
from dbprov.secret import Secret

TRIES = 3
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
        parts = urlsplit(url)
        local = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise UsageError(
                f"the token is not sent to {url}",
                "it is no https:// address: anybody on the way could read it",
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
        context = ssl.create_default_context(cafile=ca) if parts.scheme == "https" else False
        self._client = httpx.Client(
            headers={"authorization": token.reveal(), "accept": "application/json"},
            verify=context,
            timeout=timeout,
            follow_redirects=False,
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
                return self._read(self._client.post(self.url, json=body))
            except retried as error:
                if attempt + 1 == TRIES:
                    raise self._unreached(error) from None
                time.sleep(0.5 * 2**attempt)
            except self._httpx.TransportError as error:
                raise Unanswered(
                    f"{self.url} took the request and did not answer",
                    type(error).__name__,
                    "run the same command again: it looks first whether the Deployment is there",
                ) from None
        raise AssertionError("unreachable")

    def _unreached(self, error: Exception) -> HoustonError:
        return HoustonError(
            f"{self.url} cannot be reached",
            f"{type(error).__name__}: {error}",
            "see that the address is https://houston.BASEDOMAIN/v1, and that its certificate's CA"
            " is known (--houston-ca FILE)",
        )

    def _read(self, response: Any) -> dict[str, Any]:
        try:
            body = response.json()
            errors = body.get("errors") or []
        except (ValueError, AttributeError):
            raise self._no_json(response) from None
        if errors:
            words = "; ".join(str(one.get("message", one)) for one in errors)
            codes = " ".join(str((one.get("extensions") or {}).get("code", "")) for one in errors)
            raise HoustonError(f"{self.url} refused it", words, remedy(f"{words} {codes}"))
        if response.status_code >= 400 or not isinstance(body.get("data"), dict):
            raise HoustonError(
                f"{self.url} answered with status {response.status_code} and no data",
                "",
                remedy("", response.status_code),
            )
        found: dict[str, Any] = body["data"]
        return found

    def _no_json(self, response: Any) -> HoustonError:
        kind = response.headers.get("content-type", "no type").split(";")[0]
        status = response.status_code
        return HoustonError(
            f"{self.url} answered with status {status} and {kind}, not with JSON",
            "that is a web page, not the API" if "html" in kind else "",
            remedy("", status)
            or "the API is at https://houston.BASEDOMAIN/v1, not at app.BASEDOMAIN",
        )


class Unanswered(HoustonError):
    """A mutation was sent, and nobody knows whether it was carried out."""


def remedy(words: str, status: int = 0) -> str:
    if status in (401, 403):
        return "the token is not taken: make a new one, and put it into DBPROV_HOUSTON_TOKEN"
    if status >= 500 or status == 429:
        return "the platform is busy or down: run the same command again"
    return next((todo for said, todo in SENTENCES if re.search(said, words)), "")

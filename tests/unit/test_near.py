"""Whom a secret is sent to over HTTP."""

from __future__ import annotations

import pytest

from dbprov.system.loopback import Redirected, objection, refuse_redirect, shown


@pytest.mark.parametrize(
    "url",
    ["https://vault.example.com:8200", "HTTPS://vault", "http://127.0.0.1:8200", "http://localhost/v1",
     "http://[::1]:8200", "http://127.1.2.3"],
)  # fmt: skip
def test_where_a_secret_may_go(url: str) -> None:
    assert objection(url) == ""


@pytest.mark.parametrize(
    "url",
    ["http://vault.internal", "http://10.0.0.1:8200", "http://127.0.0.1.example.com", "http://localhost.example.com",
     "http://0.0.0.0:8200", "http://evil.example\\@127.0.0.1/", "http://127.0.0.1\\@evil.example/", "http://a@127.0.0.1",
     "vault:8200", "ftp://vault", "", "https://", "http://[::1", "//vault"],
)  # fmt: skip
@pytest.mark.attack("listens on the way to an http:// address", on="each HTTP client")
def test_where_it_may_not(url: str) -> None:
    assert objection(url)


def test_a_login_in_a_url_is_not_shown() -> None:
    assert shown("http://user:pass@vault.internal/x") == "http://vault.internal/x"


def test_a_redirect_says_where_to() -> None:
    refuse_redirect(200, None)
    refuse_redirect(404, "https://other")
    for location, told in (
        ("https://other.example:8200/v1/secret?x=1", "https://other.example:8200"),
        ("https://a:b@other/v1", "https://other"),
        ("/v1/elsewhere", "/v1/elsewhere"),
        ("https://x\x1b[2J/", "https://x[2J"),
        (None, "nowhere"),
    ):
        with pytest.raises(Redirected) as caught:
            refuse_redirect(307, location)
        assert str(caught.value) == told

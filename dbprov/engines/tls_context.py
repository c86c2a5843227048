"""TLS as both engines speak it: how strict to be, and what a refusal means."""

from __future__ import annotations

import os
import re
import ssl
from functools import cache
from typing import NamedTuple

from dbprov.spec.model import Tls
from dbprov.system.masking import outside, raw


@cache
def context(tls: Tls) -> ssl.SSLContext:
    """One for the whole run: a driver would load the CA store for each connection (T83).

    Not Python's default one, which from 3.13 on refuses certificates that libpq takes, such as
    those that MySQL makes for itself.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = tls.mode == "verify-full"
    if not tls.verifies:
        made.verify_mode = ssl.CERT_NONE
    elif tls.ca:
        made.load_verify_locations(tls.ca)
    else:
        made.load_default_certs()
    if tls.cert:
        made.load_cert_chain(tls.cert, tls.key)
    return made


def name_system_store() -> None:
    """Tell every OpenSSL of this process where the system's CA certificates are.

    The one that comes with psycopg looks into a folder that is nowhere.
    """
    found = ssl.get_default_verify_paths()
    for name, path in (("SSL_CERT_FILE", found.cafile), ("SSL_CERT_DIR", found.capath)):
        if path:
            os.environ.setdefault(name, path)


class Fault(NamedTuple):
    pattern: str  # by OpenSSL, libpq or PyMySQL
    words: str
    todo: str


IN_CLEAR = "the server asks for the password in clear, and not over TLS"
UNKNOWN_KEY = (
    "the server asks for the password, encrypted with a key that nobody vouches for, and not over"
    " TLS"
)
OLD_LIBPQ = "cannot keep a server from asking for the password in clear without TLS"
CLEAR = "knowing that anybody on the way can read the password, tls: {allow_cleartext: true}"
REFUSED = "the server does not accept the client certificate, or hung up for another reason"
BETWEEN = "If it fitted until now, somebody may be in between: do not lower the mode to get through"
FAULTS = (
    Fault(
        "server requested a cleartext password|server requested OAuth",
        IN_CLEAR,
        f"tls: {{mode: require}}; or, {CLEAR}",
    ),
    Fault(
        UNKNOWN_KEY,
        UNKNOWN_KEY,
        "tls: {mode: require}; or tls: {server_public_key: FILE}, with public_key.pem of the"
        f" server's data directory; or, {CLEAR}",
    ),
    Fault(
        OLD_LIBPQ,
        OLD_LIBPQ,
        "tls: {mode: require}; or libpq 16 or newer (pip install 'psycopg[binary]');"
        f" or, {CLEAR}",
    ),
    Fault(
        "certificate has expired",
        "the server's certificate has expired",
        "whoever runs the server renews it; see that the clock of this machine is right",
    ),
    Fault(
        "certificate is not yet valid",
        "the server's certificate is not valid yet",
        "see that the clocks of the server and of this machine are right",
    ),
    Fault(
        "self-signed certificate|unable to get (local )?issuer|unable to verify the first",
        "the server's certificate is signed by no CA that is trusted here",
        "tls: {ca: FILE} with the CA certificate that signed it; dbprov check says where the usual"
        f" services have theirs.\n{BETWEEN}",
    ),
    Fault(
        "Hostname mismatch|IP address mismatch|does not match host name",
        "the server's certificate is for another name than the one in the server's URL",
        "put a name that stands in the certificate into the URL; through a tunnel keep that name,"
        " and add ?hostaddr=127.0.0.1; tls: {mode: verify-ca} looks at no name.\n" + BETWEEN,
    ),
    Fault(
        "requires a valid client certificate|alert certificate required",
        "the server asks for a client certificate",
        "tls: {cert: FILE, key: FILE}, signed by a CA that the server knows",
    ),
    Fault(
        "alert (unknown ca|bad certificate|certificate|unsupported certificate)"
        "|certificate authentication failed",
        "the server does not accept the client certificate",
        "see that tls: {cert, key} is signed by a CA that the server knows, has not expired,"
        " and is for this user",
    ),
    Fault(
        "server does not support SSL|server doesn't support it",
        "the server speaks no TLS, or somebody in between keeps it from doing so",
        "turn TLS on at the server; or, knowing that anybody on the way can read all of it,"
        " tls: {mode: disable}",
    ),
    Fault(
        "unsupported protocol|protocol version|no protocols available|version too low",
        "the server and this machine have no version of TLS in common",
        "have the server speak TLS 1.2 or 1.3",
    ),
    Fault(
        "certificate verify failed",
        "the server's certificate does not fit",
        "see tls in the spec: ca must hold the CA certificate that signed it. Without a ca libpq"
        " looks at PGSSLROOTCERT, or else at ~/.postgresql/root.crt, in each mode but disable",
    ),
)


def fault(words: str) -> Fault | None:
    """What a failed connection says of TLS, in words of ours; None if it is not about TLS."""
    return next(
        (
            one
            for one in FAULTS
            if words.startswith(one.words) or re.search(one.pattern, raw(words), re.IGNORECASE)
        ),
        None,
    )


def explained(words: str) -> str:
    """The sentence, and behind it what the library says; other words as they are.

    Without any secret: a server repeats what was sent.
    """
    found = fault(words)
    if not found or words.startswith(found.words):
        return outside(raw(words))
    heard = re.sub(r"^.*failed: (?=\S)|\s*\(_ssl\.c:\d+\)|\[SSL: \w+\] |\)+$", "", words.strip())
    return f"{found.words} ({outside(heard)})"

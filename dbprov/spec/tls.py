"""What a spec says of TLS, and what is wrong with its files before any server is asked."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dbprov.spec.model import TLS_MODES, Tls
from dbprov.spec.values import Given, Reading
from dbprov.system.files import Refused, read

FILES = ("ca", "cert", "key")
HERE = (*FILES, "server_public_key")  # those that nobody but dbprov reads as well
KEYS = ("mode", *HERE, "allow_cleartext")
IN_URLS = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "ssl_mode", "ssl_ca", "ssl_cert", "ssl_key"}
)


def of_mapping(values: Reading, given: Given | None, folder: Path, otherwise: Tls) -> Tls:
    """Of the admin's door, of the logins that verify, and of the strings."""
    if given is None:
        return otherwise
    keys = values.mapping(given, KEYS)
    public = values.text(keys.get("server_public_key"), "the path of a file")
    made = replace(_read(values, keys, Tls()), server_public_key=public)
    named = [which for which in HERE if getattr(made, which)]
    files = {which: values.path(keys[which], getattr(made, which), folder) for which in named}
    for which, what, right in values.once(tuple(files.items()), lambda: list(_objections(files))):
        values.wrong(keys[which], what, right)
    _sensible(values, keys, given, made)
    ca, cert, key, public = (str(files[which]) if which in files else None for which in HERE)
    cleartext = values.boolean(keys.get("allow_cleartext")) or False
    return replace(
        made, ca=ca, cert=cert, key=key, server_public_key=public, allow_cleartext=cleartext
    )


def elsewhere(values: Reading, given: Given | None, here: Tls) -> Tls | None:
    """Of the strings only: of files that are not on this machine, so nobody looks for them."""
    if given is None:
        return None
    keys = values.mapping(given, ("mode", *FILES))
    made = _read(values, keys, here)
    _sensible(values, keys, given, made)
    return made


def is_address(text: str) -> bool:
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _read(values: Reading, keys: dict[str, Given], otherwise: Tls) -> Tls:
    mode = values.one_of(keys.get("mode"), TLS_MODES)
    ca, cert, key = (values.text(keys.get(which), "the path of a file") for which in FILES)
    if not mode and not otherwise.given:
        mode = "verify-full" if ca else "require" if cert or key else None
    return Tls(
        mode or otherwise.mode,
        ca or otherwise.ca,
        cert or otherwise.cert,
        key or otherwise.key,
        given=otherwise.given or bool(mode or ca or cert or key),
    )


def _sensible(values: Reading, keys: dict[str, Given], given: Given, made: Tls) -> None:
    if bool(made.cert) != bool(made.key):
        place = keys.get("cert" if made.cert else "key", given)
        values.wrong(place, "a client certificate is cert and key", "both, or neither")
    if "ca" in keys and not made.verifies:
        values.wrong(
            keys["ca"],
            f"mode {made.mode} does not look at the server's certificate, nor at a ca",
            "mode: verify-full (what a ca means where no mode is said), or no ca",
        )
    if made.mode == "verify-ca" and not made.ca:
        values.wrong(
            keys.get("mode", given),
            "verify-ca without a ca takes every certificate that any public CA signed",
            "mode: verify-full, or the ca: FILE that signed the server's",
        )
    if "server_public_key" in keys and made.insists:
        values.wrong(
            keys["server_public_key"],
            f"mode {made.mode} insists on TLS, where this key is not looked at",
            "no server_public_key; or mode: prefer or disable",
        )
    if "cert" in keys and made.mode == "disable":
        values.wrong(
            keys["cert"], "without TLS no certificate is shown", "mode: require, or no cert"
        )


LARGEST = 10 << 20  # bytes; the CA certificates of a system are a quarter of one
CA = "a file of CA certificates in PEM"
CERT = "a file with the client certificate in PEM"
PUBLIC = "a file with the server's RSA public key in PEM, as public_key.pem of its data directory"
KEY = "a file with the private key of cert in PEM, without a passphrase, mode 0600"
OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
OPEN_TO_OTHERS_OF_ROOT = stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO


class Locked(Exception):
    """A key that asks for a passphrase."""


def _objections(files: dict[str, Path]) -> Iterator[tuple[str, str, str]]:
    """Of each file: which, what is wrong with it, and what would be right."""
    right = {"ca": CA, "cert": CERT, "key": KEY, "server_public_key": PUBLIC}
    wrong = {which: why for which, path in files.items() if (why := _unreadable(path))}
    for which, (what, todo) in wrong.items():
        yield which, what, todo or right[which]
    if "ca" in files and "ca" not in wrong and not _holds_certificates(files["ca"]):
        yield "ca", f"{files['ca'].name} holds no certificates in PEM", CA
    public = files.get("server_public_key")
    if public and "server_public_key" not in wrong and not _holds_public_key(public):
        yield "server_public_key", f"{public.name} holds no RSA public key in PEM", PUBLIC
    if {"cert", "key"} <= files.keys() - wrong.keys():
        yield from _of_pair(files["cert"], files["key"])


def _unreadable(path: Path) -> tuple[str, str] | None:
    """Why, and what mends it. Whoever can write a CA's file decides which server is believed."""
    try:
        read(path, LARGEST, everybody=False)
    except FileNotFoundError:
        return f"there is no file {path.name}", ""
    except Refused as error:
        return str(error.strerror), error.todo
    except OSError as error:
        return f"{path.name} cannot be read: {error.strerror}", ""
    return None


def _holds_certificates(path: Path) -> bool:
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return False
    return True


def _holds_public_key(path: Path) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        return isinstance(load_pem_public_key(path.read_bytes()), RSAPublicKey)
    except (ValueError, UnsupportedAlgorithm):
        return False


def _of_pair(cert: Path, key: Path) -> Iterator[tuple[str, str, str]]:
    import ssl

    def ask() -> str:
        raise Locked

    if not _holds_certificates(cert):
        yield "cert", f"{cert.name} holds no certificate in PEM", CERT
    else:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert, key, ask)
        except Locked:
            yield "key", f"{key.name} has a passphrase, which no consumer of a string knows", KEY
        except ssl.SSLError as error:
            mismatch = "MISMATCH" in str(error)
            of_cert = f"is not the key of {cert.name}"
            yield "key", f"{key.name} {of_cert if mismatch else 'holds no private key in PEM'}", KEY
    # libpq's own rule: it refuses a key that others can read; root's may be read by a group.
    state = key.stat()
    if state.st_mode & (OPEN_TO_OTHERS if state.st_uid else OPEN_TO_OTHERS_OF_ROOT):
        yield "key", f"{key.name} can be read by others than its owner", f"chmod 600 {key}"

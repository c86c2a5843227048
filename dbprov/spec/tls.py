"""What a spec says of TLS, and what is wrong with its files before any server is asked."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from dbprov.spec import keys
from dbprov.spec.key_types import Key
from dbprov.spec.model import Tls
from dbprov.spec.values import Node, Reading
from dbprov.system.files import Refused, read

HERE = (*keys.TLS_FILES, keys.TLS_SERVER_PUBLIC_KEY)  # files that dbprov itself reads too
IN_URLS = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "ssl_mode", "ssl_ca", "ssl_cert", "ssl_key"}
)


def of_mapping(values: Reading, node: Node | None, folder: Path, otherwise: Tls) -> Tls:
    """Of the admin's sessions, of the logins that verify, and of the connection strings."""
    if node is None:
        return otherwise
    found = values.mapping(node, keys.OF_TLS)
    public = keys.TLS_SERVER_PUBLIC_KEY.read(values, found)
    made = replace(_read(values, found, Tls()), server_public_key=public)
    named = [which for which in HERE if getattr(made, which)]
    files = {which: values.path(found[which], getattr(made, which), folder) for which in named}
    for which, what, right in values.once(tuple(files.items()), lambda: list(_objections(files))):
        values.wrong(found[which], what, right)
    _sensible(values, found, node, made)
    ca, cert, private, public = (str(files[one]) if one in files else None for one in HERE)
    cleartext = keys.TLS_ALLOW_CLEARTEXT.read(values, found) or False
    return replace(
        made, ca=ca, cert=cert, key=private, server_public_key=public, allow_cleartext=cleartext
    )


def elsewhere(values: Reading, node: Node | None, here: Tls) -> Tls | None:
    """Of the strings only: of files that are not on this machine, so nobody looks for them."""
    if node is None:
        return None
    found: dict[str, Node] = keys.PUBLISH_TLS.type.read(values, node, keys.PUBLISH_TLS)
    made = _read(values, found, here)
    _sensible(values, found, node, made)
    return made


def is_address(text: str) -> bool:
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _read(values: Reading, found: dict[str, Node], otherwise: Tls) -> Tls:
    mode = keys.TLS_MODE.read(values, found)
    ca, cert, private = (one.read(values, found) for one in keys.TLS_FILES)
    if not mode and not otherwise.given:
        mode = "verify-full" if ca else "require" if cert or private else None
    return Tls(
        mode or otherwise.mode,
        ca or otherwise.ca,
        cert or otherwise.cert,
        private or otherwise.key,
        given=otherwise.given or bool(mode or ca or cert or private),
    )


def _sensible(values: Reading, found: dict[str, Node], node: Node, made: Tls) -> None:
    if bool(made.cert) != bool(made.key):
        place = found.get(keys.TLS_CERT if made.cert else keys.TLS_KEY, node)
        values.wrong(place, "a client certificate is cert and key", "both, or neither")
    if keys.TLS_CA in found and not made.verifies:
        values.wrong(
            found[keys.TLS_CA],
            f"mode {made.mode} does not look at the server's certificate, nor at a ca",
            f"{keys.TLS_MODE}: verify-full (what a ca means where no mode is set), or no ca",
        )
    if made.mode == "verify-ca" and not made.ca:
        values.wrong(
            found.get(keys.TLS_MODE, node),
            "verify-ca without a ca takes every certificate that any public CA signed",
            f"{keys.TLS_MODE}: verify-full, or the {keys.TLS_CA}: FILE that signed the server's",
        )
    if keys.TLS_SERVER_PUBLIC_KEY in found and made.insists:
        values.wrong(
            found[keys.TLS_SERVER_PUBLIC_KEY],
            f"mode {made.mode} insists on TLS, where this key is not looked at",
            "no server_public_key; or mode: prefer or disable",
        )
    if keys.TLS_CERT in found and made.mode == "disable":
        right = f"{keys.TLS_MODE}: require, or no {keys.TLS_CERT}"
        values.wrong(found[keys.TLS_CERT], "without TLS no certificate is shown", right)


LARGEST = 10 << 20  # bytes; the CA certificates of a system are a quarter of one
CA = "a file of CA certificates in PEM"
CERT = "a file with the client certificate in PEM"
PUBLIC = "a file with the server's RSA public key in PEM, as public_key.pem of its data directory"
PRIVATE = "a file with the private key of cert in PEM, without a passphrase, mode 0600"
OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
OPEN_TO_OTHERS_OF_ROOT = stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO


class Locked(Exception):
    """A key that asks for a passphrase."""


def _objections(files: dict[Key, Path]) -> Iterator[tuple[Key, str, str]]:
    """Of each file: which, what is wrong with it, and what would be right."""
    right = dict(zip(HERE, (CA, CERT, PRIVATE, PUBLIC), strict=True))
    wrong = {which: why for which, path in files.items() if (why := _unreadable(path))}
    for which, (what, todo) in wrong.items():
        yield which, what, todo or right[which]
    if keys.TLS_CA in files.keys() - wrong.keys() and not _holds_certificates(files[keys.TLS_CA]):
        yield keys.TLS_CA, f"{files[keys.TLS_CA].name} holds no certificates in PEM", CA
    public = files.get(keys.TLS_SERVER_PUBLIC_KEY)
    if public and keys.TLS_SERVER_PUBLIC_KEY not in wrong and not _holds_public_key(public):
        yield keys.TLS_SERVER_PUBLIC_KEY, f"{public.name} holds no RSA public key in PEM", PUBLIC
    if {keys.TLS_CERT, keys.TLS_KEY} <= files.keys() - wrong.keys():
        yield from _of_pair(files[keys.TLS_CERT], files[keys.TLS_KEY])


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


def _of_pair(cert: Path, private: Path) -> Iterator[tuple[Key, str, str]]:
    import ssl

    def ask() -> str:
        raise Locked

    if not _holds_certificates(cert):
        yield keys.TLS_CERT, f"{cert.name} holds no certificate in PEM", CERT
    else:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert, private, ask)
        except Locked:
            yield (
                keys.TLS_KEY,
                f"{private.name} has a passphrase, which no consumer of a string knows",
                PRIVATE,
            )
        except ssl.SSLError as error:
            mismatch = "MISMATCH" in str(error)
            of_cert = f"is not the key of {cert.name}"
            yield (
                keys.TLS_KEY,
                f"{private.name} {of_cert if mismatch else 'holds no private key in PEM'}",
                PRIVATE,
            )
    # libpq's own rule: it refuses a key that others can read; root's may be read by a group.
    state = private.stat()
    if state.st_mode & (OPEN_TO_OTHERS if state.st_uid else OPEN_TO_OTHERS_OF_ROOT):
        yield (
            keys.TLS_KEY,
            f"{private.name} can be read by others than its owner",
            f"chmod 600 {private}",
        )

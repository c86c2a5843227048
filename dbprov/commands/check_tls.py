"""How well the admin's connection is protected, and what would be stricter on this server."""

from __future__ import annotations

from dataclasses import replace

from dbprov.engines import Check
from dbprov.server.server import Server

# Where each service has the CA certificate that signed its servers', by the name that Facts give.
RDS = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
BUNDLES = {
    "RDS": f"the bundle is {RDS}",
    "Aurora": f"the bundle is {RDS}",
    "Cloud SQL": "server-ca.pem is under Connections, Security, of the instance",
    "Azure": "the roots are DigiCert Global Root G2 and Microsoft RSA Root CA 2017",
}
ANY = f"on RDS and Aurora {BUNDLES['RDS']}; Cloud SQL shows it under Connections, Security"
CLEAR = (
    "turn TLS on at the server, and say tls: {mode: require} here; until then anybody on the way"
    " can read and change everything"
)


def stricter(server: Server) -> list[Check]:
    """A warning where a stricter mode can be had; nothing where what is sent stays here.

    It costs one more login, so it is for ``check``. No fallback from it could protect anybody: who
    stands in between would bring it about.
    """
    if server.address.local or server.tls.mode == "verify-full":
        return []
    if not server.facts.tls:
        said = "it is not encrypted" + (
            ", as tls: {mode: disable} says" if server.tls.mode == "disable" else ""
        )
        return [_warning(said, CLEAR)]
    best = replace(server.tls, mode="verify-full")
    refused = server.refuses(best)
    if server.tls.mode == "verify-ca":
        todo = "tls: {mode: verify-full}: " + (refused or "this server stands it")
        return [_warning("it is TLS, and every certificate of its CA is taken", todo)]
    said = "it is TLS, and nobody looks at the server's certificate"
    if server.tls.mode == "prefer":
        said += "; nothing insists on TLS either"
    return [_warning(said, _advice(server, refused))]


def _advice(server: Server, refused: str) -> str:
    if not refused:
        return "tls: {mode: verify-full}: the system's CA certificates know this server's"
    where = BUNDLES.get(server.facts.service, ANY)
    return (
        "tls: {mode: verify-full, ca: FILE} with the CA certificate that signed the server's;"
        f" {where}.\nThe system's own do not do: {refused}"
        + ("\nUntil then tls: {mode: require} insists on TLS." if not server.tls.insists else "")
    )


def _warning(observed: str, todo: str) -> Check:
    claim = "the connection is protected"
    return Check("admin", claim, "holds", observed, True, todo=todo, warning=True)

"""For KEDA, which counts the waiting tasks in Airflow's database: the key that its charts read."""

from __future__ import annotations

from urllib.parse import quote

from dbprov.connections.forms import FormOptions, labelled
from dbprov.connections.strings import Connection, DeploymentConnections
from dbprov.engines.engine import of
from dbprov.spec.model import SYSTEM_CA

KEY = "kedaConnection"


def keys(c: Connection, password: str, options: FormOptions) -> dict[str, str]:
    """What the metadata Secret holds beside ``connection``; ``password`` as its user types it.

    The chart reads it for MySQL, whose scaler takes no URL, and before PostgreSQL where KEDA is to
    pass PgBouncer by (B.5).
    """
    if not options.keda:
        return {}
    if own := _own(c, password):
        return {KEY: own}
    return {KEY: c.url(options.shown)} if options.pgbouncer else {}


def _own(c: Connection, password: str = "") -> str | None:
    engine = of(c.deployment.server.engine)
    return engine.urls.scaler(c.deployment, c.user, password, c.host, c.port)


def objections(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    """What KEDA's string does not hold."""
    if not options.keda or _own(one.metadata) is None:
        return []
    return _of_chart(one) if name == "chart" and not options.by_secret else _of_driver(one)


def _of_chart(one: DeploymentConnections) -> list[str]:
    return [
        f"the chart encodes {what} in KEDA's string as in a URL, and KEDA's driver does not decode"
        " it: --by-secret, and the Secrets of --format k8s --keda"
        for what, text in labelled([one.metadata])
        if quote(text, safe="") != text
    ]


def _of_driver(one: DeploymentConnections) -> list[str]:
    c, tls = one.metadata, one.deployment.published_tls
    lines = []
    if ":" in c.user:
        lines.append(f'KEDA\'s string ends the name of user "{c.user}" at its colon')
    if quote(one.deployment.database, safe="") != one.deployment.database:
        lines.append(
            f'not every KEDA decodes the name of database "{one.deployment.database}": letters,'
            " digits, _ and - work everywhere"
        )
    if not c.host or c.host.startswith("/"):
        lines.append("a socket is no host that KEDA reaches: publish: {host: NAME}")
    own_ca = tls.ca not in (None, SYSTEM_CA)
    if tls.given and (own_ca or tls.cert or tls.mode == "verify-ca"):
        lines.append(
            "KEDA's scaler for MySQL takes no CA of one's own, no client certificate and no"
            " verify-ca: publish: {tls: {mode: require}} for an encrypted string, or verify-full"
            " with a CA that its image trusts; or leave --keda out"
        )
    return lines


def notes(one: DeploymentConnections, options: FormOptions) -> list[str]:
    tls = one.deployment.published_tls
    if not (options.keda and options.pgbouncer and tls.given and (tls.ca or tls.cert)):
        return []
    return [f"{KEY} names files of TLS, which KEDA's own Pods must have at these paths"]

"""For Kubernetes: Secrets, and the values of the Airflow chart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import yaml

from dbprov.connections import keda, pgbouncer
from dbprov.connections.airflow import async_notes, undecoded
from dbprov.connections.forms import FormOptions, labelled
from dbprov.connections.houston import bounced
from dbprov.connections.strings import MASK, Connection, DeploymentConnections, encoded
from dbprov.spec.model import bracketed

LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NAME = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(\.{LABEL})*")
PORT = 6543
"""Of the chart's PgBouncer."""


def objections(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    used = names(one, options)
    found = [
        f'"{secret}" cannot be the name of a Secret: lower case letters, digits, - and .'
        for secret in (used.values() if options.pgbouncer else (used["metadata"], used["result"]))
        if not NAME.fullmatch(secret)
    ]
    scaled = keda.objections(name, one, options)
    if options.pgbouncer and (name == "k8s" or options.by_secret):
        found += pgbouncer.bundled_objections(one) + untrusted(one, by_secret=True)
    elif name == "k8s":
        found += undecoded(one.deployment.database)
    elif not options.by_secret:
        found = charted(one, options)
    return found + scaled


def charted(one: DeploymentConnections, options: FormOptions) -> list[str]:
    """What the chart's own URL does not hold (B.3)."""
    lines = [
        f"the chart encodes a blank in {what} as +, which SQLAlchemy does not read back"
        for what, text in labelled((one.metadata, one.result))
        if " " in text
    ]
    lines += [
        f"the chart leaves the $ in {what} as it is, and Airflow reads it as the name of a variable"
        for what, text in (
            *labelled((one.metadata, one.result)),
            ("the name of the database", one.deployment.database),
        )
        if "$" in text
    ]
    if not one.metadata.host or one.metadata.host.startswith("/"):
        lines.append("a socket is no host that another machine reaches: publish: {host: NAME}")
    lines += undecoded(one.deployment.database)
    if options.pgbouncer:
        return lines + bounced(one) + untrusted(one, by_secret=False)
    return lines + untold(one)


def untold(one: DeploymentConnections) -> list[str]:
    """The chart writes sslmode into a URL of PostgreSQL, and nothing else about TLS."""
    tls = one.deployment.published_tls
    if not tls.given:
        return []
    lost = [] if _has_objects(one) or tls.mode == "prefer" else [f"mode: {tls.mode}"]
    lost += [f"{w}: {path}" for w in ("ca", "cert", "key") if (path := getattr(tls, w))]
    if not lost:
        return []
    return [
        f"the chart's own URL has no place for tls: {{{', '.join(lost)}}}; that of the Secrets has:"
        " --format k8s, and --format chart --by-secret for the values"
    ]


def untrusted(one: DeploymentConnections, *, by_secret: bool) -> list[str]:
    """The chart mounts what its values hold: the CA itself, not its path."""
    here, there = one.deployment.tls, one.deployment.published_tls
    if not there.given:
        return []
    lines = []
    if there.verifies and not here.ca:
        lines.append(
            f"PgBouncer needs the CA for {there.mode}, and the chart holds the certificate itself:"
            " tls: {ca: FILE} names it on this machine"
        )
    if there.cert and (by_secret or not here.cert):
        lines.append(
            "the chart takes the key of a client certificate in its values only: "
            + ("leave --by-secret out" if by_secret else "tls: {cert: FILE, key: FILE} names them")
        )
    return lines


def notes(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    """Who else writes these Secrets, and what is lost on the way."""
    found = []
    own = options.metadata_secret and options.result_secret
    if not own and (name == "k8s" or options.by_secret):
        found.append(
            "Secrets of these names are the platform's own in a Deployment that it manages, which"
            " then overwrites them: give it the strings instead (--format houston), or choose"
            " other names (--metadata-secret, --result-secret)"
        )
    if options.pgbouncer:
        return found + (keda.notes(one, options) if name == "k8s" else [])
    direct = name == "k8s" or options.by_secret
    # Without Secrets the chart writes sslmode for PostgreSQL whatever the spec says.
    return found + (async_notes(one) if direct or _has_objects(one) else [])


def _has_objects(one: DeploymentConnections) -> bool:
    return one.metadata.as_json(reveal=False) is not None


def names(one: DeploymentConnections, options: FormOptions) -> dict[str, str]:
    """As the chart calls them by default, or with its useStandardNaming (B.2)."""
    stem = _stem(one, options)
    return {
        "metadata": options.metadata_secret or f"{stem}-metadata",
        "result": options.result_secret or f"{stem}-result-backend",
        "config": f"{stem}-pgbouncer-config",
        "stats": f"{stem}-pgbouncer-stats",
    }


def _release(one: DeploymentConnections, options: FormOptions) -> str:
    return options.release or one.deployment.name


def _stem(one: DeploymentConnections, options: FormOptions) -> str:
    """The chart's fullname: with standard naming a release that says airflow is enough."""
    release = _release(one, options)
    if not options.standard_naming:
        return release
    return (release if "airflow" in release else f"{release}-airflow")[:63].removesuffix("-")


def as_k8s(one: DeploymentConnections, options: FormOptions) -> str:
    """The Secrets that ``chart --by-secret`` names; with PgBouncer also its two files."""
    secrets = dict(_bundled(one, options) if options.pgbouncer else _direct(one, options))
    return "---\n".join(
        str(yaml.safe_dump(_secret(name, held, options), sort_keys=False, allow_unicode=True))
        for name, held in secrets.items()
    )


def _direct(
    one: DeploymentConnections, options: FormOptions
) -> Iterator[tuple[str, dict[str, str]]]:
    used = names(one, options)
    connection = {"connection": one.metadata.url(options.shown)}
    yield used["metadata"], {**connection, **_keda(one, options)}
    yield used["result"], {"connection": "db+" + one.result.url(options.shown)}


def _bundled(
    one: DeploymentConnections, options: FormOptions
) -> Iterator[tuple[str, dict[str, str]]]:
    """No sslmode: the chart's PgBouncer speaks no TLS to Airflow, and libpq's own is prefer."""
    used, release = names(one, options), _release(one, options)
    place = f".{options.namespace}" if options.namespace else ""
    address = f"{_stem(one, options)}-pgbouncer{place}:{PORT}"
    metadata = f"postgresql://{_login(one.metadata, options)}@{address}/{release}-metadata"
    result = f"db+postgresql://{_login(one.result, options)}@{address}/{release}-result-backend"
    yield used["metadata"], {"connection": metadata, **_keda(one, options)}
    yield used["result"], {"connection": result}
    yield (
        used["config"],
        {
            "pgbouncer.ini": pgbouncer.bundled_ini(one, release, PORT),
            "users.txt": pgbouncer.as_userlist(one, options),
        },
    )
    console = f"127.0.0.1:{PORT}/pgbouncer?sslmode=disable"
    stats = f"postgresql://{_login(one.metadata, options)}@{console}"
    yield used["stats"], {"connection": stats}


def _keda(one: DeploymentConnections, options: FormOptions) -> dict[str, str]:
    return keda.keys(one.metadata, one.metadata.parts(options.shown)["password"], options)


def _login(c: Connection, options: FormOptions) -> str:
    password = c.parts(options.shown)["password"]
    written = encoded(password) if options.shown else password
    return f"{quote(c.user, safe='')}:{written}"


def _secret(name: str, held: dict[str, str], options: FormOptions) -> dict[str, Any]:
    where = {"namespace": options.namespace} if options.namespace else {}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, **where},
        "type": "Opaque",
        "stringData": held,
    }


def as_chart(one: DeploymentConnections, options: FormOptions) -> str:
    """``data`` of the Airflow chart: the parts, or the names of the Secrets that ``k8s`` makes.

    With PgBouncer also ``pgbouncer``, which is the way from there to the server.
    """
    used = names(one, options)
    if options.by_secret:
        data: dict[str, Any] = {
            "metadataSecretName": used["metadata"],
            "resultBackendSecretName": used["result"],
        }
    else:
        data = {
            "metadataConnection": _parts(one.metadata, options),
            "resultBackendConnection": _parts(one.result, options),
        }
    made = {"data": data, **({"pgbouncer": _pooler(one, options)} if options.pgbouncer else {})}
    if options.keda:
        made["workers"] = {"keda": {"enabled": True}}
    return str(yaml.safe_dump(made, sort_keys=False, allow_unicode=True))


def _parts(connection: Connection, options: FormOptions) -> dict[str, Any]:
    """With sslmode for MySQL too: the chart's schema demands it, and its URL leaves it out."""
    parts = connection.parts(options.shown)
    tls = connection.deployment.published_tls
    return {
        "user": parts["user"],
        "pass": parts["password"],
        "protocol": connection.deployment.server.engine,
        # The chart joins host and port; of a server behind PgBouncer it writes each alone.
        "host": parts["host"] if options.pgbouncer else bracketed(parts["host"]),
        "port": int(parts["port"]),
        "db": parts["database"],
        # To PgBouncer that is, which speaks no TLS there.
        "sslmode": tls.mode if tls.given and not options.pgbouncer else "prefer",
    }


def _pooler(one: DeploymentConnections, options: FormOptions) -> dict[str, Any]:
    """How the chart's PgBouncer goes to the server. The chart mounts the files that it holds."""
    here, there, used = one.deployment.tls, one.deployment.published_tls, names(one, options)
    made: dict[str, Any] = {"enabled": True, "sslmode": there.mode if there.given else "prefer"}
    if options.by_secret:
        made["configSecretName"] = used["config"]
        made["metricsExporterSidecar"] = {"statsSecretName": used["stats"]}
    held = {
        "ca": options.files.get(here.ca or "", ""),
        "cert": options.files.get(here.cert or "", ""),
        "key": (options.files.get(here.key or "", "") if options.shown else MASK)
        if here.key
        else "",
    }
    ssl = {which: text for which, text in held.items() if text and there.given}
    return {**made, "ssl": ssl} if ssl else made

"""For the External Secrets Operator: it reads the passwords and makes the Secrets of ``k8s``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec.structs import replace

from dbprov.connections import keda, kubernetes
from dbprov.connections.forms import FormOptions
from dbprov.connections.strings import Connection, DeploymentConnections
from dbprov.passwords import Remote
from dbprov.spec.model import Auth

HERE = "\0"
"""Where the password stands in a URL."""
EVERY = "1h"
"""How often the operator reads again: its own default."""
CLUSTER = "ClusterSecretStore/"
QUERIED = re.compile(r"[*?|#@\\!{}\[\]]")
"""Signs that mean something in a key of JSON to the operator (gjson, B.4)."""


def objections(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    found = kubernetes.objections("k8s", one, replace(options, pgbouncer=False))
    if options.pgbouncer:
        found.append(
            "PgBouncer's file of users holds every password at once, and dbprov writes no template"
            " of it: leave --pgbouncer out, or --format k8s --pgbouncer"
        )
    if not options.secret_store:
        found.append(
            "the operator reads through a SecretStore, and none is named: --secret-store NAME, or"
            f" --secret-store {CLUSTER}NAME"
        )
    elif not kubernetes.NAME.fullmatch(options.secret_store.removeprefix(CLUSTER)):
        found.append(f'"{options.secret_store}" cannot be the name of a SecretStore')
    return found + list(dict.fromkeys(_unread(one))) + _apart(one)


def _unread(one: DeploymentConnections) -> Iterator[str]:
    """Passwords that the operator does not find."""
    for c in (one.metadata, one.result):
        if c.account.auth is Auth.IAM:
            continue
        remote, user = c.account.place.remote, f'user "{c.account.name}"'
        if remote is None:
            yield (
                f"the password of {user} is in {c.account.place}, which a cluster does not reach:"
                " password: {aws: NAME} or {vault: PATH}, or --format k8s"
            )
        elif remote.store != "Vault" and QUERIED.search(remote.property):
            yield (
                f'the operator reads the key "{remote.property}" of {user} as a query: letters,'
                " digits, _, - and . are read as they are"
            )


def _apart(one: DeploymentConnections) -> list[str]:
    """One SecretStore reads from one place."""
    first, second = one.metadata.account.place.remote, one.result.account.place.remote
    if first is None or second is None or _meet(first, second):
        return []
    return [
        f'the passwords of users "{one.metadata.account.name}" and "{one.result.account.name}" are'
        f" in {_named(first)} and in {_named(second)}, and one SecretStore reads one of them"
    ]


def _meet(one: Remote, other: Remote) -> bool:
    known = {r.where.rstrip("/") for r in (one, other) if r.where}
    return one.store == other.store and len(known) < 2


def _named(remote: Remote) -> str:
    return f"{remote.store} ({remote.where})" if remote.where else remote.store


def notes(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    found = kubernetes.notes("k8s", one, replace(options, pgbouncer=False))
    remote = one.metadata.account.place.remote
    if remote is None or not options.secret_store:
        return found
    mount = ", with the mount of its secrets engine as path:" if remote.store == "Vault" else ""
    there = f" -n {options.namespace}" if options.namespace else ""
    used = kubernetes.names(one, options)
    return [
        *found,
        f"{options.secret_store} must be there, and read {_named(remote)}{mount}",
        f"the operator reads the password again after {EVERY}; after a rotation at once with"
        f" kubectl annotate externalsecret {used['metadata']} {used['result']}{there}"
        " force-sync=$(date +%s) --overwrite, and Airflow's Pods take it when they start",
    ]


def as_external_secret(one: DeploymentConnections, options: FormOptions) -> str:
    """An ExternalSecret for each Secret of ``k8s``, of the same name and with the same keys."""
    used = kubernetes.names(one, options)
    made = [
        _external(used["metadata"], one.metadata, _metadata(one.metadata, options), options),
        _external(
            used["result"], one.result, {"connection": "db+" + _template(one.result)}, options
        ),
    ]
    return "---\n".join(
        str(yaml.safe_dump(each, sort_keys=False, allow_unicode=True, width=1000)) for each in made
    )


def _metadata(c: Connection, options: FormOptions) -> dict[str, str]:
    """KEDA's string has the password as it is."""
    direct = keda.keys(c, HERE, options)
    return {
        "connection": _template(c),
        **{key: _literal(text).replace(HERE, "{{ .password }}") for key, text in direct.items()},
    }


def _external(
    name: str, c: Connection, data: dict[str, str], options: FormOptions
) -> dict[str, Any]:
    remote, store = c.account.place.remote, options.secret_store or ""
    assert remote is not None, "refused before"
    reference = {"key": remote.key, **({"property": remote.property} if remote.property else {})}
    kind = "ClusterSecretStore" if store.startswith(CLUSTER) else "SecretStore"
    where = {"namespace": options.namespace} if options.namespace else {}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name, **where},
        "spec": {
            "refreshInterval": EVERY,
            "secretStoreRef": {"name": store.removeprefix(CLUSTER), "kind": kind},
            "target": {
                "name": name,
                "template": {
                    "engineVersion": "v2",
                    "type": "Opaque",
                    "data": data,
                },
            },
            "data": [{"secretKey": "password", "remoteRef": reference}],
        },
    }


def _template(c: Connection) -> str:
    """The URL as the operator completes it. Of two users that take turns the store says whose.

    Go's urlquery makes a blank +, which SQLAlchemy does not decode, and a + %2B (B.4).
    """
    first = _url(replace(c, login=""), ".password")
    if not c.account.second:
        return first
    prefix = json.dumps(f"{c.account.second}:", ensure_ascii=False)
    second = _url(replace(c, login=c.account.second), f"trimPrefix {prefix} .password")
    return f"{{{{ if hasPrefix {prefix} .password }}}}{second}{{{{ else }}}}{first}{{{{ end }}}}"


def _url(c: Connection, value: str) -> str:
    before, _, after = c.url_with(HERE).partition(HERE)
    password = f'{{{{ {value} | urlquery | replace "+" "%20" }}}}'
    return f"{_literal(before)}{password}{_literal(after)}"


def _literal(text: str) -> str:
    return text.replace("{{", '{{ "{{" }}')

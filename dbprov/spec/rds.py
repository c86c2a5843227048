"""Servers on RDS and Aurora, found by name: so that nobody copies host names by hand (guide, 4).

``rds://INSTANCE-OR-CLUSTER?region=eu-west-1``. boto3 comes with the extra ``aws``, and is imported
when something is first asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from dbprov.errors import ConnectError, DbprovError
from dbprov.passwords import Place
from dbprov.passwords.aws import SENTENCES, AwsPlace
from dbprov.spec.model import Address
from dbprov.system.masking import outside

ENGINES = {
    "postgres": "postgresql",
    "aurora-postgresql": "postgresql",
    "mysql": "mysql",
    "aurora-mysql": "mysql",
    "mariadb": "mysql",
}
ASLEEP = ("creating", "deleting", "failed", "stopped", "stopping", "starting", "inaccessible")
EXAMPLE = "rds://INSTANCE-OR-CLUSTER?region=eu-west-1"


class Endpoint(Struct, frozen=True):
    """One server that RDS runs: where it takes writes, and who its master is."""

    name: str
    engine: str
    release: str
    status: str
    host: str
    port: int
    master: str
    database: str
    secret: str | None  # the ARN of the master's password, where AWS manages it
    source: str | None = None  # of a replica: what it copies
    cluster: str | None = None  # of an instance in a cluster

    @property
    def ready(self) -> bool:
        return bool(self.host) and not self.status.startswith(ASLEEP)

    def as_json(self, region: str | None) -> dict[str, Any]:
        return {
            "name": self.name,
            "engine": ENGINES.get(self.engine),
            "flavor": self.engine,
            "version": self.release,
            "status": self.status,
            "ready": self.ready and not self.source,
            "host": self.host or None,
            "port": self.port or None,
            "master": self.master,
            "managed_secret": self.secret,
            "replica_of": self.source,
            "server": url(self.name, region),
        }


class Found(Struct, frozen=True):
    """What an rds:// URL stands for. ``admin``: the place of its master's managed password."""

    address: Address
    admin: Place | None


def url(name: str, region: str | None) -> str:
    return f"rds://{name}" + (f"?region={region}" if region else "")


def find(text: str) -> Found:
    """The server behind an rds:// URL: of a cluster its writer.

    Raises ConnectError where it is not found, not available, or no engine of ours.
    """
    rest, _, query = text.removeprefix("rds://").partition("?")
    authority, _, database = rest.partition("/")
    user, _, name = authority.rpartition("@")
    wanted = dict(parse_qsl(query, keep_blank_values=True))
    region = wanted.pop("region", None)
    if not name or ":" in authority or set(wanted) - {"hostaddr"}:
        raise ConnectError(
            f"{text.partition('?')[0]} is no URL of a server on RDS",
            "it has a name, and may have a user before it, a database behind it, and a region",
            EXAMPLE,
        )
    one = _named(unquote(name), region)
    _usable(one, region)
    admin = one.secret and (not user or unquote(user) == one.master)
    return Found(
        Address(
            ENGINES[one.engine],
            unquote(user) or one.master,
            one.host,
            one.port,
            unquote(database),
            tuple(wanted.items()),
        ),
        AwsPlace(str(one.secret), None, "password") if admin else None,
    )


def _usable(one: Endpoint, region: str | None) -> None:
    what = f'"{one.name}" on RDS'
    if one.engine not in ENGINES:
        raise ConnectError(
            f"{what} is {one.engine}", "dbprov knows PostgreSQL and MySQL", "another server"
        )
    if one.source:
        raise ConnectError(
            f"{what} takes no writes", f"it is a replica of {one.source}",
            f"the server that it copies: {url(one.source, region)}",
        )  # fmt: skip
    if not one.ready:
        kind = "db-cluster" if one.engine.startswith("aurora") else "db-instance"
        raise ConnectError(
            f"{what} is not available", f"its status is {one.status}",
            f"wait: aws rds wait {kind}-available --{kind}-identifier {one.name}; a stopped one"
            f" has to be started",
        )  # fmt: skip


def endpoints(region: str | None, engine: str | None = None) -> list[Endpoint]:
    """Every server of an account's region that a Deployment could be on, by name.

    Of a cluster the cluster, not its instances.
    """
    everything = [*_clusters(region), *_instances(region)]
    found = [
        one
        for one in everything
        if not one.cluster and one.engine in ENGINES and engine in (None, ENGINES[one.engine])
    ]
    return sorted(found, key=lambda one: one.name)


def _named(name: str, region: str | None) -> Endpoint:
    """A cluster of this name, else an instance; of an instance in a cluster the cluster."""
    found = next(_clusters(region, name), None) or next(_instances(region, name), None)
    if found and found.cluster:
        found = next(_clusters(region, found.cluster), None) or found
    if found is None:
        where = f"in {region}" if region else "in this shell's region"
        raise ConnectError(
            f'"{name}" is not on RDS {where}', "no cluster and no instance has this name",
            "dbprov endpoints lists what is there; see the region and the AWS account"
            " (aws sts get-caller-identity)",
        )  # fmt: skip
    return found


def _clusters(region: str | None, name: str | None = None) -> Iterator[Endpoint]:
    filters = {"DBClusterIdentifier": name} if name else {}
    for one in _pages(region, "describe_db_clusters", "DBClusters", filters):
        yield Endpoint(
            name=one["DBClusterIdentifier"],
            host=one.get("Endpoint") or "",
            port=one.get("Port") or 0,
            source=_last(one.get("ReplicationSourceIdentifier")),
            **_shared(one, "Status", "DatabaseName"),
        )


def _instances(region: str | None, name: str | None = None) -> Iterator[Endpoint]:
    filters = {"DBInstanceIdentifier": name} if name else {}
    for one in _pages(region, "describe_db_instances", "DBInstances", filters):
        endpoint = one.get("Endpoint") or {}
        yield Endpoint(
            name=one["DBInstanceIdentifier"],
            host=endpoint.get("Address") or "",
            port=endpoint.get("Port") or 0,
            source=_last(one.get("ReadReplicaSourceDBInstanceIdentifier")),
            cluster=one.get("DBClusterIdentifier"),
            **_shared(one, "DBInstanceStatus", "DBName"),
        )


def _shared(one: Mapping[str, Any], status: str, database: str) -> dict[str, Any]:
    return {
        "engine": one.get("Engine") or "",
        "release": one.get("EngineVersion") or "",
        "status": one.get(status) or "",
        "master": one.get("MasterUsername") or "",
        "database": one.get(database) or "",
        "secret": (one.get("MasterUserSecret") or {}).get("SecretArn"),
    }


def _last(arn: str | None) -> str | None:
    """A source in another region is named by its ARN."""
    return arn.rpartition(":")[2] if arn else None


def _pages(
    region: str | None, what: str, key: str, filters: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    try:
        client = _client(region)
        for page in client.get_paginator(what).paginate(**filters):
            yield from page[key]
    except DbprovError:
        raise
    except Exception as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        if code in ("DBClusterNotFoundFault", "DBInstanceNotFound", "DBInstanceNotFoundFault"):
            return
        raise _failed(error, code) from None


def _client(region: str | None) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise ConnectError(
            "RDS cannot be asked", "the library boto3 is not installed",
            "pip install 'dbprov[aws]'",
        ) from None  # fmt: skip
    patience = Config(connect_timeout=10, read_timeout=20, retries={"total_max_attempts": 3})
    return boto3.session.Session().client("rds", region_name=region, config=patience)


OWN = {
    "AccessDenied": (
        "the AWS identity of this shell may not look",
        "it takes rds:DescribeDBClusters and rds:DescribeDBInstances",
    ),
    "NoRegionError": ("no region is named", f"{EXAMPLE}, --region, or AWS_REGION"),
    "EndpointConnectionError": (
        "RDS was not reached",
        "see that the region is one of AWS's, and that no firewall or missing VPC endpoint is"
        " between",
    ),
}


def _failed(error: Exception, code: str) -> ConnectError:
    known = {**SENTENCES, **OWN}
    own = known.get(code.removesuffix("Exception")) or known.get(code)
    why, todo = (
        own or known.get(type(error).__name__) or (outside(str(error)), "correct what AWS says")
    )
    return ConnectError("RDS cannot be asked", why, todo, code=code)

"""What a server makes of passwords, and what dbprov says of them beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pymysql

import dbprov
from dbprov.passwords.secret import Secret
from tests.harness import TestServer, execute
from tests.support.run import Run

PASSWORDS = (
    "Ab1-Ab1-", "short1A-", "ab1-ab1-ab1-", "AB1-AB1-AB1-", "Abc-Abc-Abc-", "Abc1Abc1Abc1", "Ab1-" * 10, "äÖ1-äÖ1-äÖ1-",
    "Ab1日Ab1日Ab1日", "Ab1٣-Ab1٣-x", "日1-日1-A", "日本語ABC123", "½-Ab-½-Ab-x", "a",
)  # fmt: skip


def sets(server: TestServer, component: str, rules: Mapping[str, int | str]) -> None:
    for name, value in rules.items():
        shown = f"'{value}'" if isinstance(value, str) else value
        execute(server, "superuser", f"SET GLOBAL {component}{name} = {shown}")


def refused(server: TestServer, user: str, passwords: Sequence[str]) -> list[str]:
    """Those that the server itself refuses."""
    found = []
    name, word = server.user("admin"), server.password("admin")
    opened = pymysql.connect(
        host=server.host, port=server.port, user=name, password=word, charset="utf8mb4"
    )
    with opened, opened.cursor() as cursor:
        for password in passwords:
            try:
                cursor.execute(f"CREATE USER `{user}` IDENTIFIED BY '{password}'")
                cursor.execute(f"DROP USER `{user}`")
            except pymysql.Error:
                found.append(password)
    return found


def foretold(run: Run, passwords: Sequence[str]) -> list[str]:
    """Those that dbprov takes for refused, with the rules as they are now."""
    spec = dbprov.load(run.folder / "spec.yaml")
    [one] = spec.deployments
    with dbprov.servers(
        spec, lambda label: Secret(run.password["DBPROV_ADMIN_PASSWORD"])
    ) as opened:
        server = opened[one]
        unfit = server.engine.password_hash.unfit
        name = one.accounts[0].name
        return [text for text in passwords if unfit(Secret(text), name, server.facts)[0]]

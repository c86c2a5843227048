"""What verify would fail at on MySQL, as far as the catalogue tells it beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dbprov.engines.facts import Check, Facts, Question, Row
from dbprov.engines.mysql.verify import matches
from dbprov.items.item import Statements
from dbprov.spec.model import Account, Deployment

PART = r"(?:`((?:[^`]|``)*)`|'((?:[^']|'')*)'|([^,@\s]+))"
ROLE = re.compile(rf"{PART}(?:@{PART})?")

Grantee = tuple[str, str]


def questions(deployment: Deployment, beside: Sequence[Deployment], facts: Facts) -> list[Question]:
    found = [Question("verify/seen", {})]
    every: list[str] = []
    for account in deployment.accounts:
        databases = deployment.databases(account, beside)
        every += databases
        who = {"accounts": ((account.name, account.host),), "rights": False}
        found.append(Question("check/reach", {**who, "databases": databases}))
        found.append(Question("verify/rivals", {"user": account.name, "host": account.host}))
    if roles := _active(facts):
        who = {"accounts": tuple(roles), "rights": True}
        found.append(Question("check/reach", {**who, "databases": tuple(dict.fromkeys(every))}))
    return found


def of_login(user: str, database: str | None) -> list[Question]:
    return []  # the error of a login says it


def kept_out(answers: Mapping[str, Sequence[Row]], render: Statements) -> Iterator[tuple[str, str]]:
    return iter(())


def enters(answers: Mapping[str, Sequence[Row]]) -> bool:
    return True


def foreseen(
    deployment: Deployment,
    facts: Facts,
    answers: Mapping[str, Sequence[Row]],
    render: Statements,
) -> Iterator[Check]:
    [seen] = answers["verify/seen"]
    for account in deployment.accounts:
        rivals = [row["rival"] for row in answers["verify/rivals"] if row["user"] == account.name]
        yield from _nearer(account, seen["host"], rivals, render)
    roles = {_grantee(role): role for role in _active(facts)}
    for row in answers["check/reach"]:
        role = roles.get(row["grantee"])
        if role:
            yield _mandatory(role, row, facts, render)
        else:
            user = _parts(row["grantee"])[0]
            yield Check(
                user, "sees no other database", "holds",
                f'its row for "{row["pattern"]}" reaches {row["reached"]}', False,
                todo="dbprov apply --prune revokes what is not in the spec",
            )  # fmt: skip


def _nearer(
    account: Account, seen: str, rivals: Sequence[str], render: Statements
) -> Iterator[Check]:
    """Which other account the server takes for a login from here (T39)."""
    if not matches(account.host, seen):
        return
    for rival in rivals:
        name, host = _parts(rival)
        if matches(host, seen) and _rank(host) < _rank(account.host):
            whose = f"account {rival}" if name else f"the account without a name, {rival},"
            statement = render.text("remedy/drop_account", user=name, host=host)
            yield Check(
                account.name, "is the account that it should be", "holds",
                f"from {seen} the server takes its login as {whose} which is nearer", False,
                todo=f"who administers the server would run, where nobody needs that account:"
                f"\n{statement};" + (f"\nor name it in the spec: host: {host}" if name else ""),
            )  # fmt: skip


def _rank(host: str) -> tuple[bool, int]:
    """The server sorts accounts by it: a literal host first, then the later the first wildcard."""
    wild = re.search("[%_]", host)
    return bool(wild) or not host, -(wild.start() if wild else 0)


def _mandatory(role: Grantee, row: Row, facts: Facts, render: Statements) -> Check:
    left = [one for one in _mandatory_roles(facts) if one != role]
    words = ",".join(f"`{name}`@`{host}`" for name, host in left)
    what = f"for {row['reached']}" if row["pattern"] else "on the whole server"
    return Check(
        "server", "gives its users nothing more", "holds",
        f'every account has role "{role[0]}" (mandatory_roles), which has privileges {what}', False,
        todo="who administers the server would run, which takes the role from all accounts:"
        f"\n{render.text('remedy/mandatory_roles', mandatory=words)};",
    )  # fmt: skip


def _active(facts: Facts) -> list[Grantee]:
    """Roles that every login has."""
    on = facts.settings.get("activate_all_roles_on_login") == "ON"
    return _mandatory_roles(facts) if on else []


def _mandatory_roles(facts: Facts) -> list[Grantee]:
    found = []
    for match in ROLE.finditer(facts.settings.get("mandatory_roles", "")):
        name, host = (
            next(filter(None, part), "") for part in (match.groups()[:3], match.groups()[3:])
        )
        found.append((name, host or "%"))
    return found


def _grantee(role: Grantee) -> str:
    return f"'{role[0]}'@'{role[1]}'"


def _parts(grantee: str) -> Grantee:
    name, _, host = grantee[1:-1].rpartition("'@'")
    return name, host

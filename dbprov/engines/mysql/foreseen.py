"""What verify would fail at on MySQL, as far as the catalogue tells it beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dbprov.engines.facts import Check, Facts, Question, Row
from dbprov.engines.mysql.auth_plugins import cannot_log_in
from dbprov.engines.mysql.verify import matches
from dbprov.items.item import Statements
from dbprov.spec.model import Account, Deployment

PART = r"(?:`((?:[^`]|``)*)`|'((?:[^']|'')*)'|([^,@\s]+))"
ROLE = re.compile(rf"{PART}(?:@{PART})?")

ORPHANS = (8, 0, 22)  # the first that refuses to make an account that is named as a definer
NONEXISTENT = (8, 2)  # the first with ALLOW_NONEXISTENT_DEFINER; before, it is SET_USER_ID

Grantee = tuple[str, str]


def questions(deployment: Deployment, beside: Sequence[Deployment], facts: Facts) -> list[Question]:
    accounts = {"accounts": tuple((account.name, account.host) for account in deployment.accounts)}
    found = [
        Question("verify/seen", {}),
        Question("foreseen/plugins", accounts),
        Question("foreseen/orphans", accounts),
    ]
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
    for row in answers["foreseen/plugins"]:
        if why := cannot_log_in(row["plugin"]):
            yield Check(
                "admin", f'can prove that user "{row["name"]}"@{row["host"]} logs in', "works",
                f"it logs in by the plugin {row['plugin']}: {why}", False,
                todo="another plugin for it (ALTER USER ... IDENTIFIED WITH or VIA"
                " caching_sha2_password or mysql_native_password); dbprov never changes how an"
                " existing user logs in",
            )  # fmt: skip
    yield from _orphans(facts, render, answers["foreseen/orphans"])
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


def _orphans(facts: Facts, render: Statements, rows: Sequence[Row]) -> Iterator[Check]:
    """Accounts that this admin may not make, since something runs as them already."""
    needed = "ALLOW_NONEXISTENT_DEFINER" if facts.version >= NONEXISTENT else "SET_USER_ID"
    if facts.flavor == "mariadb" or facts.version < ORPHANS or not facts.rights_known:
        return
    if needed in facts.rights:
        return
    admin, _, host = facts.admin.rpartition("@")
    grant = render.text("remedy/privileges", privileges=(needed,), admin=admin, host=host)
    for row in rows:
        more = f" and {row['number'] - 1} more" if row["number"] > 1 else ""
        yield Check(
            "admin",
            f'can create user "{row["name"]}"@{row["host"]}',
            "works",
            f"{row['thing']}{more} has this account as its DEFINER, and would run with its rights",
            False,
            todo="another name for the user; or another definer for what is named; or, where it is"
            f" to run with the user's rights, an admin who has {needed} would run:\n{grant};",
        )


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

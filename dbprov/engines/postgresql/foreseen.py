"""What verify would fail at on PostgreSQL, as far as the catalogue tells it beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dbprov.engines.facts import Check, Facts, Question, Row
from dbprov.items.item import Statements
from dbprov.spec.model import Deployment

PATIENCE = 1000
"""Milliseconds. A statement that is ended sooner ends an application's, and those of verify."""


def questions(deployment: Deployment, beside: Sequence[Deployment], facts: Facts) -> list[Question]:
    accounts = deployment.accounts
    users = tuple(name for a in accounts for name in (a.name, a.second) if name)
    creating = [a for a in accounts if a.access.creates]
    outside = {"users": users, "database": deployment.database}
    found = [Question("check/logins", outside), Question("check/presets", outside)]
    if public := [a for a in creating if a.schemas == ("public",)]:  # else apply sets the path
        named = {"users": tuple(a.name for a in public), "schemas": ("public",) * len(public)}
        found.append(Question("check/landing", named, inside=True))
    if creating:
        named = {"users": tuple(a.name for a in creating)}
        named["schemas"] = tuple(a.schemas[0] for a in creating)
        found.append(Question("check/own_defaults", named, inside=True))
    return found


def of_login(user: str, database: str | None) -> list[Question]:
    """What may keep one out of a database, whoever it is."""
    who = {"users": (user,), "database": database or ""}
    return [Question("check/logins", who), Question("check/presets", who)]


def kept_out(answers: Mapping[str, Sequence[Row]], render: Statements) -> Iterator[tuple[str, str]]:
    """Why, and what to do, of the answers to ``of_login``."""
    administered = {row["user"]: row["administered"] for row in answers["check/logins"]}
    for row in answers["check/logins"]:
        yield from shut_out(row, render)
    for row in answers["check/presets"]:
        for check in _preset(row, render, administered):
            if check.failed:
                yield check.observed, check.todo


def enters(answers: Mapping[str, Sequence[Row]]) -> bool:
    """May the admin ask inside the Deployment's database? None of it, where there is no user."""
    return any(row["enters"] for row in answers["check/logins"])


def foreseen(
    deployment: Deployment,
    facts: Facts,
    answers: Mapping[str, Sequence[Row]],
    render: Statements,
) -> Iterator[Check]:
    logins, presets = answers["check/logins"], answers["check/presets"]
    for row in logins:
        mended = {**row, "can_login": True}  # by a step of the plan
        for why, todo in shut_out(mended, render):
            yield Check(row["user"], "can log in", "works", why, False, todo=todo)
    administered = {row["user"]: row["administered"] for row in logins}
    for row in presets:
        yield from _preset(row, render, administered)
    paths = {row["user"]: row for row in presets if row["preset"] == "search_path"}
    for row in answers.get("check/landing", ()):
        user, lands = row["user"], row["schema"]
        if lands != "public":
            where = f'lands in schema "{lands}"' if lands else "finds no schema"
            preset = paths[user]
            yield Check(
                user, 'creates its tables in schema "public"', "holds",
                f"what it creates {where}: search_path is {preset['value']}, {_source(preset)}",
                False, todo=_reset(preset, render, administered),
            )  # fmt: skip
    for row in answers.get("check/own_defaults", ()):
        user, objects = row["user"], row["objects"]
        statement = render.text("remedy/own_defaults", role=user, objects=(objects,))
        yield Check(
            user, f"may use the {objects.lower()} that it creates", "holds",
            f"its own default privileges do not give it all of {', '.join(row['privileges'])}",
            False,
            todo=f'"{user}", or a superuser, would run in database "{deployment.database}":'
            f"\n{statement};",
        )  # fmt: skip


def shut_out(row: Row, render: Statements) -> Iterator[tuple[str, str]]:
    """What keeps a user out, of a row of check/logins: each with its statement.

    A sealed database is one that dbprov makes: a plan opens it.
    """
    user, database, owner = row["user"], row["database"], row["owner"]
    alter = _by("" if row["administered"] else "a superuser", "")
    if not row["can_login"]:
        statement = render.text("remedy/log_in", role=user)
        yield f'user "{user}" may not log in (NOLOGIN)', f"{alter}\n{statement};"
    if row["expired"]:
        statement = render.text("remedy/never_expires", role=user)
        yield f"its password expired at {row['until']} (VALID UNTIL)", f"{alter}\n{statement};"
    if row["user_limit"] == 0 and not row["superuser"]:
        statement = render.text("remedy/no_limit", role=user)
        yield f'user "{user}" has CONNECTION LIMIT 0', f"{alter}\n{statement};"
    alter = _by(f'"{owner}", who owns the database, or a superuser', "")
    if row["database_limit"] == -2:
        statement = render.text("remedy/drop_invalid", database=database)
        yield (
            f'database "{database}" is invalid (datconnlimit -2): a DROP DATABASE was interrupted,'
            " and nobody can enter it any more",
            f"{alter}\n{statement};\nthen dbprov apply makes it anew; restore its data from a"
            " backup",
        )
    elif not row["allowed"] and row["database_limit"] != 0:
        statement = render.text("remedy/allow", database=database)
        why = f'database "{database}" takes no connections (ALLOW_CONNECTIONS false)'
        yield why, f"{alter}\n{statement};"
    elif row["allowed"] and row["database_limit"] == 0 and not row["superuser"]:
        statement = render.text("remedy/no_limit", role="", database=database)
        yield f'database "{database}" has CONNECTION LIMIT 0', f"{alter}\n{statement};"


def _preset(row: Row, render: Statements, administered: Mapping[str, bool]) -> Iterator[Check]:
    user, value, todo = row["user"], row["value"], _reset(row, render, administered)
    if row["preset"] == "role" and row["acts"] and value != user:
        yield Check(
            user, "is who it should be", "holds",
            f'it acts as "{value}" from its login on, {_source(row)}', row["has_rights"],
            todo="what it creates belongs to that role, and it has the rights of that role only;"
            f" {todo}", warning=row["has_rights"],
        )  # fmt: skip
    short = row["milliseconds"] is not None and 0 < row["milliseconds"] < PATIENCE
    if row["preset"] in ("statement_timeout", "transaction_timeout") and short:
        what = "statement" if row["preset"] == "statement_timeout" else "transaction"
        yield Check(
            user, f"has time for a {what}", "holds",
            f"{row['preset']} is {value}, {_source(row)}", False, todo=todo,
        )  # fmt: skip


def _source(row: Row) -> str:
    where = [f'role "{row["role"]}"'] * bool(row["role"])
    where += [f'database "{row["database"]}"'] * bool(row["database"])
    return f"set on {' in '.join(where) or 'all roles'}"


def _reset(row: Row, render: Statements, administered: Mapping[str, bool]) -> str:
    role, database = row["role"], row["database"]
    source = "database user" if role and database else "database" if database else "user"
    statement = render.text(
        "remedy/preset", source=source, preset=row["preset"], admin=role, database=database
    )
    if role:
        who = "" if administered.get(role) else "a superuser"
    else:
        who = (
            f'"{row["owner"]}", who owns the database, or a superuser'
            if database
            else "a superuser"
        )
    return f"{_by(who, 'this ends it')}\n{statement};"


def _by(who: str, does: str) -> str:
    return f"{who} would run:" if who else f"{does or 'this mends it'}:"

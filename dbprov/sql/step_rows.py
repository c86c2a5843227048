"""Steps as rows of a table: action, object, to whom, risk.

The column ``risk`` says what a reviewer should look at; a step without a word there only adds what
the spec says.

* ``can lock out``: PUBLIC or a user of the Deployment loses a privilege; not where PUBLIC is shut
  out of a database that is made here, which nobody uses yet.
* ``new login``: a user is created, or may log in again.
* ``password login ends``: an existing user logs in by IAM tokens from then on.
* ``owner``: another role owns the database.
* ``can grant it on``: with grant option.
* ``installs code``: the script of an extension runs.
* ``names may mean other tables``: an existing user gets another search_path.
* ``only for this run``: what the admin borrows and gives back.
* ``needs another role``: this admin cannot do it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from dbprov.plan.steps import Step
from dbprov.sql.markdown import span, words

ADMIN = "this admin"
EXISTING = "existing"
REVOKES = ("isolation", "acl_entry", "default_entry", "role_entry", "attribute")


def _user(name: str | None, host: str = "%") -> str:
    """None: the admin."""
    return span(name + (f"@{host}" if host not in ("", "%") else "")) if name else ADMIN


OBJECTS: Mapping[str, Callable[[Any], tuple[str, str]]] = {
    "user": lambda i: (f"user {_user(i.name, i.host)}", ""),
    "label": lambda i: (f"{i.thing} {_user(i.name, i.host)}", ""),
    "token_grant": lambda i: ("login by IAM tokens", _user(i.user)),
    "membership": lambda i: (f"membership in role {span(i.role)}", ADMIN),
    "acting": lambda i: (f"role {span(i.role)}", ADMIN),
    "second_user": lambda i: (f"user {span(i.name)}, takes turns with {span(i.first)}", ""),
    "second_member": lambda i: (f"role {span(i.first)}", _user(i.name)),
    "second_role": lambda i: (f"role at login: {span(i.first)}", _user(i.name)),
    "database": lambda i: (f"database {span(i.name)}", ""),
    "ownership": lambda i: (f"owner of database {span(i.database)}", _user(i.owner)),
    "isolation": lambda i: (f"database {span(i.database)}", "PUBLIC"),
    "opening": lambda i: (f"database {span(i.database)} to connections", ""),
    "search_path": lambda i: (f"search_path in database {span(i.database)}", _user(i.user)),
    "schema": lambda i: (f"schema {span(i.name)}", ""),
    "extension": lambda i: (f"extension {span(i.name)}", ""),
    "database_grant": lambda i: (f"database {span(i.database)}", _user(i.grantee)),
    "schema_grant": lambda i: (f"schema {span(i.schema)}", _user(i.grantee)),
    "default_grant": lambda i: (f"schema {span(i.schema)}", _user(i.grantee)),
    "object_grant": lambda i: (f"schema {span(i.schema)}", _user(i.grantee)),
    "grant": lambda i: (f"database {span(i.database)}", _user(i.user, i.host)),
    **dict.fromkeys(
        ("acl_entry", "default_entry", "role_entry", "attribute"),
        lambda i: (span(i.what), _user(i.grantee, i.host)),
    ),
}
"""By kind: the thing, and to whom. Not from an Item's own words: a name in them ends nowhere."""


def step_rows(
    steps: Sequence[Step], needing: Sequence[Step], made: set[tuple[str, str]]
) -> Iterator[tuple[str, ...]]:
    """Steps that differ only in the sort of object, or in existing and future, are one row."""
    new = any(step.item.kind == "database" and step.verb == "create" for step in steps)
    whens: dict[tuple[str, ...], dict[str, list[str]]] = {}
    order: dict[tuple[str, ...], None] = {}
    for step in steps:
        if step.item.kind in ("membership", "acting") and step.verb == "drop":
            continue  # in the row where it began
        thing, to = OBJECTS.get(step.item.kind, lambda i: (span(i), ""))(step.item)
        risk = ", ".join(_risk(step, made, new) + ["needs another role"] * (step in needing))
        key = (_action(step), thing, to, risk)
        if step.item.kind == "label":
            key = (key[0], "label", to, risk)
            whens.setdefault(key, {}).setdefault(thing, [])
        if step.item.kind in ("object_grant", "default_grant"):
            sort, when = _sort_and_when(step.item)
            times = whens.setdefault(key, {}).setdefault(sort, [])
            times.extend([when] * (when not in times))
        order[key] = None
    for action, thing, to, risk in order:
        by_sort = whens.get((action, thing, to, risk), {})
        if thing == "label":
            yield action, f"label of {', '.join(by_sort)}", to, risk
            continue
        alike: dict[str, list[str]] = {}
        for sort, times in by_sort.items():
            alike.setdefault(_times(times), []).append(sort)
        for when, sorts in alike.items():
            yield action, f"{', '.join(sorts)} in {thing}: {when}", to, risk
        if not by_sort:
            yield action, thing, to, risk


def _sort_and_when(item: Any) -> tuple[str, str]:
    when = EXISTING if item.kind == "object_grant" else _user(item.creator)
    return item.objects.lower(), when


def _times(times: Sequence[str]) -> str:
    """Existing, and future with who will create them."""
    creators = [one for one in times if one != EXISTING]
    future = [f"future ones of {', '.join(creators)}"] if creators else []
    return " and ".join([EXISTING] * (EXISTING in times) + future)


def _action(step: Step) -> str:
    item: Any = step.item
    verb = item.words.get(step.verb, step.verb)
    if item.kind in ("membership", "acting"):
        return "borrow and give back" if item.kind == "membership" else "act as"
    if item.kind == "isolation":
        return f"{verb} {_privileges(item.before or ('CONNECT', 'TEMPORARY'))}"
    if hasattr(item, "every"):
        return f"{verb} {'all privileges' if item.every else _privileges(item.privileges)}"
    return str(verb)


def _privileges(privileges: Iterable[str]) -> str:
    return words(", ".join(privileges))


def _risk(step: Step, made: set[tuple[str, str]], in_new: bool) -> list[str]:
    item: Any = step.item
    logs_in = step.verb == "create" or not getattr(step.found, "can_login", True)
    new = (getattr(item, "user", ""), getattr(item, "host", "%")) in made
    risks = {
        "can lock out": revokes(step)
        and not (in_new and item.kind == "isolation" and not item.asked),
        "new login": item.kind == "user" and logs_in,
        "password login ends": item.kind == "token_grant" and not new,
        "owner": item.kind == "ownership",
        "can grant it on": item.kind == "grant" and item.grant_option,
        "installs code": item.kind == "extension",
        "names may mean other tables": item.kind == "search_path" and not new,
        "only for this run": item.kind in ("membership", "acting"),
    }
    return [word for word, here in risks.items() if here]


def revokes(step: Step) -> bool:
    return step.item.kind in REVOKES and (step.verb == "drop") != (step.item.kind == "isolation")

"""What Airflow needs beyond grants, as far as both engines share it. Rules: D.1 to D.3."""

from __future__ import annotations

from collections.abc import Iterator

from dbprov.engines.facts import Check, Facts
from dbprov.spec.model import Access, Deployment

POOL = 15
"""Airflow's pool of one process: pool_size 5 and max_overflow 10, since 1.10."""


def subject(airflow: tuple[int, ...]) -> str:
    return "airflow " + ".".join(map(str, airflow))


def version(
    airflow: tuple[int, ...], facts: Facts, oldest: tuple[int, ...], newest: tuple[int, ...]
) -> Check:
    """Older than the oldest fails; newer than the newest is nobody's promise, and a warning."""
    found = facts.version[: len(newest)]
    words = f"{facts.flavor} {facts.version_text}"
    supported = f"{_dotted(oldest)} to {_dotted(newest)}"
    if facts.version < oldest:
        todo = f"supported are {supported}: migrations of a new Airflow may use what it lacks"
    elif found > newest:
        todo = f"it is tested with {supported}: watch the release notes"
    else:
        todo = ""
    return Check(
        subject(airflow), "supports this server", "holds", words, facts.version >= oldest,
        todo=todo, warning=bool(todo) and facts.version >= oldest,
    )  # fmt: skip


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def limit(airflow: tuple[int, ...], what: str, connections: int | None) -> Iterator[Check]:
    """A limit below one process' pool is met as soon as Airflow is busy."""
    if connections is None:
        return
    enough = connections >= POOL
    yield Check(
        subject(airflow), f"has connections enough for {what}", "holds", f"at most {connections}",
        True, warning=not enough,
        todo="" if enough else f"each of Airflow's processes opens up to {POOL}"
        " (sql_alchemy_pool_size and max_overflow): under load tasks fail with too many"
        " connections; raise it, or put PgBouncer before the database",
    )  # fmt: skip


def creates(airflow: tuple[int, ...], deployment: Deployment) -> Iterator[Check]:
    """Airflow and Celery make their tables themselves."""
    for what, account in (
        ("Airflow", deployment.metadata_account()),
        ("Celery", deployment.result_account()),
    ):
        held = account.access in (Access.ALL, Access.OWNER)
        yield Check(
            subject(airflow), f'lets {what} create its tables as "{account.name}"', "holds",
            f"access {account.access.value}", held,
            todo=""
            if held
            else "airflow db migrate, and Celery's first result, fail with permission"
            " denied: access: all for this user",
        )  # fmt: skip

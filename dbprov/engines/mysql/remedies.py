"""The one statement that gives an admin what it lacks on MySQL and MariaDB, and who can run it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dbprov.engines.facts import Facts, Row
from dbprov.items.item import Need, Statements, Told


class Remedy:
    """``needs``: of all obstacles of a plan. One GRANT answers all of them."""

    def __init__(
        self, facts: Facts, render: Statements, needs: Iterable[Need], holders: Sequence[Row]
    ) -> None:
        self.facts, self.render = facts, render
        self.privileges = tuple(sorted({word for one in needs for word in one.privileges}))

    def of(self, needs: Iterable[Need]) -> tuple[Told, ...]:
        """Nothing for sessions of a user, which no privilege on a role is about."""
        if not any(one.privileges for one in needs):
            return ()
        user, _, host = self.facts.admin.rpartition("@")
        statement = self.render.text(
            "remedy/privileges", privileges=self.privileges, admin=user, host=host
        )
        return (Told(statement, "an admin who has them, with the GRANT OPTION,"),)


def asked(needs: Iterable[Need], render: Statements) -> str:
    """Nothing is asked: whose a thing is, MySQL does not know."""
    return ""

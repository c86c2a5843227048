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
        self.facts, self.render, self.holders = facts, render, holders
        self.needs = list(needs)
        self.privileges = tuple(sorted({word for one in self.needs for word in one.privileges}))

    def of(self, needs: Iterable[Need]) -> tuple[Told, ...]:
        """Nothing for sessions of a user, which no privilege on a role is about."""
        if not any(one.privileges for one in needs):
            return ()
        user, _, host = self.facts.admin.rpartition("@")
        if role := self._role():
            statement = self.render.text(
                "remedy/default_role", role=role[0], role_host=role[1], admin=user, host=host
            )
            return (Told(statement, f'"{self.facts.admin}" itself', (self.facts.admin,)),)
        statement = self.render.text(
            "remedy/privileges", privileges=self.privileges, admin=user, host=host
        )
        return (Told(statement, "an admin who has them, with the GRANT OPTION,"),)

    def _role(self) -> tuple[str, str] | None:
        """One that the admin was granted, and that has all of it, and is not active in a login."""
        had: dict[tuple[str, str], set[str]] = {}
        for row in self.holders:
            if row["grantable"]:
                had.setdefault((row["role"], row["role_host"]), set()).add(row["privilege"])
        return next((role for role, words in had.items() if words >= set(self.privileges)), None)


def asked(facts: Facts, needs: Iterable[Need], render: Statements) -> str:
    """The question which roles the admin has; MySQL before 8.0.19 and MariaDB do not tell."""
    tells = facts.flavor == "mysql" and facts.version >= (8, 0, 19)
    return render.text("existing/holders") if tells else ""

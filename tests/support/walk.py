"""The path that every test on a server walks: a spec, applied, planned, and its users logged in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import dbprov
from dbprov.commands.run import Run
from dbprov.plan.plan import Plan
from dbprov.spec.model import Deployment, Spec, Timeouts
from tests.harness import TestServer


@dataclass
class Walk:
    """One spec against one server as one admin: apply it, plan it, connect as its users."""

    server: TestServer
    url: str
    password: str
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def spec(self, *deployments: dict[str, Any], **top: Any) -> Spec:
        text = yaml.safe_dump(
            {"server": self.url, **top, "deployments": list(deployments)}, allow_unicode=True
        )
        return self.parse(text)

    def parse(self, text: str) -> Spec:
        self.monkeypatch.setenv("DBPROV_ADMIN_PASSWORD", self.password)
        return dbprov.parse(text, "spec.yaml", self.folder)

    def each(self, spec: Spec, do: Callable[[Deployment, Any], Any]) -> list[Any]:
        with dbprov.servers(spec) as servers:
            return [do(deployment, servers[deployment]) for deployment in spec.deployments]

    def plan(self, spec: Spec) -> Plan:
        [planned] = self.each(spec, dbprov.plan)
        assert isinstance(planned, Plan)
        return planned

    def apply(self, spec: Spec) -> Run:
        [applied] = self.each(spec, dbprov.apply)
        assert isinstance(applied, Run)
        return applied

    def provision(self, spec: Spec) -> Run:
        """Apply, and insist that all of it is well: no error, nothing left, every check held, and a second plan empty."""
        applied = self.apply(spec)
        assert applied.error is None, applied.error
        assert applied.left is not None
        assert applied.left.complete, [str(step) for step in applied.left.steps]
        assert [c for c in applied.checks if c.failed] == []
        assert self.plan(spec).complete
        return applied

    def prove(self, spec: Spec) -> list[dbprov.Check]:
        [checks] = self.each(
            spec, lambda deployment, server: list(dbprov.verify(deployment, server))
        )
        assert isinstance(checks, list)
        return checks

    def as_user(self, spec: Spec, name: str, *statements: str) -> None:
        """Run statements as one of the users, as the application would."""
        deployment = spec.deployments[0]
        [account] = [a for a in deployment.accounts if a.name == name]
        connection = dbprov.connections(spec)[0].metadata
        url = type(connection)(deployment, account, account.place.read()).login_url()
        with dbprov.servers(spec) as servers:
            engine = servers[deployment].engine
            opened = engine.connection.connect_as(url, deployment, Timeouts())
            try:
                for statement in statements:
                    opened.run(statement)
            finally:
                opened.close()

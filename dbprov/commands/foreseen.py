"""What verify would fail at, of users and what others set on them: known before they log in."""

from __future__ import annotations

from collections.abc import Iterator

from dbprov.engines.facts import Check, Question, Row
from dbprov.server.server import Server, masked
from dbprov.spec.model import Deployment


def foreseen(deployment: Deployment, server: Server) -> Iterator[Check]:
    """Asked in the Deployment's database only where the admin enters it."""
    engine = server.engine.foreseen
    render = server.renderer(masked)
    questions = engine.questions(deployment, server.beside(deployment), server.facts)
    answers: dict[str, list[Row]] = {}

    def ask(asked: list[Question], database: str | None) -> None:
        queries = [render.text(one.template, **one.values) for one in asked]
        if queries:
            for one, rows in zip(asked, server.answers(queries, database), strict=True):
                answers.setdefault(one.template, []).extend(rows)

    ask([one for one in questions if not one.inside], None)
    inside = [one for one in questions if one.inside]
    if inside and engine.enters(answers):
        ask(inside, deployment.database)
    yield from engine.foreseen(deployment, server.facts, answers, render)

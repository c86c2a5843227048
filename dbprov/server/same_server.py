"""The other Deployments of the spec: are they on this server too, and what follows from it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from dbprov.errors import DbprovError, RefusedError
from dbprov.server.sessions import AdminSessions
from dbprov.spec import server_identity
from dbprov.spec.conflicts import Neighbours, conflicts, one_place
from dbprov.spec.model import Deployment
from dbprov.spec.server_identity import Answer, Same

TWO_SERVERS = "same_server: false in the spec, in the Deployment of one of them"


class KnownServer(AdminSessions):
    """``servers``: of the whole spec, each by its Deployments."""

    def __init__(
        self, *arguments: Any, servers: Mapping[Deployment, KnownServer] | None = None, **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self._servers = {} if servers is None else servers  # filled while they are opened
        self._compared: dict[KnownServer, Answer] = {}

    def same_as(self, other: KnownServer) -> Answer:
        """Is it the same server, by another URL or as another admin? Found out once.

        Both are asked, unless their names lead to the same one. Who cannot be asked is unknown: a
        proxy may lead from any name to any server.
        """
        if other is self:
            return Answer(Same.SAME)
        if other not in self._compared:
            self._compared[other] = other._compared[self] = self._compare(other)
        return self._compared[other]

    def _compare(self, other: KnownServer) -> Answer:
        if self.address.engine != other.address.engine:
            return Answer(Same.ANOTHER)
        if (
            server_identity.by_name(self.address, other.address, server_identity.resolved)
            is Same.SAME
        ):
            return Answer(Same.SAME)
        try:
            mine, theirs = self.running, other.running
        except DbprovError as error:
            return Answer(Same.UNKNOWN, f"{error.what}: {error.why}".rstrip(": "), error)
        same = server_identity.by_answer(mine, theirs)
        if same is not Same.UNKNOWN:
            return Answer(same)
        what = f"both report {mine.identifier}"
        if not (mine.identifier and theirs.identifier):
            what = "the admin of one of them may not read its identifier"
        return Answer(
            same,
            f"{what}, and {self.address} ({mine}) and {other.address} ({theirs}) look like two"
            " running instances: one holds a copy of the other's data (a restored backup, a"
            " replica), or the server was restarted just now",
        )

    def answer(self, deployment: Deployment, other: Deployment) -> Answer:
        """Is the other Deployment of the spec on this server too?"""
        server = self._servers.get(other)
        if server:
            answer = self.same_as(server)
        else:
            by_name = server_identity.by_name(
                deployment.server, other.server, server_identity.resolved
            )
            answer = Answer(by_name)
            if by_name is not Same.SAME:
                answer = Answer(Same.UNKNOWN, f"{other.server} was not opened with this spec")
        asserted = not (deployment.same_server and other.same_server)
        return Answer(Same.ANOTHER) if answer.same is Same.UNKNOWN and asserted else answer

    def answers_of(
        self, deployment: Deployment, among: Sequence[Deployment] | None = None
    ) -> Iterator[tuple[Deployment, Answer]]:
        """Of each Deployment that has its database or a user of it. Raises RefusedError for two
        that cannot both be on one server, and are.
        """
        if among is None:
            found = self._neighbours.of(deployment)
        else:
            found = Neighbours(among).of(deployment)
        for other in found:
            answer = self.answer(deployment, other)
            if answer.same is Same.SAME and (against := list(conflicts(deployment, other))):
                raise RefusedError(
                    f"the Deployments {deployment.name} and {other.name} cannot both be on one"
                    " server; nothing was changed",
                    f"{deployment.server} of {deployment.name} and {other.server} of"
                    f" {other.name} are the same server:\n" + "\n".join(why for why, _ in against),
                    "\n".join(dict.fromkeys(todo for _, todo in against)),
                )
            if answer.same is Same.ANOTHER and (shared := sorted(one_place(deployment, other))):
                raise RefusedError(
                    f"the Deployments {deployment.name} and {other.name} keep two passwords in one"
                    " place; nothing was changed",
                    f"{deployment.server} and {other.server} are two servers, so each has a user of"
                    " its own:\n" + "\n".join(shared),
                    "a place of its own for each: password: {file: PATH}, or leave password out",
                )
            yield other, answer

    @cached_property
    def _neighbours(self) -> Neighbours:
        return Neighbours(self._servers)

    def beside(self, deployment: Deployment, *, sure: bool = False) -> tuple[Deployment, ...]:
        """The Deployments on this same server that share a user with it.

        Where it cannot be told they are taken for two servers; with ``sure`` that is an error where
        one of them could not be asked.
        """
        found = []
        for other, answer in self.answers_of(deployment):
            if answer.same is Same.SAME:
                found.append(other)
            elif answer.error and sure:
                raise RefusedError(
                    f"whether {deployment.name} and {other.name} are on one server is not known;"
                    " nothing was changed",
                    answer.why,
                    f"{answer.error.todo}\nor, if they are two servers: {TWO_SERVERS}",
                )
        return tuple(found)

    def doubts(self, deployment: Deployment) -> Iterator[str]:
        """What is taken for two servers, and may be one and its copy."""
        for other, answer in self.answers_of(deployment):
            if answer.same is Same.UNKNOWN and not answer.error:
                yield (
                    f"{other.name} is taken to be on another server than {deployment.name}:"
                    f" {answer.why}. If it is on another one, say so: {TWO_SERVERS}"
                )

"""Which Deployments of a spec would get into each other's way, were they on one server."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from dbprov.passwords import Place
from dbprov.passwords.alternating import AlternatingPlace
from dbprov.passwords.file import FilePlace
from dbprov.spec.model import Account, Deployment

Login = tuple[str, str]


def logins(deployment: Deployment) -> dict[Login, Account]:
    """Every user that it has on its server; who takes turns with one is a user of its own."""
    return {
        (name, account.host): account
        for account in deployment.accounts
        for name in filter(None, (account.name, account.second))
    }


class Neighbours:
    """The Deployments of a spec, by what two of them may share."""

    def __init__(self, deployments: Iterable[Deployment]) -> None:
        self._by_what: dict[tuple[object, ...], list[Deployment]] = {}
        for one in deployments:
            for what in _what(one):
                self._by_what.setdefault(what, []).append(one)

    def of(self, deployment: Deployment) -> list[Deployment]:
        """The others that have its database, or one of its users, wherever they are."""
        found = {
            other.name: other
            for what in _what(deployment)
            for other in self._by_what.get(what, ())
            if other.name != deployment.name
        }
        return list(found.values())


def _what(deployment: Deployment) -> Iterator[tuple[object, ...]]:
    engine = deployment.server.engine
    yield engine, deployment.database
    yield from ((engine, *login) for login in logins(deployment))


def conflicts(one: Deployment, other: Deployment) -> Iterator[tuple[str, str]]:
    """Why both cannot be on one server, and what to do."""
    if one.database == other.database:
        yield (
            f'both have the database "{one.database}"',
            "one Deployment with several users, or a database for each",
        )
    mine, theirs = logins(one), logins(other)
    for name, host in mine:
        if (name, host) not in theirs:
            continue
        account, another = mine[name, host], theirs[name, host]
        if (_kept(account.place), account.auth) != (_kept(another.place), another.auth):
            login = f'"{name}"' + (f"@{host}" if host != "%" else "")
            yield (
                f"both have the user {login}, and a user has one password:"
                f" {one.name} keeps it in {_shown(account)}, {other.name} in {_shown(another)}",
                "name one place in both, and the server by one URL; or give each a user of its own",
            )


def one_place(one: Deployment, other: Deployment) -> Iterator[str]:
    """What each keeps of a user in the place of the other's; on two servers they are two users."""
    mine, theirs = logins(one), logins(other)
    for login in mine.keys() & theirs.keys():
        account, another = mine[login], theirs[login]
        if "password" in (account.auth, another.auth) and _kept(account.place) == _kept(
            another.place
        ):
            yield f'user "{login[0]}", password in {_shown(account)}'


def _kept(place: Place) -> object:
    """Equal where two places are one, however the spec says them."""
    if isinstance(place, FilePlace):
        return os.path.realpath(place.path)
    if isinstance(place, AlternatingPlace):
        return place.second, _kept(place.place)
    return place


def _shown(account: Account) -> str:
    if account.auth != "password":
        return f"no place (auth: {account.auth.value})"
    turns = f', in turns with "{account.second}"' if account.second else ""
    return f"{account.place}{turns}"

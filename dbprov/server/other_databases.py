"""Which databases beside its own let a user in, proven by logins, and through whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbprov.engines.facts import Check, Row
from dbprov.passwords.secret import Secret
from dbprov.server.server import Server
from dbprov.spec.model import Account, Deployment

MOST = 10
"""Logins that are tried; those first that the user was given itself."""
CLAIM = "enters no other database"
OWN = (
    "dbprov plan names what gives it as extra, and apply --prune revokes that, or says whose it is"
)
PUBLIC = (
    "every role of the server enters through PUBLIC; dbprov check has the statements that end this,"
    " and who would lose access"
)


def enters(
    server: Server, deployment: Deployment, account: Account, url: Secret, around: Sequence[Row]
) -> Iterator[Check]:
    """``around``: the databases that the server's catalogue says let it in."""
    own: list[str] = []
    public: list[str] = []
    unknown: list[tuple[str, str, str]] = []
    errors = server.engine.errors
    for row in around[:MOST]:
        connect = server.engine.connection.connect_as
        try:
            connect(url, deployment, server.timeouts, row["name"]).close()
        except Exception as error:
            code, words = errors.explain(error, secret=False)
            if code not in errors.REFUSED | errors.LOGIN:
                unknown.append((row["name"], code, words))
        else:
            through = f" (through {row['through']})" if row["through"] else ""
            (own if through else public).append(f'"{row["name"]}"{through}')
    more = f" and {len(around) - MOST} more that were not tried" if len(around) > MOST else ""
    if own:
        observed = f"it enters {', '.join(own)}{more if not public else ''}"
        yield Check(account.name, CLAIM, "holds", observed, False, todo=OWN)
    if public:
        observed = f"as every role does, it enters {', '.join(public)}{more}"
        yield Check(account.name, CLAIM, "holds", observed, True, todo=PUBLIC, warning=True)
    for name, code, words in unknown:
        todo = "run dbprov verify again when that is over"
        observed = f'"{name}" could not be tried: {words}'
        yield Check(account.name, CLAIM, "holds", observed, False, code, todo, proven=False)
    if not own and not public and not unknown:
        yield Check(account.name, CLAIM, "holds", "none lets it in", True)

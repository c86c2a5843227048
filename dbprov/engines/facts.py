"""What a server says, and what is asked and tried of it, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

Row = dict[str, Any]
"""A row of an answer, by the names of its columns."""


class Facts(Struct, frozen=True):
    """A server as plain values.

    Asked of it at the first connect, or said with ``--server-version`` when there is none.
    """

    version: tuple[int, ...]
    flavor: str  # postgresql, mysql, mariadb
    version_text: str = ""
    identity: str = ""  # names this very server, wherever it is reached
    identifier: str = ""  # of its data; empty where this admin may not ask for it
    service: str = ""  # RDS, Azure, Cloud SQL; empty: community
    admin: str = ""
    rights: frozenset[str] = frozenset()  # what the admin may do on the whole server
    grant_option: bool = True
    rights_known: bool = True  # False where active roles may give the admin more than is listed
    read_only: bool = False
    tls: str = ""  # the protocol of the admin's own connection; empty: none
    settings: Mapping[str, str] = field(default_factory=dict)


class Notice(Struct, frozen=True):
    """What a server said beside its answer.

    ``empty``: the statement succeeded without effect, which is a failure.
    """

    code: str
    words: str
    empty: bool = False


class Question(Struct, frozen=True):
    """A block of ``extra_grants`` whose rows are what users hold."""

    template: str
    values: Mapping[str, Any]
    inside: bool = False  # asked in the Deployment's database, where there is one
    unsure: str = ""  # not every admin may ask it; what then is not known


class Trial(Struct, frozen=True):
    """One thing to try as a user: a template of ``verify/``, and what must come of it.

    ``expects``: "works"; "refused" (with one of the engine's codes for missing privileges);
    "holds": the statement answers one row ``held, observed``; "setup" runs as the admin, and its
    claim is not proven where it fails. ``always``: also where the admin lacks the privilege for it.
    """

    claim: str
    template: str
    values: Mapping[str, Any]
    expects: str = "works"
    by_admin: bool = False
    always: bool = False
    needs: str = ""  # a template without whose success this trial means nothing
    warns: Mapping[str, str] = field(
        default_factory=dict
    )  # code -> what to do: known limits, reported and no failure


class Check(Struct, frozen=True):
    """One thing tried, and whether it held.

    ``warning``: it held as far as this server lets it, and what to know. ``proven`` False: it could
    not be tried from here, so it neither held nor failed.
    """

    subject: str
    claim: str
    expected: str
    observed: str
    held: bool
    code: str = ""
    todo: str = ""
    warning: bool = False
    statements: tuple[Row, ...] = ()  # of ``todo``: each with its database, and who can run it
    proven: bool = True

    @property
    def failed(self) -> bool:
        return self.proven and not self.held

    @property
    def state(self) -> str:
        if not self.proven:
            return "not proven"
        return "failed" if self.failed else "note" if self.warning else "ok"

    def as_json(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "claim": self.claim,
            "expected": self.expected,
            "observed": self.observed,
            "held": self.held,
            "code": self.code,
            "do": self.todo,
            "warning": self.warning,
            "statements": list(self.statements),
            "state": self.state,
        }

"""What will be done to one Deployment, by whatever command, and what should be known before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct, field

from dbprov.audit.record import digest
from dbprov.engines.facts import Facts
from dbprov.errors import RefusedError
from dbprov.items import Membership, ObjectGrant, ObjectOwner
from dbprov.items.existing_grants import ActingAs
from dbprov.items.item import Obstacle, Told
from dbprov.items.sessions import UserSession
from dbprov.plan.change_owner import NOTHING, Consent, Withheld, changed, executes, marks
from dbprov.plan.drop_survey import DropOptions, Refusal
from dbprov.plan.prune import ExtraPrivilege
from dbprov.plan.steps import Step, announced
from dbprov.spec.model import Account, Deployment

Command = Literal["apply", "adopt", "drop", "rotate"]


FOR_OBJECTS = {ObjectGrant, Membership, ActingAs}


class Plan(Struct, frozen=True):
    """The Steps of one Deployment; each has its statement, with the password masked."""

    deployment: Deployment
    steps: tuple[Step, ...]
    statements: tuple[str, ...]
    facts: Facts
    command: Command = "apply"
    obstacles: tuple[tuple[Step, Obstacle], ...] = ()  # steps that need another role
    remarks: tuple[str, ...] = ()
    at: float = field(default_factory=time.monotonic)

    # apply
    # on objects of other owners, and what those would run
    of_other_owners: tuple[tuple[ObjectGrant, Obstacle], ...] = ()
    unknown: tuple[Account, ...] = ()  # users that exist, and whose passwords are not kept
    extra: tuple[ExtraPrivilege, ...] = ()  # extra privileges that no step revokes
    unread: tuple[str, ...] = ()  # what of its users this admin may not ask; among the remarks
    prune: bool = False  # the steps revoke what can be revoked of the extra privileges
    awaited: tuple[Account, ...] = ()  # users that a Deployment before this one makes

    # adopt and drop
    objects: tuple[ObjectOwner, ...] = ()  # what goes to another owner, as found
    withheld: tuple[Withheld, ...] = ()
    consent: Consent = NOTHING
    not_found: tuple[str, ...] = ()  # flags of the consent that name what is not there
    options: DropOptions = DropOptions()
    phases: tuple[tuple[Step, ...], ...] = ()
    refusals: tuple[Refusal, ...] = ()
    staying: tuple[str, ...] = ()  # users that other Deployments have too

    # rotate: a plan for each user
    account: Account | None = None
    resumed: bool = False  # an interrupted run left the next password in its store
    finish: bool = False  # discard the old password

    @property
    def age(self) -> float:
        return time.monotonic() - self.at

    @property
    def complete(self) -> bool:
        return not (self.steps or self.of_other_owners or self.refusals)

    @property
    def only_grants_on_objects(self) -> bool:
        """Is all that is left to grant what is on objects that came since the last look?"""
        kinds = {type(step.item) for step in self.steps}
        return ObjectGrant in kinds and kinds <= FOR_OBJECTS and not self.obstacles

    @property
    def remedy(self) -> tuple[Told, ...]:
        """What somebody else would run so that this admin can do all of it, each once."""
        met = (o for _, o in (*self.obstacles, *self.of_other_owners))
        return tuple(one for o in met for one in o.told or () if one.statement)

    @property
    def digest(self) -> str:
        """As the audit log has it."""
        return digest([announced(s, q) for s, q in zip(self.steps, self.statements, strict=True)])

    @property
    def user(self) -> Account:
        assert self.account is not None
        return self.account

    def possible(self) -> tuple[Step, ...]:
        """The first phase, without what needs another role."""
        met = [step for step, _ in self.obstacles]
        phases = [tuple(s for s in phase if s not in met) for phase in self.phases]
        return next((phase for phase in phases if phase), ())

    def blocking(self) -> list[tuple[Step, Obstacle]]:
        """The obstacles with which nothing is begun.

        A quarantine is not held up by a session that cannot be ended: that is reported.
        """
        every = self.command == "adopt" or (self.command == "drop" and not self.options.quarantine)
        return [(s, o) for s, o in self.obstacles if every or s.item.essential]

    def refusal(self, so_far: str = "nothing was changed") -> RefusedError | None:
        """Why it cannot be carried out, or must not; None where it can."""
        blocking = self.blocking()
        if not blocking and not self.refusals:
            return None
        done = {
            "apply": "provisioned by this admin",
            "adopt": "adopted by this admin",
            "drop": "quarantined" if self.options.quarantine else "dropped",
            "rotate": "rotated by this admin",
        }[self.command]
        why = [*(r.why for r in self.refusals), *(f"{step}: {o.why}" for step, o in blocking)]
        todo = [*(r.todo for r in self.refusals), *(o.todo for _, o in blocking)]
        return RefusedError(
            f"{self.deployment.name} cannot be {done}; {so_far}",
            "\n".join(why),
            "\n".join(dict.fromkeys(filter(None, todo))),
        )

    def refuse(self) -> None:
        """Stop before anything is changed."""
        if error := self.refusal():
            raise error

    def beyond(self, agreed: Plan) -> list[str]:
        """What of it is not in the plan that somebody read and said yes to."""
        shown = {(s.item.inside, q) for s, q in zip(agreed.steps, agreed.statements, strict=True)}
        # Tables come and go: who said yes to a grant on those of a schema meant all of them.
        granted = {str(s) for s in agreed.steps if isinstance(s.item, ObjectGrant)}
        free = () if self.command == "apply" else (UserSession, Membership)
        return changed(agreed.objects, self.objects) + [
            f"{sql} (in database {step.item.inside})" if step.item.inside else sql
            for step, sql in zip(self.steps, self.statements, strict=True)
            if (step.item.inside, sql) not in shown
            and not isinstance(step.item, free)
            and str(step) not in granted
        ]

    def as_agreed(self, agreed: Plan) -> None:
        """Raises RefusedError unless it is a part of the plan that somebody read and said yes to.

        Who owns code may have replaced it meanwhile. Of a drop or an adoption, sessions come and
        go, and what the admin borrows for its steps is not asked about.
        """
        new = self.beyond(agreed)
        if new:
            raise RefusedError(
                f"{self.deployment.name}: the server has changed since the plan was shown;"
                " nothing was changed",
                "not in that plan, or changed since:\n" + "\n".join(new),
                "run the same command again, and read the new plan",
            )

    def as_json(self) -> dict[str, Any]:
        steps = zip(self.steps, self.statements, strict=True)
        document: dict[str, Any] = {
            "name": self.deployment.name,
            "server": str(self.deployment.server),
            "complete": self.complete,
            "digest": self.digest,
            "steps": [step.as_json(sql) for step, sql in steps],
            "obstacles": [
                {"item": str(step.item), "why": o.why, "who": o.who, "statement": o.statement}
                for step, o in self.obstacles
            ],
            "remedy": [one.as_json() for one in self.remedy],
            "remarks": list(self.remarks),
        }
        if self.command == "apply":
            document |= {
                "refusals": [{"why": r.why, "do": r.todo} for r in self.refusals],
                "beyond": [
                    {
                        "item": str(item),
                        "objects": list(item.not_grantable),
                        "statement": o.statement,
                    }
                    for item, o in self.of_other_owners
                ],
                "surplus": [one.as_json() for one in self.extra],
                "passwords_not_known": [account.name for account in self.unknown],
            }
        if self.command == "adopt":
            for step, entry in zip(self.steps, document["steps"], strict=True):
                entry["executes"] = list(marks(step))
            document["withheld"] = [one.as_json() for one in self.withheld]
        if self.command == "drop":
            document |= {
                "refusals": [{"why": r.why, "do": r.todo} for r in self.refusals],
                "executes": list(self._executes()),
            }
        return document

    def _executes(self) -> Iterator[dict[str, Any]]:
        for one in self.objects:
            if words := executes(one):
                yield {"object": one.identity, "item": one.what, "executes": list(words)}

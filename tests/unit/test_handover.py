"""What is given to another owner, and what is withheld, decided from what was found."""

from __future__ import annotations

import time
from typing import Any

from msgspec.structs import replace

from dbprov.items import ObjectOwner
from dbprov.plan.change_owner import NOTHING, Consent, Withheld, command, divide


def found(name: str, owner: str = "dba", **more: Any) -> ObjectOwner:
    identity = f"public.{name}"
    made = ObjectOwner(schema="public", owner=owner, name=name, key=name, identity=identity)
    return replace(made, **more)


def needed(name: str, *by: str, **more: Any) -> ObjectOwner:
    return found(name, users=by, users_named=tuple(f"view {one} of somebody" for one in by), **more)


def divided(
    *things: ObjectOwner, consent: Consent = NOTHING, to: tuple[str, ...] = ()
) -> tuple[list[str], dict[str, Withheld]]:
    given, withheld = divide(things, to or ("app",) * len(things), "dba", consent)
    return [one.name for one in given], {one.item.name: one for one in withheld}


def test_only_the_admins_own_and_whom_it_names() -> None:
    things = (found("mine"), found("theirs", owner="old"))
    given, withheld = divided(*things)
    assert given == ["mine"]
    assert withheld["theirs"].flags == ("--from", "old")
    assert withheld["theirs"].foreign
    assert divided(*things, consent=Consent(owners=("old",))) == (["mine", "theirs"], {})


def test_what_stays_keeps_what_it_needs() -> None:
    """Along the whole chain; and lets all of it go once its end is named."""
    things = (
        found("acts", sort="ROUTINE", definer=True),
        needed("one", "acts"),
        needed("two", "one"),
        found("three"),
    )
    given, withheld = divided(*things)
    assert given == ["three"]
    assert {name: one.flags[0] for name, one in withheld.items()} == dict.fromkeys(
        ("acts", "one", "two"), "--object"
    )
    given, withheld = divided(*things, consent=Consent(objects=("public.acts",)))
    assert given == ["acts", "one", "two", "three"]
    assert withheld == {}


def test_the_users_of_a_deployment_are_not_one() -> None:
    """What goes to one user goes not with what goes to another."""
    things = (needed("one", "two"), found("two"))
    assert divided(*things)[0] == ["one", "two"]
    assert divided(*things, to=("app", "celery"))[0] == ["two"]


def test_to_name_an_object_is_not_to_name_its_owner() -> None:
    acts = found("acts", owner="old", sort="ROUTINE", definer=True)
    for consent, flags in (
        (NOTHING, ("--from", "old", "--object", "public.acts")),
        (Consent(owners=("old",)), ("--object", "public.acts")),
        (Consent(objects=("public.acts",)), ("--from", "old")),
    ):
        given, withheld = divided(acts, consent=consent)
        assert given == []
        assert withheld["acts"].flags == flags
        assert not withheld["acts"].foreign
    assert divided(acts, consent=Consent(("old",), ("public.acts",)))[0] == ["acts"]


def test_what_another_role_owns_is_judged_as_if_it_were_named() -> None:
    """A domain and the table that has it go together: the table is not against it."""
    things = (found("table", owner="old"), needed("domain", "table", owner="old"))
    _, withheld = divided(*things)
    assert [one.flags for one in withheld.values()] == [("--from", "old")] * 2
    assert all(one.foreign for one in withheld.values())


def test_flags_can_be_pasted_into_a_shell() -> None:
    assert command(("--from", "o'l d")) == "--from 'o'\"'\"'l d'"


def test_many_objects_are_decided_at_once() -> None:
    things = [needed(f"t{n}", f"t{n + 1}") for n in range(3000)] + [found("t3000")]
    began = time.monotonic()
    assert len(divided(*things)[0]) == 3001
    assert divided(*things[:-1])[0] == []
    assert time.monotonic() - began < 2

"""Adopting what others made."""

from __future__ import annotations

from dbprov.commands.adopt import Adopted, Adoption
from dbprov.commands.adopt import adopt as adopt_plan
from dbprov.commands.adopt import adoption as plan_adoption
from dbprov.plan.change_owner import NOTHING, Consent
from dbprov.spec.model import Spec
from tests.support.walk import Walk


def adoption(walk: Walk, spec: Spec, consent: Consent = NOTHING) -> Adoption:
    [planned] = walk.each(spec, lambda d, server: plan_adoption(d, server, consent))
    assert isinstance(planned, Adoption)
    return planned


def adopt(walk: Walk, spec: Spec, consent: Consent = NOTHING) -> Adopted:
    [adopted] = walk.each(spec, lambda d, server: adopt_plan(d, server, consent=consent))
    assert isinstance(adopted, Adopted)
    return adopted

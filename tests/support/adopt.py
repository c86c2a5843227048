"""Adopting what others made."""

from __future__ import annotations

from dbprov.commands.adopt import adopt as adopt_plan
from dbprov.commands.adopt import plan_adoption
from dbprov.commands.run import Run
from dbprov.plan.change_owner import NOTHING, Consent
from dbprov.plan.plan import Plan
from dbprov.spec.model import Spec
from tests.support.walk import Walk


def adoption(walk: Walk, spec: Spec, consent: Consent = NOTHING) -> Plan:
    [planned] = walk.each(spec, lambda d, server: plan_adoption(d, server, consent))
    assert isinstance(planned, Plan)
    return planned


def adopt(walk: Walk, spec: Spec, consent: Consent = NOTHING) -> Run:
    [adopted] = walk.each(spec, lambda d, server: adopt_plan(d, server, consent=consent))
    assert isinstance(adopted, Run)
    return adopted

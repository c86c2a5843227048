"""Each failed check, and each code, has a hint of its own that says what to do."""

from __future__ import annotations

import pytest

from dbprov.engines import engine
from dbprov.engines.facts import Facts
from tests.support.made import deployment

ACCESS = ("all", "owner", "write", "read")
DEFAULT = "correct what the server says"
SAME = {
    "mysql": [{"1044", "1142", "1227"}, {"1205", "1969"}, {"1820", "1862"}, {"2006", "2013"}, {"1836", "1290"}, {"3118", "4151"}],
    "postgresql": [],
}  # fmt: skip


@pytest.mark.parametrize("name", ["postgresql", "mysql"])
@pytest.mark.parametrize("access", ACCESS)
def test_each_trial_that_may_fail_has_a_hint(name: str, access: str) -> None:
    module = engine.of(name).verify
    made = deployment(name, users=[{"name": "a", "access": access}, {"name": "b", "access": "all"}])
    for account in made.accounts:
        for trial in module.trials(made, account, Facts((18,), name), "p"):
            if trial.expects != "setup":
                assert module.HINTS[trial.template], trial.template


@pytest.mark.parametrize("name", ["postgresql", "mysql"])
def test_no_hint_is_of_a_trial_that_is_gone(name: str) -> None:
    module = engine.of(name).verify
    asked = set()
    for access in ACCESS:
        users = [{"name": "a", "access": access}, {"name": "b", "access": "all"}]
        users += [{"name": "c", "access": "all", "rotation": "two-users"}] * (name == "postgresql")
        made = deployment(name, users=users)
        for account in made.accounts:
            asked |= {t.template for t in module.trials(made, account, Facts((18,), name), "p")}
    assert set(module.HINTS) <= asked


@pytest.mark.parametrize("name", ["postgresql", "mysql"])
def test_each_code_has_a_remedy_of_its_own(name: str) -> None:
    errors = engine.of(name).errors
    codes = sorted(errors.REMEDIES)  # type: ignore[attr-defined]
    for code in codes:
        todo = errors.remedy(code)
        assert DEFAULT not in todo
        for other in codes:
            if other != code and not any({code, other} <= group for group in SAME[name]):
                assert errors.remedy(other) != todo, (code, other)


LIMITS = {
    'FATAL:  too many connections for role "a b"': 'ALTER ROLE "a b" CONNECTION LIMIT -1;',
    'FATAL:  too many connections for database "d"': 'ALTER DATABASE "d" CONNECTION LIMIT -1;',
    'FATAL:  database "d" is not currently accepting connections': 'ALTER DATABASE "d" ALLOW_CONNECTIONS true;',
    'FATAL:  cannot connect to invalid database "d"': 'DROP DATABASE "d";',
}


@pytest.mark.parametrize("words", LIMITS)
def test_one_code_stands_for_several_limits(words: str) -> None:
    """Not that all connections are taken: which limit, and the statement that lifts it."""
    errors = engine.of("postgresql").errors
    code, said = errors.explain(Exception(words), secret=False)
    assert code in ("53300", "55000")
    todo = errors.remedy(code, said)
    assert LIMITS[words] in todo.splitlines()
    assert todo != errors.remedy(code)

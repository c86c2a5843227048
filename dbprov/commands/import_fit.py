"""Which layout, and which access of each user, says most of a database that exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from dbprov.items import Item, ObjectGrant
from dbprov.plan.steps import compare
from dbprov.server.server import Server
from dbprov.spec.model import Access, Account, Deployment
from dbprov.spec.writer import ExistingUser, rank, schemas_of, split

OF_TWO = "layout: split has two users, and it is neither"
ORDER = (Access.OWNER, Access.ALL, Access.WRITE, Access.READ)


class Missing(Struct, frozen=True):
    """Something that a plan would do, in words.

    ``harmless``: it gives no power on anything that is there today. ``added``: the privileges that
    the user has not today.
    """

    words: str
    harmless: bool = False
    added: tuple[str, ...] = ()
    item: Item | None = None

    def __str__(self) -> str:
        return self.words

    @property
    def weight(self) -> int:
        return len(self.added) or 1

    @property
    def new(self) -> str:
        """What of it is new, where that is not all of it."""
        wanted = getattr(self.item, "privileges", ())
        return "" if self.harmless or len(self.added) == len(wanted) else ", ".join(self.added)

    @property
    def told(self) -> str:
        return f"{self.words} (new: {self.new})" if self.new else self.words

    def whose(self, accounts: Sequence[Account]) -> Account:
        """Who gets it; the last one where it is of nobody alone."""
        names = [getattr(self.item, key, None) for key in ("grantee", "user", "owner", "name")]
        for account in accounts:
            if account.name in names and getattr(self.item, "host", account.host) == account.host:
                return account
        return accounts[-1]


class Fit(Struct, frozen=True):
    """A Deployment that describes what exists, with what is missing of it."""

    deployment: Deployment | None
    missing: tuple[Missing, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)  # by user: why
    weight: int = 0  # what those that are left out would get
    strayed: int = 0  # users whose search_path names other schemas

    @property
    def lacking(self) -> dict[str, list[str]]:
        """By user."""
        found: dict[str, list[str]] = {}
        for one in self.missing:
            assert self.deployment
            account = one.whose(self.deployment.accounts)
            who = str(ExistingUser(name=account.name, host=account.host))
            found.setdefault(who, []).append(str(one))
        return found

    @property
    def added(self) -> dict[str, str]:
        """By what is missing: the privileges that are new, where that is not all of it."""
        return {str(one): one.new for one in self.missing if one.new}

    @property
    def order(self) -> tuple[int, ...]:
        """Which of two says more, and more truly."""
        made = self.deployment
        return (
            rank(made)[0] if made else 0,
            -self.strayed,
            -_weight(self.missing),
            -self.weight,
            -len(self.missing),
            rank(made)[1] if made else 0,
        )


def fit(one: Deployment, server: Server, users: list[ExistingUser], *, nearest: bool) -> Fit:
    """Each user with the highest access of which nothing is missing.

    Whoever lacks something of every access is described where what is missing is harmless, and with
    ``nearest`` always; or is left out.
    """
    if not users:
        return Fit(None)
    pairs = list(split(one, users))
    for made in pairs:
        if not _missing(made, server):
            return _completed(made, one, server, users, nearest)
    found = [_completed(base, one, server, users, nearest) for base in _bases(one, server, users)]
    found += [_split(made, server, users, nearest) for made in pairs]
    return max(found, key=lambda made: made.order)


def _bases(one: Deployment, server: Server, users: list[ExistingUser]) -> Iterator[Deployment]:
    """A shared layout for each list of schemas, with the users who lack nothing there."""
    for schemas in schemas_of(users, one.server.engine):
        base = replace(one, schemas=schemas, accounts=())
        yield _shared(base, one, server, users) or base


def _completed(
    base: Deployment, one: Deployment, server: Server, users: list[ExistingUser], nearest: bool
) -> Fit:
    """With those who lack something, where they may be described."""
    left_out, weight = dict[str, str](), 0
    for user in users:
        if any(_is(account, user) for account in base.accounts):
            continue
        near, missing = _nearest(base, one, server, user)
        if base.layout == "shared" and (nearest or not _weight(missing)):
            base = near
        else:
            left_out[str(user)] = _why(user, near, missing)
            weight += _weight(missing)
    strayed = 0 if base.layout == "split" else _strayed(base, users)
    if not base.accounts:
        return Fit(None, (), left_out, weight, strayed)
    return Fit(base, tuple(_missing(base, server)), left_out, weight, strayed)


def _strayed(base: Deployment, users: list[ExistingUser]) -> int:
    named = schemas_of(users, base.server.engine)
    return sum(user.search_path in named and user.search_path != base.schemas for user in users)


def _split(made: Deployment, server: Server, users: list[ExistingUser], nearest: bool) -> Fit:
    """The split layout of two users who lack something of it."""
    missing = tuple(_missing(made, server))
    others = {str(user): OF_TWO for user in users if not any(_is(a, user) for a in made.accounts)}
    if nearest or not _weight(missing):
        return Fit(made, missing, others)
    why = {
        str(user): _why(user, made, [m for m in missing if _is(m.whose(made.accounts), user)])
        for user in users
        if str(user) not in others
    }
    return Fit(None, (), why | others, _weight(missing))


def _is(account: Account, user: ExistingUser) -> bool:
    return (account.name, account.host) == (user.name, user.host)


def _shared(
    base: Deployment, one: Deployment, server: Server, users: list[ExistingUser]
) -> Deployment | None:
    """Those who may create come first: what they will create is granted to the others."""
    alone = [(access, user) for user in users for access in _alone(base, one, server, user)]
    for access, user in sorted(alone, key=lambda pair: list(Access).index(pair[0])):
        for level in (level for level in user.levels() if _lower(level, access)):
            account = user.account(one, level, base.schemas)
            tried = replace(base, accounts=(*base.accounts, account))
            if not _missing(tried, server):
                base = tried
                break
    return base if base.accounts else None


def _lower(level: Access, access: Access) -> bool:
    return ORDER.index(level) >= ORDER.index(access)


def _alone(
    base: Deployment, one: Deployment, server: Server, user: ExistingUser
) -> Iterator[Access]:
    """The highest access of a user who is the only one."""
    for level in user.levels():
        tried = replace(base, accounts=(user.account(one, level, base.schemas),))
        if not _missing(tried, server):
            yield level
            return


def _nearest(
    base: Deployment, one: Deployment, server: Server, user: ExistingUser
) -> tuple[Deployment, list[Missing]]:
    before = {str(one) for one in _missing(base, server)} if base.accounts else set[str]()
    tried = [
        replace(base, accounts=(*base.accounts, user.account(one, level, base.schemas)))
        for level in user.levels()
    ]
    found = [
        (made, [more for more in _missing(made, server) if str(more) not in before])
        for made in tried
    ]
    return min(found, key=lambda pair: (_weight(pair[1]), len(pair[1])))


def _weight(missing: Iterable[Missing]) -> int:
    """How much of it gives a power on something that is there."""
    return sum(one.weight for one in missing if not one.harmless)


def _why(user: ExistingUser, near: Deployment, missing: Iterable[Missing]) -> str:
    """What would be added is told; what it has is what of these words is not new."""
    access = next(a.access.value for a in near.accounts if _is(a, user))
    words = f"it fits no access; {access} comes nearest, but lacks " + "; ".join(
        one.told for one in missing
    )
    through = ", ".join(f'"{role}"' for role in user.through)
    return words + (f"; what it has comes from {through}" if through else "")


def _missing(made: Deployment, server: Server) -> list[Missing]:
    """What a plan would do, and what it would say that others must do."""
    if objections := server.engine.limits.objections(made, server.facts):
        return [Missing(why) for why, _ in objections]
    pairs = server.look(server.engine.expand.expand(made, server.facts))
    others = [f for _, f in pairs if isinstance(f, ObjectGrant) and f.not_grantable]
    steps = [step for step in compare(pairs) if step.item.kind != "membership"]
    return [
        *(
            Missing(
                str(step.item),
                step.item.gives_nothing(step.found),
                step.item.added(step.found),
                step.item,
            )
            for step in steps
        ),
        *(
            Missing(f"{item} on {', '.join(item.not_grantable)}", False, (), item)
            for item in others
        ),
    ]

"""Signing in and out, and opening one's own feedback.

`sign_in` has its own two transactions instead of the request's one, for two reasons. A refused sign-in raises and so
rolls back, and its count must stay (`auth.throttle`); and the hash between them takes a tenth of a second, for which no
connection is held. So call it with no transaction open.

Throttling counts failures per account *and* client, and per client; nothing is counted per account alone. Whoever
guesses at somebody's password locks out themself, never the owner, who signs in from elsewhere.
"""

from datetime import timedelta

import msgspec

from auth import passwords, throttle
from auth.accounts import known_email
from auth.actions import Action
from auth.actor import Actor, Staff, actor_id, actor_kind
from auth.audit import AuditEvent
from auth.policy import require
from auth.sessions import RESIDENT_LONGEST, STAFF_LONGEST, new_token, token_hash
from auth.throttle import Claim, Limit
from kernel.clock import Clock
from kernel.errors import FieldProblem, Invalid
from kernel.keys import TenantKeys
from tenancy.session import Database, TenantSession
from tenancy.tenant import Tenant

PER_ACCOUNT_AND_CLIENT = Limit(name="sign_in_account", most=5, window=timedelta(minutes=15))
PER_CLIENT = Limit(name="sign_in_client", most=50, window=timedelta(minutes=15))
"""A town hall shares one address, so that this is wide; successes are given back."""


class SignInAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """What came with the login form."""

    email: str
    password: str
    client_address: str
    old_token: str | None = None
    """Of the browser's session until now; it ends, so that a token from before the sign-in is worth nothing."""

    def __repr__(self) -> str:
        return "SignInAttempt(...)"


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A new session."""

    token: str
    """For the cookie; nowhere else."""
    staff_id: int
    language: str

    def __repr__(self) -> str:
        return f"SignedIn(staff_id={self.staff_id})"


_ADMIT = f"""
with counted as ({throttle.COUNT})
select c.key, c.count, c.window_ends_at, p.id, p.password_hash
  from counted c left join staff p on p.email = $4 and p.is_active
"""  # noqa: S608 - constants

# The account is looked at again: it may have been closed, or its password changed, while the hash was computed.
_OPEN = """
with person as (
  select id, language from staff where id = $1 and is_active and password_hash = $2
), ended as (
  delete from session where id_hash = $3 and exists (select from person)
), opened as (
  insert into session (id_hash, staff_id, seen_at, expires_at, created_at) select $4, id, $5, $6, $5 from person
), forgiven as (
  delete from throttle where key = $7 and exists (select from person)
), given_back as (
  update throttle set count = count - 1 where key = $8 and count > 0 and exists (select from person)
), rehashed as (
  update staff set password_hash = $9 where id = $1 and $9::text is not null and exists (select from person)
), audited as (
  insert into audit (at, action, actor_kind, actor_id, target_type, target_id, correlation_id)
  select $5, $10, 'staff', id, 'staff', id, $11 from person
)
select id, language from person
"""

_FAILED = """
insert into audit (at, action, actor_kind, actor_id, target_type, target_id, correlation_id)
values ($1, $2, 'system', null, 'staff', $3, $4)
"""

_OPEN_RESIDENT = """
with ended as (
  delete from session where id_hash = $1
), opened as (
  insert into session (id_hash, feedback_id, seen_at, expires_at, created_at) values ($2, $3, $4, $5, $4)
)
insert into audit (at, action, actor_kind, target_type, target_id, correlation_id)
values ($4, $6, 'resident', 'feedback', $3, $7)
"""

_CLOSE = """
with ended as (
  delete from session where id_hash = $1 returning staff_id
)
insert into audit (at, action, actor_kind, actor_id, target_type, target_id, correlation_id)
select $2, $3, 'staff', staff_id, 'staff', staff_id, $4 from ended where staff_id is not null
"""

_CLOSE_ALL = """
with ended as (
  delete from session where staff_id = $1 returning id_hash
)
insert into audit (at, action, actor_kind, actor_id, target_type, target_id, details, correlation_id)
select $2, $3, $4, $5::bigint, 'staff', $1, jsonb_build_object('sessions', (select count(*) from ended)), $6
"""


async def sign_in(
    database: Database,
    tenant: Tenant,
    clock: Clock,
    keys: TenantKeys,
    attempt: SignInAttempt,
    *,
    correlation_id: str,
) -> SignedIn:
    """Open a session for an e-mail address and a password.

    Raises Invalid (`password`: `wrong_credentials`, the same for a wrong password, an unknown, a closed and a
    password-less account, after the same work) and TooMany.
    """
    email = known_email(attempt.email)
    client = throttle.client_network(attempt.client_address)
    of_account = throttle.claim(keys, PER_ACCOUNT_AND_CLIENT, email, client)
    of_client = throttle.claim(keys, PER_CLIENT, client)
    staff_id, stored = await _admit(database, tenant, clock, (of_account, of_client), email)
    if await passwords.verify_password(stored, attempt.password) and stored is not None and staff_id is not None:
        rehashed = await passwords.hash_password(attempt.password) if passwords.needs_rehash(stored) else None
        token, now = new_token(), clock.now()
        async with database.transaction(tenant) as session:
            row = await session.fetch_row(
                _OPEN,
                staff_id,
                stored,
                token_hash(attempt.old_token) if attempt.old_token else b"",
                token_hash(token),
                now,
                now + STAFF_LONGEST,
                of_account.key,
                of_client.key,
                rehashed,
                AuditEvent.SIGNED_IN.value,
                correlation_id,
            )
        if row is not None:
            return SignedIn(token=token, staff_id=row["id"], language=row["language"])
    async with database.transaction(tenant) as session:
        await session.fetch(_FAILED, clock.now(), AuditEvent.SIGN_IN_FAILED.value, staff_id, correlation_id)
    raise Invalid(FieldProblem("password", "wrong_credentials"))


async def _admit(
    database: Database, tenant: Tenant, clock: Clock, claims: tuple[Claim, ...], email: str
) -> tuple[int | None, str | None]:
    """Count the attempt, and (id, hash) of the account if there is one."""
    now = clock.now()
    async with database.transaction(tenant) as session:
        rows = await session.fetch(_ADMIT, *throttle.count_arguments(claims, now), email)
        throttle.require_within(claims, rows, now)
    return rows[0]["id"], rows[0]["password_hash"]


async def open_resident_session(
    session: TenantSession, clock: Clock, feedback_id: int, *, old_token: str | None, correlation_id: str
) -> str:
    """A session on one's own feedback, once its tracking code was right; the token is for the cookie.

    Tracking codes are not throttled here: 115 random bits are not guessed.
    """
    token, now = new_token(), clock.now()
    await session.fetch(
        _OPEN_RESIDENT,
        token_hash(old_token) if old_token else b"",
        token_hash(token),
        feedback_id,
        now,
        now + RESIDENT_LONGEST,
        AuditEvent.FEEDBACK_OPENED.value,
        correlation_id,
    )
    return token


async def sign_out(session: TenantSession, clock: Clock, token: str, *, correlation_id: str) -> None:
    """End this session, a staff member's or a resident's; ending one that is no more is no error."""
    await session.fetch(_CLOSE, token_hash(token), clock.now(), AuditEvent.SIGNED_OUT.value, correlation_id)


async def sign_out_everywhere(
    session: TenantSession, clock: Clock, actor: Actor, staff_id: int, *, correlation_id: str
) -> None:
    """End every session of a staff member: one's own, or anybody's for an admin."""
    if not (isinstance(actor, Staff) and actor.id == staff_id):
        require(actor, Action.MANAGE_USERS)
    await session.fetch(
        _CLOSE_ALL,
        staff_id,
        clock.now(),
        AuditEvent.SESSIONS_ENDED.value,
        actor_kind(actor),
        actor_id(actor),
        correlation_id,
    )

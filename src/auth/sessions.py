"""Sessions in the database: tokens, limits, who a token is, and the CSRF token made from it.

A token is 256 random bits in a `__Host-` cookie; the database holds its SHA-256 and nobody can sign in with that. A
session lives in its tenant's schema, so a token of one municipality is nothing in another.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import msgspec

from auth.actor import Grant, Resident, Staff
from kernel.clock import Clock
from kernel.errors import NotAllowed
from kernel.keys import TenantKeys
from tenancy.session import TenantSession

# `__Host-`: only over TLS, only for this very host, path `/`; a neighbour's subdomain cannot set it (RFC 6265bis).
STAFF_COOKIE = "__Host-kuulolla-staff"
RESIDENT_COOKIE = "__Host-kuulolla-resident"

STAFF_IDLE = timedelta(minutes=60)
"""SP 800-63B-4 §2.2.3 allows an hour; an answer that took half of one to write must not be lost."""
STAFF_LONGEST = timedelta(hours=12)
"""A working day with its overtime, and tomorrow a new sign-in (SP 800-63B rev. 3 §4.2.3)."""
RESIDENT_IDLE = timedelta(minutes=30)
RESIDENT_LONGEST = timedelta(minutes=60)
"""Often on a library's computer; the tracking code opens it again."""
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the idle limit is kept: a write a minute, not one a request."""

# Who it is and, once a minute, that they were here: one round trip. Two tabs at once: the second does not wait for the
# first one's row. PostgreSQL refuses this in a read-only transaction.
_SEEN = """
seen as (
  update session set seen_at = $2 where id_hash in (
    select s.id_hash from session s join found f on f.id_hash = s.id_hash
     where s.seen_at <= $4 for update of s skip locked)
)
"""
_FIND_STAFF = f"""
with found as (
  select s.id_hash, p.id, p.email, p.name, p.language
    from session s join staff p on p.id = s.staff_id and p.is_active
   where s.id_hash = $1 and s.expires_at > $2 and s.seen_at > $3
), {_SEEN}
select f.id, f.email, f.name, f.language,
       coalesce(
         (select jsonb_agg(jsonb_build_object('role', r.role, 'unit', r.unit, 'department', r.department) order by r.id)
            from staff_role r where r.staff_id = f.id), '[]')::text as grants
  from found f
"""  # noqa: S608 - constants
_FIND_RESIDENT = f"""
with found as (
  select s.id_hash, s.feedback_id from session s
   where s.id_hash = $1 and s.feedback_id is not null and s.expires_at > $2 and s.seen_at > $3
), {_SEEN}
select feedback_id from found
"""  # noqa: S608 - constants


def new_token() -> str:
    """256 random bits, for the cookie."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token. It is random, so that a plain hash is enough (ASVS 5.0 V6.5.2)."""
    return hashlib.sha256(token.encode("utf-8", errors="replace")).digest()


async def find_staff_actor(session: TenantSession, clock: Clock, token: str) -> Staff | None:
    """The staff member signed in with this token, with the roles they have now; needs a writable transaction."""
    hashed = token_hash(token)
    row = await session.fetch_row(_FIND_STAFF, hashed, *_moments(clock.now(), STAFF_IDLE))
    if row is None:
        return None
    return Staff(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        language=row["language"],
        grants=msgspec.json.decode(row["grants"], type=tuple[Grant, ...]),
        session_hash=hashed,
    )


async def find_resident(session: TenantSession, clock: Clock, token: str) -> Resident | None:
    """The sender who opened a feedback with its tracking code; needs a writable transaction."""
    row = await session.fetch_row(_FIND_RESIDENT, token_hash(token), *_moments(clock.now(), RESIDENT_IDLE))
    return Resident(row["feedback_id"]) if row else None


async def forget_expired(session: TenantSession, clock: Clock) -> None:
    """Delete sessions past a limit and throttles past their window: the worker's housekeeping."""
    now = clock.now()
    await session.fetch(
        """
        with throttles as (delete from throttle where window_ends_at <= $1)
        delete from session
         where expires_at <= $1 or seen_at <= case when staff_id is null then $2::timestamptz else $3 end
        """,
        now,
        now - RESIDENT_IDLE,
        now - STAFF_IDLE,
    )


def csrf_token(keys: TenantKeys, session_hash: bytes) -> str:
    """What the forms of this session carry. It is computed, not stored, and ends with the session."""
    return base64.urlsafe_b64encode(keys.sign("csrf", session_hash)).decode().rstrip("=")


def require_csrf(keys: TenantKeys, session_hash: bytes, sent: str | None) -> None:
    """Raises NotAllowed `csrf_refused` unless the form carried this session's token."""
    expected = csrf_token(keys, session_hash).encode()
    if not hmac.compare_digest(expected, (sent or "").encode("utf-8", errors="replace")):
        raise NotAllowed("csrf_refused")


def _moments(now: datetime, idle: timedelta) -> tuple[datetime, datetime, datetime]:
    return now, now - idle, now - SEEN_EVERY

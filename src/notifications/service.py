"""From an event to a mail in somebody's mailbox, or to a reason why not.

An event's handler plans deliveries in the event's own transaction: one for each recipient, however often the event is
handled. A delivery is then taken with a lease, sent outside any transaction, and its outcome recorded. It ends in
exactly one final state, `delivered` or `undeliverable`; a final state never changes, and sending again is a new
delivery.

SMTP cannot promise exactly once: between the server's "250" and our commit lies a moment in which a crash leaves the
delivery `sending`, and it is sent a second time when the lease is over. Both copies carry the same Message-ID, made
from the delivery, by which a receiver drops one of them.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from kernel.clock import Clock
from kernel.errors import Conflict, NotFound
from kernel.log import get_logger
from kernel.outbox import Event, Queued
from kernel.text import LocalizedText
from notifications import repository
from notifications.channels import Channel, Delivered, Outcome, RetryLater, Undeliverable, mask
from notifications.letterhead import Letterhead
from notifications.messages import MESSAGES
from notifications.rendering import MailRenderer
from notifications.repository import Due
from tenancy.session import Database, TenantSession
from tenancy.tenant import Tenant

LEASE = timedelta(seconds=20)
"""With the worker's longest pause between two looks (5 s) a dead worker's delivery is taken up again within 30 s."""
HEARTBEAT_SECONDS = 6.0
BACKOFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
"""After the first, second … failed attempt; 17 h in all. Mail systems keep a message for days, but ours waits for the
next server only, and a person should see in the morning what did not go out."""
MAX_ATTEMPTS = len(BACKOFF) + 1

_log = get_logger()


async def notify(session: TenantSession, clock: Clock, event: Event, queued: Queued) -> None:
    """Handler of every event in `messages.MESSAGES`: plans its messages. Twice is as good as once."""
    feedback_id: int = event.feedback_id  # type: ignore[attr-defined]  # all events of MESSAGES are about a feedback
    for message in MESSAGES[type(event)]:
        await repository.plan(
            session,
            message,
            event_id=queued.id,
            feedback_id=feedback_id,
            message_id=getattr(event, "message_id", None),
            at=clock.now(),
        )


class ShownDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery as the desk shows it."""

    id: int
    template: str
    recipient: str
    """Masked."""
    state: str
    at: datetime
    """When it reached its final state, or when it is tried next."""
    attempts: int
    reason: str | None
    """A code for `messages.reason_sentence`."""


async def list_deliveries(session: TenantSession, feedback_id: int) -> list[ShownDelivery]:
    """All messages about a feedback and what became of them; the caller has checked who asks."""
    return [
        ShownDelivery(
            id=row["id"],
            template=row["template"],
            recipient=mask(row["recipient"]),
            state=row["state"],
            at=row["delivered_at"] or row["next_attempt_at"],
            attempts=row["attempts"],
            reason=row["reason"],
        )
        for row in await repository.list_rows(session, feedback_id)
    ]


async def resend(session: TenantSession, clock: Clock, delivery_id: int) -> int:
    """Send a message again, to the recipient's present address; id of the new delivery, the same when asked twice.

    The caller has checked who asks. Raises NotFound; Conflict `delivery_not_final` or `recipient_gone`.
    """
    again = await repository.plan_again(session, delivery_id, at=clock.now())
    if again is not None:
        return again
    state = await repository.find_state(session, delivery_id)
    if state is None:
        raise NotFound("delivery_not_found")
    if state in {"scheduled", "sending"}:
        raise Conflict("delivery_not_final", state=state)
    raise Conflict("recipient_gone")


class Postman:
    """Sends one tenant's due deliveries at a time."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        channels: Mapping[str, Channel],
        renderer: MailRenderer,
        letterhead: Callable[[Tenant], Letterhead],
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        """`channels` by the name in `delivery.channel`; `letterhead` raises NotFound for a tenant without files."""
        self._database = database
        self._clock = clock
        self._channels = channels
        self._renderer = renderer
        self._letterhead = letterhead
        self._heartbeat_seconds = heartbeat_seconds

    async def deliver_due(self, tenant: Tenant, *, limit: int = 8) -> int:
        """Try up to `limit` due deliveries side by side; how many there were."""
        letterhead = self._letterhead(tenant)
        now = self._clock.now()
        async with self._database.transaction(tenant) as session:
            taken = await repository.take_due(session, now=now, leased_until=now + LEASE, limit=limit)
            reasons = {
                due.id: await letterhead.withholding_reason(session, due.feedback_id, due.message_id)
                for due in taken
                if due.template == "withheld"
            }
        outcomes = await asyncio.gather(
            *(self._deliver(tenant, letterhead, due, reasons.get(due.id)) for due in taken), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome  # the others have had their turn; this one's lease runs out and it is taken up again
        return len(taken)

    async def _deliver(self, tenant: Tenant, letterhead: Letterhead, due: Due, reason: LocalizedText | None) -> None:
        outcome = _known_outcome(due, reason)
        if outcome is None:
            outcome = await self._attempt(tenant, letterhead, due, reason)
        await self._record(tenant, due, outcome)

    async def _attempt(self, tenant: Tenant, letterhead: Letterhead, due: Due, reason: LocalizedText | None) -> Outcome:
        try:
            mail = self._renderer.render(due, letterhead, tenant=tenant.slug, reason=reason)
        except Exception:  # noqa: BLE001 - logged with its traceback, and it becomes the delivery's outcome
            # A fault in a template or in a name of one municipality must not keep the others' mail.
            _log.exception("delivery_not_rendered", tenant=tenant.slug, delivery_id=due.id, template=due.template)
            return RetryLater("not_rendered")
        sending = asyncio.ensure_future(self._channels[due.channel].send(mail))
        try:
            while not (await asyncio.wait({sending}, timeout=self._heartbeat_seconds))[0]:
                async with self._database.transaction(tenant) as session:
                    await repository.extend_lease(session, due, leased_until=self._clock.now() + LEASE)
        finally:
            sending.cancel()
        return sending.result()

    async def _record(self, tenant: Tenant, due: Due, outcome: Outcome) -> None:
        now = self._clock.now()
        async with self._database.transaction(tenant) as session:
            match outcome:
                case Delivered():
                    state, reason = "delivered", None
                    recorded = await repository.record_delivered(session, due, at=now)
                case RetryLater(reason) if due.attempts < MAX_ATTEMPTS:
                    state, later = "scheduled", now + BACKOFF[due.attempts - 1]
                    recorded = await repository.record_undelivered(session, due, reason=reason, next_attempt_at=later)
                case RetryLater(reason) | Undeliverable(reason):
                    state = "undeliverable"
                    recorded = await repository.record_undelivered(session, due, reason=reason, next_attempt_at=None)
        log = _log.info if state == "delivered" else _log.warning
        log(
            "delivery_attempted", tenant=tenant.slug, delivery_id=due.id, template=due.template,
            attempt=due.attempts, state=state, reason=reason, recorded=recorded,
        )  # fmt: skip


def _known_outcome(due: Due, reason: LocalizedText | None) -> Outcome | None:
    """What is certain without trying: nobody to send to, nothing left to say, too many workers died over it."""
    if due.address != due.recipient:
        return Undeliverable("recipient_gone")
    if due.attempts > MAX_ATTEMPTS:
        return Undeliverable("no_outcome")
    still_true = {
        "answer": not due.is_joined or due.status == "merged",
        "transferred": due.status == "transferred" and due.authority is not None,
        "merged": due.status == "merged",
        "withheld": reason is not None,
    }
    return None if still_true.get(due.template, True) else Undeliverable("nothing_to_say")

"""Feedback with a sender, rows of the outbox, a letterhead, and channels whose answers a test decides."""

import asyncio
import gettext
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from kernel import outbox
from kernel.i18n import Catalog
from kernel.outbox import Event
from kernel.text import LocalizedText
from notifications.channels import Delivered, Outcome, OutgoingMail
from notifications.config import NotificationsConfig
from notifications.letterhead import Letterhead
from tenancy.session import Database, TenantSession
from tenancy.tenant import Tenant

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday."""
EMAIL = "resident@example.org"

_FEEDBACK = """
insert into feedback (reference, tracking_hash, idempotency_hash, request_hash, kind, category, channel, text, language,
                      unit, department, wants_reply, answer_promised, answer_working_days, permission, received_at,
                      due_at, status, assignee_id, authority, merged_into_id)
values ($1, sha256(convert_to($1, 'UTF8')), sha256(convert_to($1, 'UTF8')), '', $2, 'ploughing', $3,
        'The street has not been ploughed.', $4, 'streets', 'engineering', $5, true, 5, $6, $7, $8, $9, $10, $11, $12)
returning id
"""


async def make_feedback(  # noqa: PLR0913 - one for each thing a test may want otherwise
    database: Database,
    tenant: Tenant,
    *,
    reference: str = "T-2026-1",
    email: str | None = EMAIL,
    wants_reply: bool = True,
    kind: str = "question",
    channel: str = "web",
    language: str = "en",
    permission: str = "anonymous",
    status: str = "received",
    assignee_id: int | None = None,
    authority: str | None = None,
    merged_into_id: int | None = None,
) -> int:
    """A feedback in the database, committed, with its sender's contact if they left one."""
    due_at = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
    async with database.transaction(tenant) as session:
        (row,) = await session.fetch(
            _FEEDBACK, reference, kind, channel, language, wants_reply, permission, NOW, due_at, status, assignee_id,
            authority, merged_into_id,
        )  # fmt: skip
        if email is not None:
            await session.fetch("insert into contact (feedback_id, email) values ($1, $2)", row["id"], email)
    return int(row["id"])


async def make_message(
    database: Database, tenant: Tenant, feedback_id: int, *, kind: str = "answer", text: str = "It is ploughed now."
) -> int:
    """Something said, committed."""
    async with database.transaction(tenant) as session:
        (row,) = await session.fetch(
            "insert into message (feedback_id, kind, text, language) values ($1, $2, $3, 'en') returning id",
            feedback_id,
            kind,
            text,
        )
    return int(row["id"])


async def until(claim: Callable[[], Awaitable[bool]], *, seconds: float = 20) -> None:
    """Wait until something has come true."""
    async with asyncio.timeout(seconds):
        while not await claim():  # noqa: ASYNC110 - what is waited for happens in the database or another process
            await asyncio.sleep(0.01)


async def happen(database: Database, tenant: Tenant, *events: Event, at: datetime = NOW) -> None:
    """Events in the outbox, committed."""
    async with database.transaction(tenant) as session:
        for event in events:
            await outbox.enqueue(session, event, at=at)


async def rows(database: Database, tenant: Tenant, table: str) -> list[dict[str, Any]]:
    """A table's rows in the order of their ids."""
    async with database.transaction(tenant, read_only=True) as session:
        return [dict(row) for row in await session.fetch(f"select * from {table} order by id")]


def letterhead(
    tenant: Tenant,
    *,
    reply_to: str | None = None,
    reason: LocalizedText | None = None,
    name: str | None = None,
) -> Letterhead:
    """A municipality called after its slug."""

    async def withholding_reason(_: TenantSession, __: int, ___: int | None) -> LocalizedText | None:
        return reason

    return Letterhead(
        name=LocalizedText(en=name or f"City of {tenant.slug}"),
        config=NotificationsConfig(
            sender_name=LocalizedText(en="Feedback"),
            sender_address=f"feedback@{tenant.slug}.example",
            reply_to=reply_to,
            signature=LocalizedText(en=f"{tenant.slug} regards"),
        ),
        colour="#00563f",
        base_url=f"https://{tenant.hosts[0]}",
        time_zone="Europe/Helsinki",
        category_name=lambda _: LocalizedText(en="Snow ploughing"),
        kind_name=lambda code: LocalizedText(en=code.title()),
        unit_name=lambda code: LocalizedText(en=code.title()),
        withholding_reason=withholding_reason,
    )


def english_only() -> dict[str, Catalog]:
    """Catalogues in which every language is English: the words are not what is tested."""
    return {language: Catalog(language, gettext.NullTranslations()) for language in ("fi", "sv", "en")}


class RecordingChannel:
    """Keeps every mail it was given; answers as the test decides, `Delivered` unless told otherwise."""

    def __init__(self, answer: Callable[[OutgoingMail], Outcome] | None = None) -> None:
        self.mails: list[OutgoingMail] = []
        self.answer = answer or (lambda _: Delivered())
        self.hanging: asyncio.Event | None = None
        """While set to an event, mails wait for it before they are answered."""
        self.hangs_for = ""
        """Only this tenant's mails wait; all when empty."""

    async def was_used(self) -> bool:
        """Whether any mail has come."""
        return bool(self.mails)

    async def send(self, mail: OutgoingMail) -> Outcome:
        self.mails.append(mail)
        if self.hanging is not None and self.hangs_for in {"", mail.tenant}:
            await self.hanging.wait()
        return self.answer(mail)

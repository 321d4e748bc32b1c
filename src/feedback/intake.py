"""Receiving feedback: check, route, promise, store once, and hand out the receipt.

The receipt is returned inside the transaction; the door shows it only after the commit, because the session's
dependency ends before the response leaves (ADR 0002).
"""

import hashlib
from datetime import datetime

import msgspec

from auth.actions import Action
from auth.actor import Actor, actor_id, actor_kind
from auth.policy import require
from feedback import codes
from feedback.context import FeedbackContext
from feedback.due import registry_due_on
from feedback.events import FeedbackReceived
from feedback.photos import PreparedPhoto
from feedback.repository import INTAKE, PHOTOS, REPLAY
from feedback.submission import IDEMPOTENCY_KEY_MAX, Submission
from kernel.errors import Conflict, FieldProblem, Invalid
from routing.facts import RoutingFacts

_encode = msgspec.json.Encoder(order="deterministic").encode


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What every sender gets. The tracking code is nowhere else: the database holds its hash."""

    reference: str
    tracking_code: str
    status: str
    unit: str
    due_at: datetime
    answer_promised: bool
    received_at: datetime
    kind: str
    category: str
    replayed: bool
    """Whether this repeats the answer to an earlier request with the same idempotency key."""


async def submit(
    ctx: FeedbackContext,
    actor: Actor,
    submission: Submission,
    *,
    idempotency_key: str,
    photos: list[PreparedPhoto] | None = None,
    received_at: datetime | None = None,
    is_announced: bool = True,
) -> Receipt:
    """Store a feedback once under its idempotency key.

    `received_at` is for imports, where the moment lies in the past; with `is_announced=False` nobody gets mail of it.
    Raises Conflict `idempotency_key_reused` when the
    key came before with other content.
    """
    require(actor, Action.SUBMIT_FEEDBACK)
    if not 0 < len(idempotency_key) <= IDEMPOTENCY_KEY_MAX or "\x00" in idempotency_key:
        raise Invalid(
            FieldProblem(
                "idempotency_key", "too_long", {"longest": IDEMPOTENCY_KEY_MAX, "length": len(idempotency_key)}
            )
        )
    photos = photos or []
    now = received_at or ctx.clock.now()
    kind = ctx.config.get_kind(submission.kind)
    category = ctx.config.categories.get(submission.category)
    decision = ctx.config.routing.route(_facts(ctx, submission, now))
    due_at = ctx.config.calendar.due_at(now, category.answer_working_days)
    registry_on = registry_due_on(ctx.config.calendar, now, category.max_calendar_days)
    code = codes.tracking_code(ctx.keys, idempotency_key)
    key_hash = codes.idempotency_hash(idempotency_key)
    request_hash = hashlib.sha256(_encode([submission, [photo.source_sha256.hex() for photo in photos]])).digest()
    stored = await _store_files(ctx, photos)
    try:
        row = await ctx.session.fetch_row(
            INTAKE,
            f"{ctx.config.reference_prefix}-{ctx.config.calendar.local(now).year}-",
            codes.code_hash(code),
            key_hash,
            request_hash,
            submission.kind,
            submission.category,
            submission.channel,
            submission.text,
            submission.language,
            submission.lat,
            submission.lon,
            submission.address,
            decision.unit,
            decision.department,
            submission.wants_reply,
            kind.answer_promised,
            category.answer_working_days,
            submission.permission,
            submission.nickname,
            now,
            due_at,
            registry_on,
            submission.name,
            submission.email,
            submission.phone,
            submission.has_contact,
            _encode(decision.lines()).decode(),
            ctx.config_version,
            actor_kind(actor),
            actor_id(actor),
            _encode(_first_entry(submission, decision.unit, due_at, answer_promised=kind.answer_promised)).decode(),
            ctx.correlation_id,
            FeedbackReceived.name() if is_announced else None,
        )
        if row is None:
            await ctx.files.delete(stored)
            return await _repeat(ctx, code, key_hash, request_hash)
        if photos:
            await ctx.session.fetch(PHOTOS, row["id"], *_photo_columns(photos, stored))
    except BaseException:
        await ctx.files.delete(stored)
        raise
    return Receipt(
        reference=row["reference"],
        tracking_code=codes.in_groups(code),
        status="received",
        unit=decision.unit,
        due_at=due_at,
        answer_promised=kind.answer_promised,
        received_at=now,
        kind=submission.kind,
        category=submission.category,
        replayed=False,
    )


async def _repeat(ctx: FeedbackContext, code: str, key_hash: bytes, request_hash: bytes) -> Receipt:
    row = await ctx.session.fetch_row(REPLAY, key_hash)
    # A code made with another master secret opens nothing: better no receipt than a false one.
    if (
        row is None
        or row["request_hash"] != request_hash
        or row["tracking_hash"] != codes.code_hash(code.replace("-", ""))
    ):
        raise Conflict("idempotency_key_reused")
    first = msgspec.json.decode(row["changes"])
    return Receipt(
        reference=row["reference"],
        tracking_code=codes.in_groups(code),
        status="received",
        unit=first["unit"][1],
        due_at=datetime.fromisoformat(first["due_at"][1]),
        answer_promised=first["answer_promised"][1],
        received_at=row["received_at"],
        kind=first["kind"][1],
        category=first["category"][1],
        replayed=True,
    )


def _first_entry(
    submission: Submission, unit: str, due_at: datetime, *, answer_promised: bool
) -> dict[str, list[object]]:
    """The history's first row: all that the receipt said, so that a repeated request is answered the same."""
    said = {
        "unit": unit,
        "kind": submission.kind,
        "category": submission.category,
        "channel": submission.channel,
        "due_at": due_at.isoformat(),
        "answer_promised": answer_promised,
    }
    return {field: [None, value] for field, value in said.items()}


def _facts(ctx: FeedbackContext, submission: Submission, now: datetime) -> RoutingFacts:
    return ctx.config.routing.facts(
        kind=submission.kind,
        category=submission.category,
        lat=submission.lat,
        lon=submission.lon,
        language=submission.language,
        text=submission.text,
        at=ctx.config.calendar.local(now),
    )


async def _store_files(ctx: FeedbackContext, photos: list[PreparedPhoto]) -> list[str]:
    """Put the bytes away before the rows that name them: a row never points at nothing."""
    keys = [ctx.files.new_key(ctx.session.tenant.slug, "photos", photo.suffix) for photo in photos]
    try:
        for key, photo in zip(keys, photos, strict=True):
            await ctx.files.put(key, photo.content)
    except BaseException:
        await ctx.files.delete(keys)
        raise
    return keys


def _photo_columns(photos: list[PreparedPhoto], keys: list[str]) -> tuple[list[object], ...]:
    return (
        [*keys],
        [photo.media_type for photo in photos],
        [photo.width for photo in photos],
        [photo.height for photo in photos],
        [len(photo.content) for photo in photos],
        [photo.sha256 for photo in photos],
        [photo.alt_text for photo in photos],
    )

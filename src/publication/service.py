"""The city's judgement on a text, and the sender's own right over their permission.

Publishing never moves a handling state. Category `never` wins over everything, permission over the rest; what was
published can be taken back at once, by the publisher or by the sender.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import select

from auth.actions import Action
from auth.actor import Actor, Staff, actor_id, actor_kind
from auth.policy import Target, may
from feedback import access
from feedback.access import FeedbackRow
from feedback.context import FeedbackContext
from feedback.events import PublicationWithheld
from feedback.handling import Act, apply
from feedback.models import PERMISSIONS, Message
from feedback.submission import NICKNAME_MAX, NICKNAME_MIN, check_text
from kernel.errors import Conflict, FieldProblem, Invalid, NotAllowed
from publication import repository
from publication.config import PublicationConfig
from publication.models import Publication
from publication.redaction import Scanner, scan
from publication.repository import Decision


async def publish(
    ctx: FeedbackContext,
    config: PublicationConfig,
    scanners: Sequence[Scanner],
    actor: Staff,
    reference: str,
    *,
    message_id: int | None,
    version: int,
    public_text: str | None,
) -> int:
    """Publish a text as it is given here; the original stays as it is. Returns the judgement's version.

    `message_id` None is the feedback itself; its answers are published only beside it. `version` 0 is the first
    judgement of the text.
    """
    row = await _load_for_decision(ctx, config, actor, reference)
    text = check_text(public_text, path="public_text", shortest=2)
    _require_publishable(ctx, row)
    if message_id is not None:
        await _require_answer(ctx, row, message_id)
    findings = scan(scanners, text)
    if findings:
        kinds = ", ".join(sorted({finding.kind for finding in findings}))
        raise Invalid(FieldProblem("public_text", "personal_data", {"kinds": kinds, "count": len(findings)}))
    shown_name = row.nickname if row.permission == "nickname" and message_id is None else None
    if shown_name is not None and config.is_nickname_reserved(shown_name):
        raise Conflict("nickname_reserved")
    judgement = _Judgement(state="published", action="published", public_text=text, shown_name=shown_name)
    return await _decide(ctx, actor, row, (message_id, version), judgement)


async def withhold(
    ctx: FeedbackContext,
    config: PublicationConfig,
    actor: Staff,
    reference: str,
    *,
    message_id: int | None,
    version: int,
    reason: str | None,
) -> int:
    """Decide not to publish, or take back what was published; the sender is told the reason."""
    row = await _load_for_decision(ctx, config, actor, reference)
    if not reason or config.find_withholding_reason(reason) is None:
        raise Invalid(FieldProblem("reason", "unknown_value" if reason else "required"))
    if message_id is not None:
        await _require_answer(ctx, row, message_id)
    published = version > 0 and await _is_published(ctx, row, message_id)
    judgement = _Judgement(
        state="withdrawn" if published else "withheld",
        action="unpublished" if published else "withheld",
        reason=reason,
        event=PublicationWithheld.name(),
    )
    return await _decide(ctx, actor, row, (message_id, version), judgement)


async def change_permission(
    ctx: FeedbackContext, actor: Actor, feedback_id: int, permission: str | None, nickname: str | None
) -> None:
    """The sender gives, changes or withdraws the permission; withdrawing unpublishes everything at once."""
    row = await access.load_by_id(ctx.session, actor, Action.CHANGE_PERMISSION, feedback_id, lock=True)
    if permission not in PERMISSIONS:
        raise Invalid(FieldProblem("publication.permission", "unknown_value" if permission else "required"))
    name = (nickname or "").strip() if permission == "nickname" else None
    if name is not None and not NICKNAME_MIN <= len(name) <= NICKNAME_MAX:
        code = "too_short" if len(name) < NICKNAME_MIN else "too_long"
        limits: dict[str, str | int | float] = {
            "shortest": NICKNAME_MIN, "longest": NICKNAME_MAX, "length": len(name)
        }  # fmt: skip
        raise Invalid(FieldProblem("publication.nickname", "required" if not name else code, limits))
    if (permission, name) == (row.permission, row.nickname):
        return
    withdrawn = ctx.clock.now() if permission == "none" else None
    act = Act(
        "permission_changed",
        values={"permission": permission, "nickname": name, "permission_withdrawn_at": withdrawn},
        changes={"permission": [row.permission, permission]},
    )
    await apply(ctx, actor, row, act)
    published = await ctx.session.execute(
        select(Publication.message_id, Publication.version, Publication.public_text).where(
            Publication.feedback_id == row.id, Publication.state == "published"
        )
    )
    for message_id, version, text in (tuple(row) for row in published):
        if permission == "none":
            judgement = _Judgement(state="withdrawn", action="unpublished", reason="permission_withdrawn")
            await _decide(ctx, actor, row, (message_id, version), judgement)
        elif message_id is None:  # a new name is nobody's until a publisher has seen it
            judgement = _Judgement(state="published", action="published", public_text=text, shown_name=None)
            await _decide(ctx, actor, row, (None, version), judgement)


def may_decide(ctx: FeedbackContext, config: PublicationConfig, actor: Actor, category: str, target: Target) -> bool:
    """Whether the actor decides on texts of this category: publishers do, and handlers where the policy says so."""
    found = ctx.config.categories.find(category)
    decider = config.decider(found.publish) if found else "publisher"
    return may(actor, Action.DECIDE_PUBLICATION, target) or (decider == "handler" and may(actor, Action.ANSWER, target))


async def _load_for_decision(
    ctx: FeedbackContext, config: PublicationConfig, actor: Actor, reference: str
) -> FeedbackRow:
    row = await access.load(ctx.session, actor, Action.READ_FEEDBACK, reference, lock=True)
    if not may_decide(ctx, config, actor, row.category, row.target):
        raise NotAllowed("not_allowed", action=Action.DECIDE_PUBLICATION.value)
    return row


def publication_state(row_permission: str, judged: str | None, category_publish: str) -> str:
    """The state of a text as people see it; a text nobody judged has the state its permission gives it."""
    if judged is not None:
        return judged
    return "not_permitted" if row_permission == "none" or category_publish == "never" else "awaiting_decision"


def _require_publishable(ctx: FeedbackContext, row: FeedbackRow) -> None:
    if row.permission == "none":
        raise Conflict("publication_not_permitted")
    category = ctx.config.categories.find(row.category)
    if category is not None and category.publish == "never":
        raise Conflict("category_never_published", category=row.category)
    if row.status.value in {"rejected", "merged"}:
        raise Conflict("status_never_published", status=row.status.value)


async def _require_answer(ctx: FeedbackContext, row: FeedbackRow, message_id: int) -> None:
    """Only answers are published; comments and letters between sender and city never are."""
    found = await ctx.session.execute(
        select(Message.id).where(Message.id == message_id, Message.feedback_id == row.id, Message.kind == "answer")
    )
    if found.first() is None:
        raise Invalid(FieldProblem("message_id", "unknown_value"))


async def _is_published(ctx: FeedbackContext, row: FeedbackRow, message_id: int | None) -> bool:
    which = Publication.message_id == message_id if message_id is not None else Publication.message_id.is_(None)
    found = await ctx.session.execute(
        select(Publication.id).where(Publication.feedback_id == row.id, which, Publication.state == "published")
    )
    return found.first() is not None


class _Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided about a text."""

    state: str
    action: str
    """As the history calls it."""
    public_text: str | None = None
    shown_name: str | None = None
    reason: str | None = None
    event: str | None = None


async def _decide(
    ctx: FeedbackContext, actor: Actor, row: FeedbackRow, text: tuple[int | None, int], judgement: _Judgement
) -> int:
    """Write it; `text` is (message id or None for the feedback itself, version the decision was made on)."""
    message_id, version = text
    return await repository.decide(
        ctx.session,
        Decision(
            feedback_id=row.id,
            message_id=message_id,
            version=version,
            state=judgement.state,
            public_text=judgement.public_text,
            shown_name=judgement.shown_name,
            reason=judgement.reason,
            actor_kind=actor_kind(actor),
            staff_id=actor_id(actor) if isinstance(actor, Staff) else None,
            at=ctx.clock.now(),
            action=judgement.action,
            event=judgement.event,
            correlation_id=ctx.correlation_id,
        ),
    )

"""`/api/v1`: categories, sending feedback, following one's own, reading what is published."""

import secrets
from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody

from auth.actions import Action
from auth.actor import Resident
from feedback import intake, submission, tracking
from feedback.categories import PublicCategory
from feedback.intake import Receipt
from feedback.submission import SubmissionInput
from feedback.tracking import Tracked
from kernel.errors import FieldProblem, Invalid, NotFound
from kernel.pagination import decode
from publication.repository import PublicFeedback, PublicFilter, find_public, list_public
from web.api.schemas import (
    AnswerOut,
    FeedbackIn,
    LocationIn,
    MessageOut,
    PublicFeedbackOut,
    PublicPageOut,
    ReceiptOut,
    StepOut,
    TrackingIn,
    TrackingOut,
)
from web.dependencies import TheActor, TheContext, TheSession, TheSite
from web.site import Site

PAGE_DEFAULT, PAGE_MAX = 50, 100
ANSWER_KINDS = frozenset({"answer", "interim_reply"})


@get(
    "/api/v1/categories", operation_id="ListCategories", tags=["categories"], opt={"public": True}, sync_to_thread=False
)
def list_categories(site: TheSite) -> tuple[PublicCategory, ...]:
    """The category tree in all languages."""
    return site.config.feedback.categories.public(site.config.feedback.calendar.local(site.services.clock.now()).date())


@post("/api/v1/feedback", operation_id="SubmitFeedback", tags=["feedback"], opt={"action": Action.SUBMIT_FEEDBACK})
async def submit_feedback(
    data: JSONBody[FeedbackIn],
    site: TheSite,
    ctx: TheContext,
    actor: TheActor,
    idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
) -> Response[ReceiptOut]:
    """Send a feedback. With `Idempotency-Key` a repeated request gets the same body, and status 200 instead of 201."""
    location, publication = data.location or LocationIn(), data.publication
    contact = data.contact
    checked = submission.check(
        SubmissionInput(
            kind=data.kind,
            category=data.category,
            text=data.text,
            language=data.language,
            lat=location.lat,
            lon=location.lon,
            address=location.address,
            permission=publication.permission if publication else None,
            nickname=publication.nickname if publication else None,
            name=contact.name if contact else None,
            email=contact.email if contact else None,
            phone=contact.phone if contact else None,
            wants_reply=data.wants_reply,
            channel="api",
        ),
        ctx.config,
        default_language=site.config.languages[0],
        on=ctx.config.calendar.local(ctx.clock.now()).date(),
    )
    receipt = await intake.submit(ctx, actor, checked, idempotency_key=idempotency_key or secrets.token_hex(16))
    return Response(_receipt(receipt), status_code=200 if receipt.replayed else 201)


@post("/api/v1/tracking", operation_id="TrackFeedback", tags=["feedback"], status_code=200, opt={"public": True})
async def track_feedback(data: JSONBody[TrackingIn], ctx: TheContext) -> TrackingOut:
    """The state, the answers and the history of one's own feedback, by the receipt's tracking code."""
    if not data.tracking_code:
        raise Invalid(FieldProblem("tracking_code", "required"))
    feedback_id = await tracking.find_by_code(ctx, data.tracking_code)
    return _tracked(await tracking.read(ctx, Resident(feedback_id)))


@get(
    "/api/v1/feedback",
    operation_id="ListPublishedFeedback",
    tags=["published"],
    opt={"public": True, "read_only": True},
)
async def list_published(
    site: TheSite,
    session: TheSession,
    kind: FromQuery[str | None] = None,
    category: FromQuery[str | None] = None,
    q: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = PAGE_DEFAULT,
) -> PublicPageOut:
    """Published copies, newest first, by `kind`, `category` and words `q`; `cursor` continues a page."""
    if not 1 <= limit <= PAGE_MAX:
        raise Invalid(FieldProblem("limit", "out_of_range", {"least": 1, "most": PAGE_MAX}))
    where = PublicFilter(kind=kind, category=category, query=q)
    page = await list_public(session, where, decode(cursor), limit, never=site.config.never_published)
    return PublicPageOut([_public(site, item) for item in page.items], page.next_cursor)


@get(
    "/api/v1/feedback/{reference:str}",
    operation_id="GetPublishedFeedback",
    tags=["published"],
    opt={"public": True, "read_only": True},
)
async def get_published(reference: FromPath[str], site: TheSite, session: TheSession) -> PublicFeedbackOut:
    """One published copy; 404 for everything that is not public, whether it exists or not."""
    found = await find_public(session, reference, never=site.config.never_published)
    if found is None:
        raise NotFound("feedback_not_found")
    return _public(site, found)


def _receipt(receipt: Receipt) -> ReceiptOut:
    return ReceiptOut(
        reference=receipt.reference,
        tracking_code=receipt.tracking_code,
        status=receipt.status,
        unit=receipt.unit,
        due_at=receipt.due_at,
        answer_promised=receipt.answer_promised,
    )


def _tracked(own: Tracked) -> TrackingOut:
    messages = [(message.kind, MessageOut(message.kind, message.text, message.created_at)) for message in own.messages]
    return TrackingOut(
        reference=own.reference,
        kind=own.kind,
        category=own.category,
        text=own.text,
        status=own.status,
        unit=own.unit,
        received_at=own.received_at,
        due_at=own.due_at,
        answer_promised=own.answer_promised,
        permission=own.permission,
        nickname=own.nickname,
        answers=[message for kind, message in messages if kind in ANSWER_KINDS],
        messages=[message for kind, message in messages if kind not in ANSWER_KINDS],
        history=[
            StepOut(step.at, step.action, str(change[1]) if (change := step.changes.get("status")) else None)
            for step in own.history
        ],
    )


def _public(site: Site, item: PublicFeedback) -> PublicFeedbackOut:
    return PublicFeedbackOut(
        reference=item.reference,
        kind=item.kind,
        category=item.category,
        text=item.text,
        nickname=item.shown_name,
        status=item.status,
        language=item.language,
        location=None if item.lat is None else LocationIn(lat=item.lat, lon=item.lon),
        received_at=item.received_at,
        published_at=item.published_at,
        url=site.url(f"/published/{item.reference}"),
        answers=[AnswerOut(a.text, a.language, a.answered_at, a.published_at) for a in item.answers],
    )


HANDLERS = [list_categories, submit_feedback, track_feedback, list_published, get_published]

"""The resident's pages: front, form, receipt, and the feedback's own page by its tracking code."""

import secrets
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from auth.actions import Action
from auth.actor import Actor, Anonymous, Resident
from auth.service import open_resident_session, sign_out
from auth.sessions import RESIDENT_COOKIE
from feedback import intake, photos, submission, tracking
from feedback.context import FeedbackContext
from feedback.intake import Receipt
from feedback.photos import Upload
from feedback.submission import PHOTO_FIELD, SubmissionInput
from feedback.tracking import Tracked
from kernel.errors import FieldProblem, Invalid, NotAuthenticated, NotFound
from kernel.i18n import N_
from publication import service as publication
from publication.repository import PublicFilter, list_judged, list_public
from web import names
from web.dependencies import Req, TheActor, TheContext, TheSession, TheSite
from web.page_cache import MARK
from web.pages import mapping
from web.pages.layout import Form, html, read_form, see_other
from web.site import Site
from web.views import (
    FeedbackForm,
    FormState,
    FrontPage,
    HistoryEntry,
    Notice,
    Photo,
    ReceiptPage,
    TrackedFeedback,
    TrackedMessage,
    TrackingPage,
)

RECENT = 3
IDEMPOTENCY_FIELD = "idempotency_key"


@get("/", opt={"public": True, "read_only": True}, include_in_schema=False)
async def front(request: Req, site: TheSite, session: TheSession) -> Response[bytes]:
    """What this is, the way to give feedback, and what was published last."""
    recent = await list_public(session, PublicFilter(), None, RECENT, never=site.config.never_published)
    lead = site.config.tenant.lead
    view = FrontPage(
        lead=lead.in_language(site.language) if lead else None,
        kinds=mapping.kind_choices(site),
        recent=tuple(mapping.public_card(site, item) for item in recent.items),
    )
    return html(site, request, view, public=True)


@get("/feedback/new", opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def new_feedback(request: Req, site: TheSite) -> Response[bytes]:
    """The form; kind, topic and place may be chosen by the link that led here."""
    preset = {name: request.query_params.get(name, "") for name in ("kind", "category")}
    preset["location.lat"], preset["location.lon"] = (
        request.query_params.get("lat", ""), request.query_params.get("lon", "")
    )  # fmt: skip
    values = {name: value for name, value in preset.items() if value}
    view = _form_view(site, FormState(values=values), MARK.decode())
    return html(site, request, view, public=True)


@post(
    "/feedback/new",
    opt={"action": Action.SUBMIT_FEEDBACK},
    include_in_schema=False,
    request_max_body_size=photos.UPLOAD_MAX_BYTES,
)
async def send_feedback(request: Req, site: TheSite, ctx: TheContext) -> Response[bytes]:
    """Store it and show the receipt; a reload or a second click shows the same receipt."""
    form = await read_form(request)
    key = form.get(IDEMPOTENCY_FIELD)
    if key is None or key.startswith("@@"):
        key = secrets.token_hex(16)  # a mark that was never replaced would be everybody's key
    try:
        receipt = await _submit(form, site, ctx, Anonymous(), key)
    except Invalid as error:
        return html(site, request, _form_view(site, form.state(site, error), key), status=422)
    email = form.get("contact.email")
    view = _receipt_view(site, receipt, mapping.mask_email(email.strip()) if email else None)
    return html(site, request, view, status=200 if receipt.replayed else 201)


async def _submit(form: Form, site: Site, ctx: FeedbackContext, actor: Actor, key: str) -> Receipt:
    """Fields and photos are checked both before anything is refused, so that all problems are shown at once."""
    problems: list[FieldProblem] = []
    checked, prepared = None, None
    try:
        checked = submission.check(
            submission_input(form),
            ctx.config,
            default_language=site.language,
            on=ctx.config.calendar.local(ctx.clock.now()).date(),
        )
    except Invalid as error:
        problems += error.problems
    try:
        uploads = [
            Upload(file.filename, await file.read(photos.PHOTO_MAX_BYTES + 1))
            for file in form.files.get(PHOTO_FIELD, [])
        ]
        prepared = await photos.prepare(uploads)
    except Invalid as error:
        problems += error.problems
    if checked is None or prepared is None or problems:
        raise Invalid(*problems)
    return await intake.submit(ctx, actor, checked, idempotency_key=key, photos=prepared)


def submission_input(form: Form) -> SubmissionInput:
    """What the form sent, as the use case takes it."""
    unreadable: dict[str, str] = {}

    def coordinate(path: str) -> float | None:
        typed = form.get(path)
        if typed is None or not typed.strip():
            return None
        try:
            return float(typed.strip().replace(",", "."))
        except ValueError:
            unreadable[path] = "no_coordinate"
            return None

    lat, lon = coordinate("location.lat"), coordinate("location.lon")
    return SubmissionInput(
        kind=form.get("kind"),
        category=form.get("category"),
        text=form.get("text"),
        lat=lat,
        lon=lon,
        address=form.get("location.address"),
        permission=form.get("publication.permission"),
        nickname=form.get("publication.nickname"),
        name=form.get("contact.name"),
        email=form.get("contact.email"),
        phone=form.get("contact.phone"),
        wants_reply=form.get("wants_reply") is not None,
        unreadable=unreadable,
    )


def _form_view(site: Site, state: FormState, key: str) -> FeedbackForm:
    today = site.config.feedback.calendar.local(site.services.clock.now()).date()
    return FeedbackForm(
        form=state,
        idempotency_key=key,
        kinds=mapping.kind_choices(site),
        categories=names.category_options(site, today),
        redirects=mapping.redirects(site),
        text_min=submission.TEXT_MIN,
        text_max=submission.TEXT_MAX,
        photos_max=photos.PHOTOS_MAX,
        photo_max_megabytes=photos.PHOTO_MAX_BYTES // 1024 // 1024,
    )


def _receipt_view(site: Site, receipt: Receipt, mail_sent_to: str | None) -> ReceiptPage:
    return ReceiptPage(
        reference=receipt.reference,
        tracking_code=receipt.tracking_code,
        kind_name=names.kind_name(site, receipt.kind),
        category_name=names.category_name(site, receipt.category),
        unit_name=names.unit_name(site, receipt.unit),
        received_at=receipt.received_at,
        due_at=receipt.due_at if receipt.answer_promised else None,
        answer_promised=receipt.answer_promised,
        mail_sent_to=mail_sent_to,
    )


@get("/tracking", opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def tracking_form(request: Req, site: TheSite) -> Response[bytes]:
    """Asks for the code."""
    return html(site, request, TrackingPage())


@post("/tracking", opt={"public": True}, include_in_schema=False)
async def open_tracking(request: Req, site: TheSite, ctx: TheContext) -> Response[bytes]:
    """Open one's own feedback; the code stays in the body and the address says nothing."""
    form = await read_form(request)
    typed = form.get("tracking_code")
    try:
        if typed is None:
            raise Invalid(FieldProblem("tracking_code", "required"))
        try:
            feedback_id = await tracking.find_by_code(ctx, typed)
        except NotFound:
            raise Invalid(FieldProblem("tracking_code", "unknown")) from None
    except Invalid as error:
        return html(site, request, TrackingPage(form=form.state(site, error)), status=422)
    old_token = request.cookies.get(RESIDENT_COOKIE)
    token = await open_resident_session(
        ctx.session, ctx.clock, feedback_id, old_token=old_token, correlation_id=site.correlation_id
    )
    response = see_other("/tracking/feedback")
    response.set_cookie(RESIDENT_COOKIE, token, path="/", secure=True, httponly=True, samesite="lax")
    return response


@get("/tracking/feedback", opt={"action": Action.READ_OWN_FEEDBACK}, include_in_schema=False)
async def own_feedback(request: Req, site: TheSite, ctx: TheContext, actor: TheActor) -> Response[bytes]:
    """State, answers and permission of one's own feedback."""
    if not isinstance(actor, Resident):
        return see_other("/tracking")
    return await _own_page(request, site, ctx, actor)


@post("/tracking/feedback/message", opt={"action": Action.WRITE_MESSAGE}, include_in_schema=False)
async def write_message(request: Req, site: TheSite, ctx: TheContext, actor: TheActor) -> Response[bytes]:
    """A follow-up message."""
    resident = _require_resident(actor)
    form = await read_form(request)
    try:
        await tracking.write_message(ctx, resident, resident.feedback_id, form.get("text"))
    except Invalid as error:
        return await _own_page(request, site, ctx, resident, message_form=form.state(site, error), status=422)
    return see_other("/tracking/feedback?sent=message")


@post("/tracking/feedback/permission", opt={"action": Action.CHANGE_PERMISSION}, include_in_schema=False)
async def change_permission(request: Req, site: TheSite, ctx: TheContext, actor: TheActor) -> Response[bytes]:
    """Give, change or withdraw the permission to publish."""
    resident = _require_resident(actor)
    form = await read_form(request)
    permission, nickname = form.get("publication.permission"), form.get("publication.nickname")
    try:
        await publication.change_permission(ctx, resident, resident.feedback_id, permission, nickname)
    except Invalid as error:
        return await _own_page(request, site, ctx, resident, permission_form=form.state(site, error), status=422)
    ctx.session.after_commit(lambda: site.services.cache.drop(site.tenant.slug))
    return see_other("/tracking/feedback?sent=permission")


@post("/tracking/close", opt={"public": True}, include_in_schema=False)
async def close_tracking(request: Req, site: TheSite, session: TheSession) -> Response[bytes]:
    """Forget the code on this device."""
    token = request.cookies.get(RESIDENT_COOKIE)
    if token:
        await sign_out(session, site.services.clock, token, correlation_id=site.correlation_id)
    response = see_other("/tracking")
    response.set_cookie(RESIDENT_COOKIE, "", max_age=0, path="/", secure=True, httponly=True, samesite="lax")
    return response


@get("/tracking/photos/{photo_id:int}", opt={"action": Action.READ_OWN_FEEDBACK}, include_in_schema=False)
async def own_photo(photo_id: FromPath[int], ctx: TheContext, actor: TheActor) -> Response[bytes]:
    """A photo one sent oneself."""
    return await mapping.photo_response(ctx, actor, Action.READ_OWN_FEEDBACK, photo_id)


def _require_resident(actor: Actor) -> Resident:
    if not isinstance(actor, Resident):
        raise NotAuthenticated("tracking_code_required")
    return actor


_SENT = {
    "message": N_("Your message has been sent."),
    "permission": N_("Your choice about publishing has been saved."),
}


async def _own_page(
    request: Req, site: Site, ctx: FeedbackContext, actor: Resident, *, status: int = 200, **forms: Any
) -> Response[bytes]:
    own = await tracking.read(ctx, actor)
    judged = {item.message_id: item for item in await list_judged(ctx.session, own.id)}
    category = names.category_of(site, own.category)
    judgement = judged.get(None)
    state = publication.publication_state(
        own.permission, judgement.state if judgement else None, category.publish if category else "normal"
    )
    reason = judgement.reason if judgement and state in {"withheld", "withdrawn"} else None
    sent = _SENT.get(request.query_params.get("sent", ""))
    notices = (Notice(kind="success", text=site.catalog.gettext(sent)),) if sent and status == 200 else ()  # noqa: PLR2004
    view = _tracked_view(site, own, state, reason, forms)
    return html(site, request, view, status=status, notices=notices)


def _tracked_view(site: Site, own: Tracked, state: str, reason: str | None, forms: dict[str, Any]) -> TrackedFeedback:
    now = site.services.clock.now()
    is_open = own.closed_at is None
    return TrackedFeedback(
        reference=own.reference,
        kind_name=names.kind_name(site, own.kind),
        category_name=names.category_name(site, own.category),
        text=own.text,
        text_language=own.language,
        address=own.address,
        photos=tuple(
            Photo(href=f"/tracking/photos/{photo.id}", width=photo.width, height=photo.height, alt=photo.alt_text)
            for photo in own.photos
        ),
        status=own.status,
        status_detail=mapping.status_detail(site, own.closing_reason, own.authority, None),
        unit_name=names.unit_name(site, own.unit),
        received_at=own.received_at,
        due_at=own.due_at if own.answer_promised and is_open else None,
        is_overdue=is_open and own.paused_at is None and own.due_at <= now,
        paused_at=own.paused_at,
        answer_promised=own.answer_promised,
        messages=tuple(
            TrackedMessage(
                kind=message.kind,
                text=message.text,
                language=own.language,
                at=message.created_at,
                unit_name=None if message.kind == "resident_message" else names.unit_name(site, own.unit),
            )
            for message in own.messages
        ),
        history=tuple(
            HistoryEntry(at=step.at, text=mapping.history_text(site, step.action, step.changes))
            for step in reversed(own.history)
        ),
        permission=own.permission,
        nickname=own.nickname,
        publication_state=state,
        publication_reason=mapping.withholding_reason(site, reason),
        published_href=f"/published/{own.reference}" if state == "published" else None,
        **forms,
    )


HANDLERS = [
    front, new_feedback, send_feedback, tracking_form, open_tracking, own_feedback, write_message, change_permission,
    close_tracking, own_photo,
]  # fmt: skip

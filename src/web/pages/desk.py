"""The desk: the inbox, one feedback, and everything done to it. Each act is one small form."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath

from auth import audit
from auth.actions import Action
from auth.actor import Staff
from auth.audit import AuditEvent
from feedback import handling, moving
from feedback.context import FeedbackContext
from feedback.queries import InboxFilter, count_sections, list_inbox, read_detail
from kernel.errors import Conflict, Invalid, NotFound
from kernel.i18n import N_
from kernel.pagination import decode
from notifications.service import list_deliveries
from publication.repository import list_judged
from web import names
from web.dependencies import Req, TheActor, TheContext, TheSite
from web.pages import desk_views, mapping
from web.pages.desk_session import read_staff_form, require_staff
from web.pages.layout import Form, html, see_other
from web.site import Site
from web.views import ConflictField, ConflictPage, Inbox, InboxSection, Notice

PAGE_SIZE = 50
FILTERS = ("unit", "status", "kind")

SECTION_NAMES = {
    "open": N_("Open"),
    "mine": N_("Mine"),
    "unassigned": N_("Without a handler"),
    "due_soon": N_("Due soon"),
    "overdue": N_("Overdue"),
    "waiting": N_("Awaiting the sender"),
    "closed": N_("Closed"),
    "all": N_("All"),
}


@get("/desk", opt={"action": Action.LIST_FEEDBACK}, include_in_schema=False)
async def inbox(request: Req, site: TheSite, ctx: TheContext, actor: TheActor) -> Response[bytes]:
    """The worklists of the staff member, with filters that are a link."""
    staff = require_staff(actor)
    query = {name: value for name, value in request.query_params.items() if value}
    section = query.get("section", "open")
    section = section if section in SECTION_NAMES else "open"
    where = InboxFilter(
        section=section, unit=query.get("unit"), status=query.get("status"), kind=query.get("kind"),
        search=query.get("q"),
    )  # fmt: skip
    now = ctx.clock.now()
    page = await list_inbox(ctx.session, staff, where, decode(query.get("cursor")), PAGE_SIZE, now)
    counts = await count_sections(ctx.session, staff, now)
    kept = {name: query[name] for name in ("section", *FILTERS, "q") if name in query}
    view = Inbox(
        sections=tuple(
            InboxSection(
                text=site.catalog.gettext(text),
                href=f"/desk?{urlencode({**kept, 'section': code})}",
                count=counts.get(code),
                is_current=code == section,
            )
            for code, text in SECTION_NAMES.items()
        ),
        filters=desk_views.inbox_filters(site, query, now),
        section=section,
        search=query.get("q", ""),
        is_filtered=any(name in query for name in (*FILTERS, "q")),
        rows=tuple(desk_views.inbox_row(site, row, now) for row in page.items),
        next_href=f"/desk?{urlencode({**kept, 'cursor': page.next_cursor})}" if page.next_cursor else None,
        first_href=f"/desk?{urlencode(kept)}" if "cursor" in query else None,
    )
    return html(site, request, view, staff=staff)


@get("/desk/feedback/{reference:str}", opt={"action": Action.READ_FEEDBACK}, include_in_schema=False)
async def detail(
    reference: FromPath[str], request: Req, site: TheSite, ctx: TheContext, actor: TheActor
) -> Response[bytes]:
    """One feedback, whole."""
    return await _detail_page(request, site, ctx, require_staff(actor), reference)


Act = Callable[[FeedbackContext, Staff, str, int, Form], Awaitable[Any]]

# The acts of the desk: name in the address → the use case with its fields.
ACTS: dict[str, Act] = {
    "take": lambda ctx, staff, ref, version, _: handling.take(ctx, staff, ref, version),
    "assign": lambda ctx, staff, ref, version, form: moving.assign(ctx, staff, ref, version, form.number("assignee")),
    "answer": lambda ctx, staff, ref, version, form: handling.answer(ctx, staff, ref, version, form.get("text")),
    "interim_reply": lambda ctx, staff, ref, version, form: handling.interim_reply(
        ctx, staff, ref, version, form.get("text")
    ),
    "ask_sender": lambda ctx, staff, ref, version, form: handling.ask_sender(
        ctx, staff, ref, version, form.get("text")
    ),
    "comment": lambda ctx, staff, ref, version, form: handling.comment(ctx, staff, ref, version, form.get("text")),
    "transfer": lambda ctx, staff, ref, version, form: moving.transfer(
        ctx, staff, ref, version, form.get("unit"), form.get("cover_note")
    ),
    "change_category": lambda ctx, staff, ref, version, form: moving.change_category(
        ctx, staff, ref, version, form.get("category")
    ),
    "plan": lambda ctx, staff, ref, version, form: handling.plan(ctx, staff, ref, version, form.get("note")),
    "handle": lambda ctx, staff, ref, version, form: handling.handle(ctx, staff, ref, version, form.get("reason")),
    "transfer_to_authority": lambda ctx, staff, ref, version, form: handling.transfer_to_authority(
        ctx, staff, ref, version, form.get("authority"), form.get("note")
    ),
    "reject": lambda ctx, staff, ref, version, _: handling.reject(ctx, staff, ref, version),
    "merge": lambda ctx, staff, ref, version, form: handling.merge(ctx, staff, ref, version, form.get("into")),
    "reopen": lambda ctx, staff, ref, version, _: handling.reopen(ctx, staff, ref, version),
}


@post("/desk/feedback/{reference:str}/{act:str}", opt={"action": Action.READ_FEEDBACK}, include_in_schema=False)
async def do(
    reference: FromPath[str], act: FromPath[str], request: Req, site: TheSite, ctx: TheContext, actor: TheActor
) -> Response[bytes]:
    """Do one thing to a feedback; a refused field shows the page again with everything typed."""
    staff, form = await read_staff_form(request, site, actor)
    if act == "read_contact":
        return await _contact_page(request, site, ctx, staff, reference)
    use_case = ACTS.get(act)
    if use_case is None:
        raise NotFound("not_found")
    try:
        await use_case(ctx, staff, reference, form.version(), form)
    except Invalid as error:
        state = form.state(site, error)
        return await _detail_page(request, site, ctx, staff, reference, form=state, form_action=act, status=422)
    except Conflict as error:
        if error.code != "stale_version":
            raise
        return await _conflict_page(request, site, ctx, staff, reference, form)
    ctx.session.after_commit(lambda: site.services.cache.drop(site.tenant.slug))
    if act in {"transfer", "change_category"}:
        # It may lie where this person sees it no more.
        return see_other(f"/desk?done={act}")
    return see_other(f"/desk/feedback/{reference}?done={act}")


@get("/desk/photos/{photo_id:int}", opt={"action": Action.READ_FEEDBACK}, include_in_schema=False)
async def photo(photo_id: FromPath[int], ctx: TheContext, actor: TheActor) -> Response[bytes]:
    """A photo of a feedback one may read."""
    return await mapping.photo_response(ctx, require_staff(actor), Action.READ_FEEDBACK, photo_id)


async def _detail_page(
    request: Req, site: Site, ctx: FeedbackContext, staff: Staff, reference: str, *, status: int = 200,
    contact_open: bool = False, **forms: Any,
) -> Response[bytes]:  # fmt: skip
    now = ctx.clock.now()
    found = await read_detail(ctx.session, staff, reference, now, ctx.correlation_id)
    judged = await list_judged(ctx.session, found.id)
    deliveries = await list_deliveries(ctx.session, found.id)
    view = desk_views.detail(site, staff, found, judged, deliveries, now, contact_open=contact_open, **forms)
    done = desk_views.DONE.get(request.query_params.get("done", "")) if status == 200 else None  # noqa: PLR2004 - OK
    notices = (Notice(kind="success", text=site.catalog.gettext(done)),) if done else ()
    return html(site, request, view, status=status, staff=staff, notices=notices)


async def _contact_page(
    request: Req, site: Site, ctx: FeedbackContext, staff: Staff, reference: str
) -> Response[bytes]:
    """The page with the contact data open; that it was opened is in the audit."""
    row_id = await moving.open_contact(ctx, staff, reference)
    await audit.record(
        ctx.session, ctx.clock, staff, AuditEvent.CONTACT_READ, "feedback", row_id, correlation_id=ctx.correlation_id
    )
    return await _detail_page(request, site, ctx, staff, reference, contact_open=True)


async def _conflict_page(
    request: Req, site: Site, ctx: FeedbackContext, staff: Staff, reference: str, form: Form
) -> Response[bytes]:
    """Both versions: how it stands now, and what this person had typed."""
    found = await read_detail(ctx.session, staff, reference, ctx.clock.now(), ctx.correlation_id)
    latest = found.history[-1]
    typed = {name: value for name, value in form.fields.items() if name not in {"csrf_token", "version"} and value}
    view = ConflictPage(
        reference=found.reference,
        href=f"/desk/feedback/{found.reference}",
        changed_by=latest.actor_name,
        changed_at=latest.at,
        fields=tuple(
            ConflictField(label=label, yours="", theirs=theirs)
            for label, theirs in (
                (site.catalog.gettext(N_("State")), desk_views.status_name(site, found.status)),
                (site.catalog.gettext(N_("Unit")), names.unit_name(site, found.unit)),
                (site.catalog.gettext(N_("Handler")), found.assignee_name or "-"),
                (
                    site.catalog.gettext(N_("Latest step")),
                    mapping.history_text(site, latest.action, latest.changes),
                ),
            )
        ),
        typed=tuple(ConflictField(label=name, yours=value, theirs="") for name, value in typed.items()),
    )
    return html(site, request, view, status=409, staff=staff)


HANDLERS: list[Any] = [inbox, detail, do, photo]

"""The publisher's pages: what waits, and the judgement on each text with original and copy side by side."""

import difflib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath

from auth.actions import Action
from auth.actor import Staff
from auth.policy import Target, require
from feedback.context import FeedbackContext
from feedback.queries import Detail, read_detail
from kernel.errors import FieldProblem, Invalid, NotFound
from kernel.i18n import N_
from kernel.pagination import decode
from publication import service
from publication.repository import Judged, list_judged, list_waiting
from publication.service import publication_state
from web import names
from web.dependencies import Req, TheActor, TheContext, TheSite
from web.pages import mapping
from web.pages.desk_session import read_staff_form, require_staff
from web.pages.layout import html, see_other
from web.site import Site
from web.views import (
    DifferencePart,
    FormState,
    Option,
    PublicationEdit,
    PublicationItem,
    PublicationQueue,
    PublicationRow,
)

PAGE_SIZE = 50
BLOCKED = {
    "permission": N_("The sender has not given permission to publish."),
    "never": N_("Feedback on this topic is never published."),
    "status": N_("Rejected and merged feedback is not published."),
}


@get("/desk/publication", opt={"action": Action.SEE_PUBLICATION_QUEUE}, include_in_schema=False)
async def queue(request: Req, site: TheSite, ctx: TheContext, actor: TheActor) -> Response[bytes]:
    """What may be published and waits for a decision, oldest first."""
    staff = require_staff(actor)
    require(staff, Action.SEE_PUBLICATION_QUEUE)
    never = [category.code for category in ctx.config.categories.leaves() if category.publish == "never"]
    cursor = request.query_params.get("cursor")
    page = await list_waiting(ctx.session, staff, never, decode(cursor), PAGE_SIZE)
    view = PublicationQueue(
        rows=tuple(
            PublicationRow(
                reference=row.reference,
                href=f"/desk/publication/{row.reference}",
                snippet=mapping.excerpt(row.text, 140),
                kind_name=names.kind_name(site, row.kind),
                category_name=names.category_name(site, row.category),
                permission=row.permission,
                nickname=row.nickname,
                waiting=tuple(
                    name
                    for name, waits in (("feedback", row.feedback_state is None), ("answer", row.answers_waiting > 0))
                    if waits
                ),
                received_at=row.received_at,
            )
            for row in page.items
        ),
        next_href=f"/desk/publication?{urlencode({'cursor': page.next_cursor})}" if page.next_cursor else None,
        first_href="/desk/publication" if cursor else None,
    )
    return html(site, request, view, staff=staff)


@get("/desk/publication/{reference:str}", opt={"action": Action.PROPOSE_PUBLICATION}, include_in_schema=False)
async def edit(
    reference: FromPath[str], request: Req, site: TheSite, ctx: TheContext, actor: TheActor
) -> Response[bytes]:
    """The feedback and its answers, each with its own copy and judgement."""
    return await _page(request, site, ctx, require_staff(actor), reference)


@post(
    "/desk/publication/{reference:str}/{decision:str}",
    opt={"action": Action.PROPOSE_PUBLICATION},
    include_in_schema=False,
)
async def decide(
    reference: FromPath[str], decision: FromPath[str], request: Req, site: TheSite, ctx: TheContext, actor: TheActor
) -> Response[bytes]:
    """Publish, withhold or unpublish one text."""
    staff, form = await read_staff_form(request, site, actor)
    target, version = form.get("target") or "", form.version()
    message_id = None if target == "feedback" else form.number("target")
    try:
        if target != "feedback" and message_id is None:
            raise Invalid(FieldProblem("target", "unknown_value"))
        if decision == "publish":
            await service.publish(
                ctx, site.config.publication, site.services.scanners, staff, reference,
                message_id=message_id, version=version, public_text=form.get("public_text"),
            )  # fmt: skip
        elif decision in {"withhold", "unpublish"}:
            await service.withhold(
                ctx, site.config.publication, staff, reference,
                message_id=message_id, version=version, reason=form.get("reason"),
            )  # fmt: skip
        else:
            raise NotFound("not_found")
    except Invalid as error:
        state = form.state(site, error)
        return await _page(request, site, ctx, staff, reference, form=state, form_target=target, status=422)
    ctx.session.after_commit(lambda: site.services.cache.drop(site.tenant.slug))
    return see_other(f"/desk/publication/{reference}")


async def _page(
    request: Req, site: Site, ctx: FeedbackContext, staff: Staff, reference: str, *, status: int = 200,
    form: FormState | None = None, form_target: str = "",
) -> Response[bytes]:  # fmt: skip
    found = await read_detail(ctx.session, staff, reference, ctx.clock.now(), ctx.correlation_id)
    target = Target(id=found.id, unit=found.unit, department=found.department)
    judged = {item.message_id: item for item in await list_judged(ctx.session, found.id)}
    is_published = (mine := judged.get(None)) is not None and mine.state == "published"
    view = PublicationEdit(
        reference=found.reference,
        feedback_href=f"/desk/feedback/{found.reference}",
        kind_name=names.kind_name(site, found.kind),
        category_name=names.category_name(site, found.category),
        permission=found.permission,
        nickname=found.nickname,
        blocked=_blocked(site, found),
        scan_note=None if site.services.scanners else site.catalog.gettext(
            N_("No automatic scan for personal data is in use: read both texts with care before publishing.")
        ),
        items=tuple(_items(site, found, judged, form, form_target)),
        withhold_reasons=tuple(
            Option(value=reason.code, text=reason.name.in_language(site.language))
            for reason in site.config.publication.withholding_reasons
        ),
        may_decide=service.may_decide(ctx, site.config.publication, staff, found.category, target),
        published_href=f"/published/{found.reference}" if is_published else None,
    )  # fmt: skip
    return html(site, request, view, status=status, staff=staff)


def _blocked(site: Site, found: Detail) -> str | None:
    category = names.category_of(site, found.category)
    if found.permission == "none":
        return site.catalog.gettext(BLOCKED["permission"])
    if category is not None and category.publish == "never":
        return site.catalog.gettext(BLOCKED["never"])
    return site.catalog.gettext(BLOCKED["status"]) if found.status in {"rejected", "merged"} else None


def _items(
    site: Site, found: Detail, judged: dict[int | None, Judged], form: FormState | None, form_target: str
) -> Iterator[PublicationItem]:
    texts: list[tuple[int | None, str, str]] = [(None, found.text, found.language)]
    texts += [(message.id, message.text, message.language) for message in found.messages if message.kind == "answer"]
    category = names.category_of(site, found.category)
    for message_id, original, language in texts:
        target = "feedback" if message_id is None else str(message_id)
        judgement = judged.get(message_id)
        public_text = (judgement.public_text if judgement else None) or original
        label = N_("Feedback") if message_id is None else N_("Answer")
        yield PublicationItem(
            target=target,
            version=judgement.version if judgement else 0,
            label=site.catalog.gettext(label),
            original=original,
            language=language,
            public_text=public_text,
            difference=tuple(difference(original, public_text)),
            state=publication_state(
                found.permission, judgement.state if judgement else None, category.publish if category else "normal"
            ),
            state_reason=mapping.withholding_reason(site, judgement.reason) if judgement else None,
            decided_at=judgement.decided_at if judgement else None,
            form=form if form is not None and form_target == target else FormState(),
        )


def difference(original: str, public: str) -> Iterator[DifferencePart]:
    """What the public text leaves out of the original and adds to it, word by word; nothing when they are the same."""
    if original == public:
        return
    before, after = _words(original), _words(public)
    for operation, a1, a2, b1, b2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if operation == "equal":
            yield DifferencePart("same", "".join(before[a1:a2]))
            continue
        if a2 > a1:
            yield DifferencePart("removed", "".join(before[a1:a2]))
        if b2 > b1:
            yield DifferencePart("added", "".join(after[b1:b2]))


def _words(text: str) -> list[str]:
    """Words with the space behind them."""
    parts: list[str] = []
    for character in text:
        if parts and not (parts[-1][-1].isspace() and not character.isspace()):
            parts[-1] += character
        else:
            parts.append(character)
    return parts


HANDLERS: list[Any] = [queue, edit, decide]

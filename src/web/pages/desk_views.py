"""What the desk's pages show, made from what the queries read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from auth.actions import Action
from auth.actor import Staff
from auth.policy import Target, may
from feedback.queries import Detail, InboxEntry, due_state
from feedback.status import OPEN, TRANSITIONS, Status
from kernel.i18n import N_
from notifications.messages import reason_sentence, template_name
from notifications.service import ShownDelivery
from publication.repository import Judged
from publication.service import publication_state
from web import names, words
from web.pages import mapping
from web.site import Site
from web.views import (
    Contact,
    Delivery,
    DeskDetail,
    DeskMessage,
    InboxFilter,
    InboxRow,
    Option,
    Photo,
    StaffHistoryEntry,
)

DONE = {
    "take": N_("You are handling this feedback now."),
    "assign": N_("The handler was changed."),
    "answer": N_("The answer was saved and is being sent to the sender."),
    "interim_reply": N_("The interim reply was saved and is being sent to the sender."),
    "ask_sender": N_("The question was saved and is being sent to the sender. The clock is paused."),
    "comment": N_("The comment was saved."),
    "plan": N_("The feedback was marked as planned."),
    "handle": N_("The feedback was marked as handled."),
    "transfer_to_authority": N_("The feedback was transferred, and the sender is told."),
    "reject": N_("The feedback was rejected."),
    "merge": N_("The feedback was merged."),
    "reopen": N_("The feedback was taken up again."),
}

# Act → what the person must be allowed, and the states it leads to (none: it changes no state).
ACTS: dict[str, tuple[Action, frozenset[Status] | None]] = {
    "take": (Action.ASSIGN, None),
    "assign": (Action.ASSIGN, None),
    "answer": (Action.ANSWER, frozenset({Status.ANSWERED})),
    "interim_reply": (Action.INTERIM_REPLY, None),
    "ask_sender": (Action.ASK_SENDER, frozenset({Status.WAITING_FOR_RESIDENT})),
    "comment": (Action.COMMENT, None),
    "transfer": (Action.TRANSFER, None),
    "change_category": (Action.TRANSFER, None),
    "plan": (Action.CHANGE_STATUS, frozenset({Status.PLANNED})),
    "handle": (Action.CHANGE_STATUS, frozenset({Status.HANDLED})),
    "transfer_to_authority": (Action.CHANGE_STATUS, frozenset({Status.TRANSFERRED})),
    "reject": (Action.CHANGE_STATUS, frozenset({Status.REJECTED})),
    "merge": (Action.MERGE, frozenset({Status.MERGED})),
    "reopen": (Action.CHANGE_STATUS, None),
    "read_contact": (Action.READ_CONTACT, None),
}
_ON_OPEN_ONLY = frozenset({"take", "assign", "interim_reply", "transfer", "change_category"})


def status_name(site: Site, status: str) -> str:
    """Name of a state in the reader's language."""
    return words.status_name(site.catalog, status)


def allowed_acts(staff: Staff, found: Detail) -> frozenset[str]:
    """The acts this person may do to it as it stands now."""
    target = Target(id=found.id, unit=found.unit, department=found.department)
    status = Status(found.status)
    return frozenset(
        act
        for act, (action, afters) in ACTS.items()
        if may(staff, action, target)
        and (afters is None or afters & TRANSITIONS[status])
        and (act not in _ON_OPEN_ONLY or status in OPEN)
        and (act != "reopen" or status not in OPEN)
        and (act != "take" or found.assignee_id != staff.id)
    )


def inbox_row(site: Site, row: InboxEntry, now: datetime) -> InboxRow:
    """One line of the inbox."""
    return InboxRow(
        reference=row.reference,
        href=f"/desk/feedback/{row.reference}",
        snippet=mapping.excerpt(row.snippet, 140),
        kind=row.kind,
        kind_name=names.kind_name(site, row.kind),
        category_name=names.category_name(site, row.category),
        unit_name=names.unit_name(site, row.unit),
        status=row.status,
        due_at=row.due_at,
        due=due_state(closed_at=row.closed_at, paused_at=row.paused_at, due_at=row.due_at, now=now),
        received_at=row.received_at,
        assignee_name=row.assignee_name,
        photo_count=row.photo_count,
    )


def inbox_filters(site: Site, query: dict[str, str], now: datetime) -> tuple[InboxFilter, ...]:
    """The selects above the inbox."""
    catalog = site.catalog
    today = site.config.feedback.calendar.local(now).date()
    units = [option for group in names.unit_options(site, today) for option in group.options]
    statuses = [Option(value=status.value, text=status_name(site, status.value)) for status in Status]
    kinds = [Option(value=kind.code, text=kind.name.in_language(site.language)) for kind in site.config.feedback.kinds]
    return tuple(
        InboxFilter(
            name=name,
            label=catalog.gettext(label),
            options=(Option(value="", text=catalog.gettext(N_("All"))), *options),
            value=query.get(name, ""),
        )
        for name, label, options in (
            ("unit", N_("Unit"), units),
            ("status", N_("State"), statuses),
            ("kind", N_("Type of feedback"), kinds),
        )
    )


def detail(
    site: Site,
    staff: Staff,
    found: Detail,
    judged: Sequence[Judged],
    deliveries: Sequence[ShownDelivery],
    now: datetime,
    *,
    contact_open: bool,
    **forms: Any,
) -> DeskDetail:
    """One feedback, whole."""
    today = site.config.feedback.calendar.local(now).date()
    allowed = allowed_acts(staff, found)
    category = names.category_of(site, found.category)
    judgement = next((item for item in judged if item.message_id is None), None)
    return DeskDetail(
        reference=found.reference,
        version=found.version,
        kind=found.kind,
        kind_name=names.kind_name(site, found.kind),
        category_name=names.category_name(site, found.category),
        department_name=names.department_name(site, found.department),
        unit_name=names.unit_name(site, found.unit),
        status=found.status,
        status_detail=mapping.status_detail(site, found.closing_reason, found.authority, found.merged_into),
        text=found.text,
        text_language=found.language,
        channel=found.channel,
        address=found.address,
        lat=found.lat,
        lon=found.lon,
        photos=tuple(
            Photo(href=f"/desk/photos/{photo.id}", width=photo.width, height=photo.height, alt=photo.alt_text)
            for photo in found.photos
        ),
        received_at=found.received_at,
        due_at=found.due_at,
        due=due_state(closed_at=found.closed_at, paused_at=found.paused_at, due_at=found.due_at, now=now),
        paused_at=found.paused_at,
        answer_working_days=found.answer_working_days,
        answer_promised=found.answer_promised,
        wants_reply=found.wants_reply,
        assignee_name=found.assignee_name,
        is_mine=found.assignee_id == staff.id,
        contact=_contact(found, is_open=contact_open),
        permission=found.permission,
        nickname=found.nickname,
        publication_state=publication_state(
            found.permission, judgement.state if judgement else None, category.publish if category else "normal"
        ),
        publication_href=f"/desk/publication/{found.reference}" if may(staff, Action.PROPOSE_PUBLICATION) else None,
        routing_path=tuple(found.routing_path),
        messages=tuple(
            DeskMessage(
                kind=message.kind,
                text=message.text,
                language=message.language,
                at=message.created_at,
                author_name=message.author_name,
            )
            for message in found.messages
        ),
        history=tuple(
            StaffHistoryEntry(
                at=step.at,
                text=mapping.history_text(site, step.action, step.changes),
                actor_name=step.actor_name,
                note=_note(site, step.action, step.note),
            )
            for step in reversed(found.history)
        ),
        deliveries=tuple(_delivery(site, row) for row in deliveries),
        allowed=allowed,
        units=names.unit_options(site, today, without=found.unit),
        categories=names.category_options(site, today),
        assignees=tuple(Option(value=str(person.id), text=person.name) for person in found.colleagues),
        reasons=tuple(
            Option(value=reason.code, text=reason.name.in_language(site.language))
            for reason in site.config.feedback.handled_reasons
            if found.kind in reason.kinds
        ),
        **forms,
    )


def _note(site: Site, action: str, note: str | None) -> str | None:
    """A note as written; a reason for not publishing in words."""
    return mapping.withholding_reason(site, note) if action in {"withheld", "unpublished"} else note


def _contact(found: Detail, *, is_open: bool) -> Contact | None:
    contact = found.contact
    if contact is None:
        return None
    if is_open:
        return Contact(name=contact.name, email=contact.email, phone=contact.phone, is_masked=False)
    return Contact(
        name=mapping.mask_name(contact.name) if contact.name else None,
        email=mapping.mask_email(contact.email) if contact.email else None,
        phone=mapping.mask_phone(contact.phone) if contact.phone else None,
    )


def _delivery(site: Site, row: ShownDelivery) -> Delivery:
    return Delivery(
        title=template_name(site.catalog, row.template),
        recipient=row.recipient,
        state=row.state,
        at=row.at,
        attempts=row.attempts,
        reason=reason_sentence(site.catalog, row.reason) if row.reason else None,
    )

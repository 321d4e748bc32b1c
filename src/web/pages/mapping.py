"""From rows to what a page shows: names in the reader's language, masked contact data, sentences for steps."""

from collections.abc import Mapping
from typing import Any

from litestar import Response

from auth.actions import Action
from auth.actor import Actor
from feedback.context import FeedbackContext
from feedback.queries import find_photo
from kernel.errors import NotFound
from kernel.i18n import N_
from publication.repository import PublicFeedback
from web import names, words
from web.site import Site
from web.views import KindChoice, PublicCard, Redirect

EXCERPT_MAX = 280


def kind_choices(site: Site) -> tuple[KindChoice, ...]:
    """The kinds the tenant offers, each with its promise."""
    return tuple(
        KindChoice(
            code=kind.code,
            name=kind.name.in_language(site.language),
            promise=kind.promise.in_language(site.language),
        )
        for kind in site.config.feedback.kinds
    )


def redirects(site: Site) -> tuple[Redirect, ...]:
    """What is not this service's matter; emergencies first."""
    return tuple(
        Redirect(
            title=entry.name.in_language(site.language),
            text=entry.text.in_language(site.language),
            href=entry.href,
            link_text=entry.to.in_language(site.language),
            urgent=entry.urgent,
        )
        for entry in site.config.feedback.routing.redirects.all
    )


def excerpt(text: str, longest: int = EXCERPT_MAX) -> str:
    """The beginning of a text on one line, cut at a word."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rsplit(" ", 1)[0] + "…"


def public_card(site: Site, item: PublicFeedback) -> PublicCard:
    """A published feedback in a list."""
    return PublicCard(
        reference=item.reference,
        href=f"/published/{item.reference}",
        kind=item.kind,
        kind_name=names.kind_name(site, item.kind),
        category_name=names.category_name(site, item.category),
        excerpt=excerpt(item.text),
        received_at=item.received_at,
        is_answered=bool(item.answers),
    )


def mask_email(address: str) -> str:
    """`t*******r@****l.com`: enough to recognise one's own, useless to others."""
    name, _, domain = address.partition("@")
    host, dot, top = domain.rpartition(".")
    return f"{_mask(name, first=1, last=1)}@{_mask(host, first=0, last=1)}{dot}{top}"


def mask_phone(number: str) -> str:
    """`*******678`."""
    return _mask(number, first=0, last=3)


def mask_name(name: str) -> str:
    """Initials only."""
    return " ".join(f"{part[0]}." for part in name.split())


def _mask(text: str, *, first: int, last: int) -> str:
    if len(text) <= first + last:
        return "*" * len(text)
    return text[:first] + "*" * (len(text) - first - last) + (text[-last:] if last else "")


def history_text(site: Site, action: str, changes: Mapping[str, Any]) -> str:
    """A step of the history as a sentence."""

    def after(field: str) -> str | None:
        change = changes.get(field)
        return str(change[1]) if change and change[1] is not None else None

    unit, category = after("unit"), after("category")
    return words.history_sentence(
        site.catalog,
        action,
        status=after("status"),
        unit_name=names.unit_name(site, unit) if unit else None,
        category_name=names.category_name(site, category) if category and action != "received" else None,
    )


def status_detail(site: Site, closing_reason: str | None, authority: str | None, merged_into: str | None) -> str | None:
    """What only this state has to say, as one sentence."""
    if authority:
        return site.catalog.text(N_("The matter belongs to: %(name)s"), name=authority)
    if merged_into:
        return site.catalog.text(N_("Merged into %(reference)s"), reference=merged_into)
    if closing_reason:
        reason = site.config.feedback.find_handled_reason(closing_reason)
        return reason.name.in_language(site.language) if reason else closing_reason
    return None


def withholding_reason(site: Site, code: str | None) -> str | None:
    """A reason for not publishing, as the sender is told."""
    if code is None:
        return None
    if code == "permission_withdrawn":
        return site.catalog.gettext(N_("You withdrew the permission to publish."))
    reason = site.config.publication.find_withholding_reason(code)
    return reason.name.in_language(site.language) if reason else code


async def photo_response(ctx: FeedbackContext, actor: Actor, action: Action, photo_id: int) -> Response[bytes]:
    """The bytes of a photo, if its feedback is the actor's to see."""
    if not 0 < photo_id < 2**63:
        raise NotFound("photo_not_found")
    key, media_type = await find_photo(ctx.session, actor, action, photo_id)
    content = await ctx.files.get(key)
    return Response(content, media_type=media_type, headers={"cache-control": "private, max-age=300"})

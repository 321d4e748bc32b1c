"""What anyone may read: the list of published feedback and one of them."""

from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath

from kernel.errors import NotFound
from kernel.i18n import N_
from kernel.pagination import decode
from publication.repository import PublicFeedback, PublicFilter, find_public, list_public
from web import names
from web.dependencies import Req, TheSession, TheSite
from web.pages import mapping
from web.pages.layout import html
from web.site import Site
from web.views import FilterGroup, FilterLink, PublicAnswer, PublishedDetail, PublishedList

PAGE_SIZE = 20


@get("/published", opt={"public": True, "read_only": True}, include_in_schema=False)
async def published_list(request: Req, site: TheSite, session: TheSession) -> Response[bytes]:
    """Published feedback, newest first; every filter is a link."""
    asked = {name: request.query_params.get(name) or None for name in ("kind", "category", "cursor")}
    where = PublicFilter(kind=asked["kind"], category=asked["category"])
    page = await list_public(session, where, decode(asked["cursor"]), PAGE_SIZE, never=site.config.never_published)
    filters = {"kind": asked["kind"], "category": asked["category"]}
    view = PublishedList(
        filters=_filters(site, filters),
        cards=tuple(mapping.public_card(site, item) for item in page.items),
        is_filtered=any(filters.values()),
        next_href=_href({**filters, "cursor": page.next_cursor}) if page.next_cursor else None,
        first_href=_href(filters) if asked["cursor"] else None,
    )
    return html(site, request, view, public=True)


@get("/published/{reference:str}", opt={"public": True, "read_only": True}, include_in_schema=False)
async def published_detail(
    reference: FromPath[str], request: Req, site: TheSite, session: TheSession
) -> Response[bytes]:
    """One feedback with its answer, at its permanent address."""
    found = await find_public(session, reference, never=site.config.never_published)
    if found is None:
        raise NotFound("feedback_not_found")
    return html(site, request, _detail(site, found), public=True)


def _detail(site: Site, found: PublicFeedback) -> PublishedDetail:
    return PublishedDetail(
        reference=found.reference,
        kind=found.kind,
        kind_name=names.kind_name(site, found.kind),
        category_name=names.category_name(site, found.category),
        category_href=_href({"category": found.category}),
        text=found.text,
        text_language=found.language,
        shown_name=found.shown_name,
        received_at=found.received_at,
        published_at=found.published_at,
        unit_name=names.unit_name(site, found.unit),
        status=found.status,
        answers=tuple(
            PublicAnswer(
                text=answer.text,
                language=answer.language,
                unit_name=names.unit_name(site, found.unit),
                at=answer.answered_at,
            )
            for answer in found.answers
        ),
    )


def _href(query: dict[str, str | None]) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"/published?{urlencode(given)}" if given else "/published"


def _filters(site: Site, current: dict[str, str | None]) -> tuple[FilterGroup, ...]:
    config = site.config.feedback
    kinds = [(kind.code, kind.name.in_language(site.language)) for kind in config.kinds]
    categories = [(category.code, category.name.in_language(site.language)) for category in config.categories.leaves()]
    return (
        _group(site, N_("Type of feedback"), "kind", kinds, current),
        _group(site, N_("Topic"), "category", categories, current),
    )


def _group(
    site: Site, label: str, name: str, values: list[tuple[str, str]], current: dict[str, str | None]
) -> FilterGroup:
    everything = FilterLink(
        text=site.catalog.gettext(N_("All")), href=_href({**current, name: None}), is_current=current[name] is None
    )
    links = (
        FilterLink(text=text, href=_href({**current, name: code}), is_current=current[name] == code)
        for code, text in values
    )
    return FilterGroup(label=site.catalog.gettext(label), links=(everything, *links))


HANDLERS = [published_list, published_detail]

"""What surrounds every page, how a page becomes an answer, and how a form is read."""

from collections.abc import Mapping
from urllib.parse import urlencode

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException

from auth.actions import Action
from auth.actor import Staff
from auth.policy import may
from auth.sessions import csrf_token
from kernel.errors import Invalid
from kernel.i18n import N_
from web import names, words
from web.dependencies import Req
from web.site import Site
from web.views import FormState, LanguageLink, Link, Notice, Page, StaffMember, View

HTML = "text/html; charset=utf-8"
LANGUAGE_NAMES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
LANGUAGE_COOKIE = "kuulolla-language"
BIGINT_DIGITS = 18
"""Any number of so many digits fits PostgreSQL's bigint."""
NO_VERSION = 2**31 - 1
PUBLIC_CACHE = "no-cache"
"""Browsers keep public pages but ask again each time: what is unpublished is gone at the next look."""


def page_of(site: Site, request: Req, *, staff: Staff | None = None, notices: tuple[Notice, ...] = ()) -> Page:
    """The frame of a page for this request."""
    path = request.scope["path"]
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    here = path if request.method == "GET" else _form_path(path)
    return Page(
        tenant_name=names.tenant_name(site),
        service_name=names.service_name(site),
        language=site.language,
        time_zone=site.config.tenant.time_zone,
        languages=tuple(
            LanguageLink(code=code, name=LANGUAGE_NAMES[code], href=f"{here}?{urlencode([*query, ('lang', code)])}")
            for code in site.config.languages
        ),
        path=path,
        theme_href=f"/static/tenant.css?v={site.config.theme.version}",
        staff=_staff_member(staff) if staff else None,
        csrf_token=csrf_token(site.services.keys.for_tenant(site.tenant.slug), staff.session_hash) if staff else None,
        notices=notices,
        footer_links=_footer(site),
    )


def html(
    site: Site,
    request: Req,
    view: View,
    *,
    status: int = 200,
    staff: Staff | None = None,
    notices: tuple[Notice, ...] = (),
    public: bool = False,
) -> Response[bytes]:
    """A page as an answer; `public` ones may be kept by browsers if they ask before showing them again."""
    body = site.services.renderer.render(page_of(site, request, staff=staff, notices=notices), view)
    response = Response(body, status_code=status, media_type=HTML)
    if public:
        response.headers["cache-control"] = PUBLIC_CACHE
        response.headers["vary"] = "accept-language, cookie"
    if request.query_params.get("lang") == site.language:
        response.set_cookie(
            LANGUAGE_COOKIE, site.language, max_age=365 * 24 * 3600, samesite="lax", secure=True, httponly=True
        )
    return response


def see_other(location: str) -> Response[bytes]:
    """After a form: look there now."""
    return Response(b"", status_code=303, headers={"location": location})


class Form:
    """What a form sent: texts as they were typed, and files."""

    def __init__(self, fields: Mapping[str, str], files: Mapping[str, list[UploadFile]]) -> None:
        self.fields = fields
        self.files = files

    def get(self, name: str) -> str | None:
        """The text of a field; None when it is empty or was not sent."""
        return self.fields.get(name) or None

    def number(self, name: str) -> int | None:
        """A whole number that the page itself put into the form; None when there is none."""
        value = self.fields.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) <= BIGINT_DIGITS else None

    def version(self) -> int:
        """The version the page was made from; one that nothing has when the form does not say."""
        version = self.number("version")
        return version if version is not None and version < NO_VERSION else NO_VERSION

    def state(self, site: Site, error: Invalid | None = None) -> FormState:
        """For showing it again: everything typed is kept, and each problem stands at its field."""
        errors = words.problem_messages(site.catalog, error.problems) if error else {}
        return FormState(values=dict(self.fields), errors=errors)


async def read_form(request: Req) -> Form:
    """The form of a request, urlencoded or multipart."""
    fields: dict[str, str] = {}
    files: dict[str, list[UploadFile]] = {}
    try:
        sent = await request.form()
    except (UnicodeDecodeError, LookupError) as error:
        raise ClientException("the form cannot be read") from error
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                files.setdefault(name, []).append(value)
        else:
            # PostgreSQL cannot hold a NUL; it becomes what a broken character becomes.
            fields.setdefault(name, str(value).replace("\x00", "\ufffd"))
    return Form(fields, files)


def _form_path(path: str) -> str:
    """The page a form was sent from: forms of the desk post to a path below their page."""
    parts = path.split("/")
    if path.startswith(("/desk/feedback/", "/desk/publication/")) and len(parts) > 4:  # noqa: PLR2004 - /desk/x/ref/act
        return "/".join(parts[:4])
    return "/tracking/feedback" if path.startswith("/tracking/feedback/") else path


def _footer(site: Site) -> tuple[Link, ...]:
    """The pages that the municipality has of its own."""
    tenant = site.config.tenant
    links = [Link(text=names.tenant_name(site), href=tenant.website)]
    if tenant.privacy_notice:
        links.append(Link(text=site.catalog.gettext(N_("Privacy notice")), href=tenant.privacy_notice))
    return tuple(links)


def _staff_member(staff: Staff) -> StaffMember:
    return StaffMember(name=staff.name, may_publish=may(staff, Action.SEE_PUBLICATION_QUEUE))

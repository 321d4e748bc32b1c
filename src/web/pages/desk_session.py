"""Signing in and out at the desk."""

import re
from typing import Any

from litestar import Response, get, post

from auth.actor import Actor, Staff
from auth.service import SignInAttempt, sign_in, sign_out
from auth.sessions import STAFF_COOKIE, require_csrf
from kernel.errors import FieldProblem, Invalid, NotAuthenticated, TooMany
from web.dependencies import Req, TheActor, TheSession, TheSite
from web.pages.layout import Form, html, read_form, see_other
from web.site import Site
from web.views import LoginPage

_DESK_PATH = re.compile(r"/desk(?:[/?][A-Za-z0-9/_.~?=&%:+-]*)?")


def require_staff(actor: Actor) -> Staff:
    """The staff member, or NotAuthenticated: pages then lead to the login."""
    if not isinstance(actor, Staff):
        raise NotAuthenticated("sign_in_required")
    return actor


async def read_staff_form(request: Req, site: Site, actor: Actor) -> tuple[Staff, Form]:
    """A form of the desk: its sender is signed in, and it comes from a page we gave them."""
    staff = require_staff(actor)
    form = await read_form(request)
    keys = site.services.keys.for_tenant(site.tenant.slug)
    require_csrf(keys, staff.session_hash, form.get("csrf_token"))
    return staff, form


@get("/desk/login", opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def login_page(request: Req, site: TheSite) -> Response[bytes]:
    """Asks for e-mail and password."""
    return html(site, request, LoginPage(next_path=_local(request.query_params.get("next"))))


@post("/desk/login", opt={"public": True}, include_in_schema=False)
async def login(request: Req, site: TheSite) -> Response[bytes]:
    """Sign in; a new session each time, the browser's old one ends."""
    form = await read_form(request)
    next_path = _local(form.get("next"))
    shown = Form({name: value for name, value in form.fields.items() if name != "password"}, {})
    missing = [FieldProblem(name, "required") for name in ("email", "password") if form.get(name) is None]
    try:
        if missing:
            raise Invalid(*missing)
        signed_in = await sign_in(
            site.services.database,
            site.tenant,
            site.services.clock,
            site.services.keys.for_tenant(site.tenant.slug),
            SignInAttempt(
                email=form.get("email") or "",
                password=form.get("password") or "",
                client_address=site.client_address,
                old_token=request.cookies.get(STAFF_COOKIE),
            ),
            correlation_id=site.correlation_id,
        )
    except Invalid as error:
        return html(site, request, LoginPage(form=shown.state(site, error), next_path=next_path), status=422)
    except TooMany as error:
        minutes = -(-error.retry_after_seconds // 60)
        problem = Invalid(FieldProblem("password", "too_many_attempts", {"minutes": minutes}))
        response = html(site, request, LoginPage(form=shown.state(site, problem), next_path=next_path), status=429)
        response.headers["retry-after"] = str(error.retry_after_seconds)
        return response
    response = see_other(next_path)
    response.set_cookie(STAFF_COOKIE, signed_in.token, path="/", secure=True, httponly=True, samesite="lax")
    return response


@post("/desk/logout", opt={"staff": True}, include_in_schema=False)
async def logout(request: Req, site: TheSite, session: TheSession, actor: TheActor) -> Response[bytes]:
    """End this session."""
    await read_staff_form(request, site, actor)
    token = request.cookies.get(STAFF_COOKIE, "")
    await sign_out(session, site.services.clock, token, correlation_id=site.correlation_id)
    response = see_other("/desk/login")
    response.set_cookie(STAFF_COOKIE, "", max_age=0, path="/", secure=True, httponly=True, samesite="lax")
    return response


def _local(path: str | None) -> str:
    """Only a path of the desk: never another site's address."""
    return path if path and _DESK_PATH.fullmatch(path) else "/desk"


HANDLERS: list[Any] = [login_page, login, logout]

__all__ = ["HANDLERS", "read_staff_form", "require_staff"]

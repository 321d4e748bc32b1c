"""What handlers are given: the site, one transaction, who acts, and the use cases' context.

`session` is the only generator dependency: Litestar ends it after the handler and before the response leaves, so what
is shown has been committed (ADR 0002). It goes to the database at its first statement only.
"""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Request
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from auth.actor import Actor, Anonymous, Resident, Staff
from auth.sessions import RESIDENT_COOKIE, STAFF_COOKIE, find_resident, find_staff_actor
from feedback.context import FeedbackContext
from kernel.errors import NotAllowed
from tenancy.session import TenantSession
from web.site import Site

Req = Request[Any, Any, Any]
# Ours, made by the providers below: nothing a request could have got wrong.
TheSite = NamedDependency[SkipValidation[Site]]
TheSession = NamedDependency[SkipValidation[TenantSession]]
TheActor = NamedDependency[SkipValidation[Actor]]
TheContext = NamedDependency[SkipValidation[FeedbackContext]]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def provide_site(request: Req) -> Site:
    """The request's tenant, language and identity."""
    site: Site = request.scope["kuulolla"]  # type: ignore[typeddict-item]  # put there by app.front
    return site


async def provide_session(request: Req, site: TheSite) -> AsyncIterator[TenantSession]:
    """The request's one transaction; read-only where the handler says `read_only=True`."""
    read_only = bool(request.route_handler.opt.get("read_only"))
    async with site.services.database.transaction(site.tenant, read_only=read_only) as session:
        site.session = session
        if request.method not in SAFE_METHODS:
            session.after_commit(lambda: site.services.ring(site.tenant.slug))
        yield session


async def provide_actor(request: Req, site: TheSite, session: TheSession) -> Actor:
    """Who acts: the staff member of the session cookie at the desk, else the resident of theirs, else anonymous."""
    if request.scope["path"].startswith("/desk"):
        token = request.cookies.get(STAFF_COOKIE)
        staff = await find_staff_actor(session, site.services.clock, token) if token else None
        return staff or Anonymous()
    token = request.cookies.get(RESIDENT_COOKIE)
    resident: Resident | None = await find_resident(session, site.services.clock, token) if token else None
    return resident or Anonymous()


def provide_context(site: TheSite, session: TheSession) -> FeedbackContext:
    """What the use cases of feedback are given."""
    return site.services.feedback_context(session, site.correlation_id)


def require_same_origin(request: Req) -> None:
    """Refuse an unsafe request that another site's page made (all cookies are SameSite as well).

    Browsers say where a request comes from in Sec-Fetch-Site, older ones in Origin; programs say neither.
    """
    if request.method in SAFE_METHODS:
        return
    fetched_from = request.headers.get("sec-fetch-site")
    if fetched_from is not None:
        if fetched_from not in {"same-origin", "none"}:
            raise NotAllowed("cross_site_request")
        return
    origin = request.headers.get("origin")
    if origin is not None and origin.split("://", 1)[-1] != request.headers.get("host"):
        raise NotAllowed("cross_site_request")


DEPENDENCIES = {
    "site": Provide(provide_site, sync_to_thread=False),
    "session": Provide(provide_session),
    "actor": Provide(provide_actor),
    "ctx": Provide(provide_context, sync_to_thread=False),
}

__all__ = ["DEPENDENCIES", "Req", "Staff", "require_same_origin"]

"""One taxonomy, two of its three renderers: problem+json for the API, pages for people (the third is Open311's).

What the caller reads is made from the error's code; internals stay in the log. Anything that is not a DomainError is a
bug or a broken part: it is logged with its traceback, and the caller gets a correlation id to quote.
"""

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from kernel.errors import (
    AppError,
    Conflict,
    DomainError,
    FieldProblem,
    Gone,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    Temporary,
    TooMany,
)
from kernel.log import get_logger
from web import words
from web.pages.layout import page_of
from web.site import Site
from web.views import ErrorPage

PROBLEM_JSON = "application/problem+json"
STATUS: dict[type[AppError], int] = {
    NotAuthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    Invalid: 422,
    TooMany: 429,
    Temporary: 503,
}
NOT_FOUND = STATUS[NotFound]
RETRY_AFTER_SECONDS = 5
"""For 503: how soon a client may try again."""


def status_of(error: Exception) -> int:
    """The HTTP status of an error of ours or of the framework's; 500 for everything else."""
    if isinstance(error, HTTPException):
        return error.status_code
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer a request that ended in an error, in the form the caller reads."""
    error = _ours(error)
    status = status_of(error)
    log = get_logger()
    if status >= 500:  # noqa: PLR2004 - server errors
        log.error("request_failed", status=status, exc_info=error)
    elif isinstance(error, AppError):
        log.info("request_refused", status=status, code=error.code)
    response = problem(request, error, status) if wants_problem(request) else page(request, error, status)
    if isinstance(error, TooMany):
        response.headers["retry-after"] = str(error.retry_after_seconds)
    elif status == STATUS[Temporary]:
        response.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return response


HANDLERS: ExceptionHandlersMap = {HTTPException: handle, AppError: handle, Exception: handle}


def wants_problem(request: Request[Any, Any, Any]) -> bool:
    """Whether the caller is a program."""
    path = request.scope["path"]
    return path.startswith("/api/") or (
        "text/html" not in request.headers.get("accept", "text/html") and "json" in request.headers.get("accept", "")
    )


def problem(request: Request[Any, Any, Any], error: Exception, status: int) -> Response[bytes]:
    """RFC 9457: a stable `code`, a localized `title`, the fields' problems, and the correlation id."""
    site: Site = request.scope["kuulolla"]  # type: ignore[typeddict-item]  # put there by app.front
    code = code_of(error, status)
    catalog = site.services.catalogs[site.language]
    body: dict[str, Any] = {
        "type": "about:blank",
        "status": status,
        "code": code,
        "title": words.error_words(catalog, status, code).title,
        "correlation_id": site.correlation_id,
        "errors": [
            {"path": at.path, "code": at.code, "message": words.problem_message(catalog, at)}
            for at in (error.problems if isinstance(error, Invalid) else ())
        ],
    }
    return Response(msgspec.json.encode(body), status_code=status, media_type=PROBLEM_JSON)


def page(request: Request[Any, Any, Any], error: Exception, status: int) -> Response[bytes]:
    """A calm page: what happened, what to do now."""
    site: Site = request.scope["kuulolla"]  # type: ignore[typeddict-item]  # put there by app.front
    if isinstance(error, NotAuthenticated) and request.scope["path"].startswith("/desk"):
        return _to_login(request)
    catalog = site.services.catalogs[site.language]
    code = code_of(error, status)
    said = words.error_words(catalog, status, code)
    view = ErrorPage(
        status=status,
        title=said.title,
        text=said.text,
        remedy=said.remedy,
        correlation_id=site.correlation_id,
    )
    body = site.services.renderer.render(page_of(site, request), view)
    return Response(body, status_code=status, media_type="text/html; charset=utf-8")


def _to_login(request: Request[Any, Any, Any]) -> Response[bytes]:
    # And back afterwards, if it was a page one can go back to.
    path = request.scope["path"] if request.method == "GET" else "/desk"
    return Response(b"", status_code=303, headers={"location": f"/desk/login?next={quote(path)}"})


def code_of(error: Exception, status: int) -> str:
    """The stable code of an error."""
    if isinstance(error, AppError) and (isinstance(error, DomainError) or status == STATUS[Temporary]):
        return error.code
    return {
        400: "malformed",
        404: "not_found",
        405: "method_not_allowed",
        413: "too_large",
        415: "unsupported_media_type",
    }.get(status, "internal_error" if status >= 500 else "refused")  # noqa: PLR2004 - server errors


def bare_page(status: int, correlation_id: str) -> tuple[bytes, bytes]:
    """For hosts and addresses that are nobody's: no tenant, no language, no brand. (content type, body)."""
    said = "No service has this address." if status == NOT_FOUND else "This address cannot be read."
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{status}</title>'
        f"<h1>{status}</h1><p>{said}</p><p><small>{correlation_id}</small></p></html>"
    )
    return b"text/html; charset=utf-8", body.encode()


def _ours(error: Exception) -> Exception:
    """The framework's refusal of a body, as one of our own problems: it names the field."""
    if isinstance(error, ValidationException):
        extra = error.extra if isinstance(error.extra, list) else []
        problems = [
            FieldProblem(str(entry.get("key") or "body"), "wrong_type") for entry in extra if isinstance(entry, dict)
        ]
        return Invalid(*(problems or [FieldProblem("body", "wrong_type")]))
    if isinstance(error, UnicodeDecodeError | RecursionError):
        return Invalid(FieldProblem("body", "wrong_type"))
    return error

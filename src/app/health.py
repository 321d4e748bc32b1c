"""Is the process alive, and can it serve? The platform asks; so may anyone on a tenant's host."""

from litestar import Response, get
from sqlalchemy import text

from kernel.errors import Temporary
from web.dependencies import TheSite


@get("/health/ready", opt={"public": True}, include_in_schema=False)
async def ready(site: TheSite) -> Response[dict[str, str]]:
    """200 when the database answers and the tenant's schema is there; 503 with the reason otherwise."""
    try:
        async with site.services.database.transaction(site.tenant, read_only=True) as session:
            await session.execute(text("SELECT 1 FROM feedback LIMIT 1"))
    except Temporary as error:
        return Response({"status": "unavailable", "reason": error.code}, status_code=503)
    return Response({"status": "ready"})

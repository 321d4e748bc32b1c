"""Give a municipality its schema, role and hosts; suspend and resume it. Its tables come from `tenancy.migrate`."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel.errors import Conflict, NotFound
from tenancy.models import TenantHost, TenantRow
from tenancy.roles import ensure_tenant_role
from tenancy.session import Database
from tenancy.tenant import Tenant, role_name, schema_name


async def provision(database: Database, slug: str, hosts: Sequence[str]) -> Tenant:
    """Create what the tenant lacks of role, schema and registry entry; running it again changes only the hosts.

    Raises Conflict when a host belongs to another tenant.
    """
    schema, role = schema_name(slug), role_name(database.name, slug)
    hosts = [host.lower() for host in hosts]
    async with database.owner_transaction("shared", as_owner=False) as session:
        await ensure_tenant_role(session, role)
    async with database.owner_transaction("shared") as session:
        await session.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        await session.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {role}"))
        # What later migrations create is the role's to use as well; append-only tables take rights back themselves.
        for right, things in (("SELECT, INSERT, UPDATE, DELETE", "TABLES"), ("USAGE", "SEQUENCES")):
            await session.execute(
                text(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {right} ON {things} TO {role}")
            )
        taken = (
            await session.execute(
                select(TenantHost.host, TenantHost.tenant_slug).where(
                    TenantHost.host.in_(hosts), TenantHost.tenant_slug != slug
                )
            )
        ).first()
        if taken is not None:
            raise Conflict("host_taken", host=taken.host, tenant=taken.tenant_slug)
        await session.execute(
            upsert(TenantRow)
            .values(slug=slug, schema_name=schema, role_name=role)
            .on_conflict_do_nothing(index_elements=[TenantRow.slug])
        )
        await session.execute(delete(TenantHost).where(TenantHost.tenant_slug == slug))
        await session.execute(
            insert(TenantHost),
            [{"host": host, "tenant_slug": slug, "position": n} for n, host in enumerate(hosts)],
        )
    return Tenant(slug=slug, schema=schema, role=role, hosts=tuple(hosts))


async def suspend(database: Database, slug: str, reason: str) -> None:
    """Close the tenant's pages and hold its jobs; its data stays. Raises NotFound."""
    await _set_status(database, slug, "suspended", reason)


async def resume(database: Database, slug: str) -> None:
    """Open a suspended tenant again. Raises NotFound."""
    await _set_status(database, slug, "active", None)


async def _set_status(database: Database, slug: str, status: str, reason: str | None) -> None:
    async with database.owner_transaction("shared") as session:
        changed = await session.execute(
            update(TenantRow)
            .where(TenantRow.slug == slug)
            .values(
                status=status,
                suspended_reason=reason,
                suspended_at=text("now()") if status == "suspended" else None,
            )
        )
        if changed.rowcount == 0:
            raise NotFound("unknown_tenant", slug=slug)

"""All tenants by slug and by host. An unknown host is a 404, never a default tenant."""

from collections.abc import Iterable

from sqlalchemy import select

from kernel.errors import NotFound
from tenancy.models import TenantHost, TenantRow
from tenancy.session import Database
from tenancy.tenant import Tenant


class Registry:
    """A snapshot of the platform's tenants; `refresh` takes a new one."""

    def __init__(self, tenants: Iterable[Tenant] = ()) -> None:
        self._by_slug: dict[str, Tenant] = {}
        self._by_host: dict[str, Tenant] = {}
        self.replace(tenants)

    def replace(self, tenants: Iterable[Tenant]) -> None:
        """Swap the whole snapshot at once."""
        by_slug = {tenant.slug: tenant for tenant in tenants}
        self._by_host = {host: tenant for tenant in by_slug.values() for host in tenant.hosts}
        self._by_slug = by_slug

    async def refresh(self, database: Database) -> None:
        """Read the registry again, so that a suspension or a new tenant takes effect without a restart."""
        self.replace(await list_tenants(database))

    def by_host(self, host: str) -> Tenant:
        """The tenant that answers on this host (any letter case, with or without a port).

        Raises NotFound: unknown hosts and suspended tenants look the same from outside.
        """
        tenant = self._by_host.get(host) or self._by_host.get(host.rsplit(":", 1)[0].rstrip(".").lower())
        if tenant is None or tenant.suspended:
            raise NotFound("unknown_host")
        return tenant

    def by_slug(self, slug: str) -> Tenant:
        """The tenant with this slug. Raises NotFound."""
        tenant = self._by_slug.get(slug)
        if tenant is None:
            raise NotFound("unknown_tenant", slug=slug)
        return tenant

    def all(self) -> list[Tenant]:
        """Every tenant, suspended ones too, by slug."""
        return [self._by_slug[slug] for slug in sorted(self._by_slug)]

    def active(self) -> list[Tenant]:
        """The tenants that are served and whose jobs run."""
        return [tenant for tenant in self.all() if not tenant.suspended]


async def list_tenants(database: Database) -> list[Tenant]:
    """Every provisioned tenant, by slug."""
    async with database.platform_transaction() as session:
        rows = await session.execute(
            select(TenantRow.slug, TenantRow.schema_name, TenantRow.role_name, TenantRow.status, TenantHost.host)
            .join(TenantHost, TenantHost.tenant_slug == TenantRow.slug, isouter=True)
            .order_by(TenantRow.slug, TenantHost.position, TenantHost.host)
        )
        tenants: dict[str, Tenant] = {}
        for row in rows:
            slug, schema, role, status, host = tuple(row)
            known = tenants.get(slug)
            hosts = (*(known.hosts if known else ()), *([host] if host else []))
            tenants[slug] = Tenant(slug=slug, schema=schema, role=role, hosts=hosts, suspended=status == "suspended")
    return list(tenants.values())

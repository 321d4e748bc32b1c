"""What one process has once, and what one request has of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from feedback.config import FeedbackConfig
from feedback.context import FeedbackContext
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.files import FileStore
from kernel.i18n import Catalog
from kernel.keys import MasterKey
from notifications.config import NotificationsConfig
from publication.config import PublicationConfig
from publication.redaction import Scanner
from tenancy.config import Branding, TenantDocument
from tenancy.registry import Registry
from tenancy.session import Database, TenantSession
from tenancy.tenant import Tenant
from web.assets import Asset, Assets, make_asset, tenant_css
from web.page_cache import PageCache
from web.rendering import Renderer


@dataclass(frozen=True, kw_only=True)
class TenantConfig:
    """A municipality's whole configuration, read and cross-checked (`app.tenants`)."""

    tenant: TenantDocument
    branding: Branding
    feedback: FeedbackConfig
    publication: PublicationConfig
    notifications: NotificationsConfig
    version: str
    """SHA-256 over the files' names and bytes."""

    @cached_property
    def theme(self) -> Asset:
        """The style sheet made of its colours."""
        return make_asset("tenant.css", tenant_css(self.branding.colours.as_dict()).encode())

    @cached_property
    def never_published(self) -> tuple[str, ...]:
        """Categories of which nothing is public."""
        return tuple(category.code for category in self.feedback.categories.leaves() if category.publish == "never")

    @property
    def languages(self) -> tuple[str, ...]:
        """The tenant's languages; the first is what a stranger gets."""
        return self.tenant.languages


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Made at the start of a process, handed to whoever needs them."""

    database: Database
    registry: Registry
    configs: dict[str, TenantConfig]
    """By slug. A provisioned tenant without configuration files is not served."""
    clock: Clock
    keys: MasterKey
    files: FileStore
    catalogs: dict[str, Catalog]
    assets: Assets
    renderer: Renderer
    cache: PageCache
    scanners: tuple[Scanner, ...] = ()
    ring: Callable[[str], None] = lambda _: None
    """Tells the workers, after a commit, that the tenant with this slug has new events."""
    public_url: str = "https://{host}"
    """How residents reach a host."""
    is_demo: bool = False
    """The demonstration shows its logins on the login page."""

    def config_of(self, tenant: Tenant) -> TenantConfig:
        """The tenant's configuration. Raises NotFound: from outside it is like an unknown host."""
        config = self.configs.get(tenant.slug)
        if config is None:
            raise NotFound("unknown_host")
        return config

    def feedback_context(self, session: TenantSession, correlation_id: str) -> FeedbackContext:
        """What the use cases of feedback are given, for the session's tenant."""
        config = self.config_of(session.tenant)
        return FeedbackContext(
            session=session,
            config=config.feedback,
            config_version=config.version,
            clock=self.clock,
            keys=self.keys.for_tenant(session.tenant.slug),
            files=self.files,
            correlation_id=correlation_id,
        )


@dataclass(slots=True, kw_only=True)
class Site:
    """One request's tenant, language and identity; in the ASGI scope under `kuulolla`."""

    tenant: Tenant
    config: TenantConfig
    language: str
    correlation_id: str
    client_address: str
    services: Services
    session: TenantSession | None = None
    """The request's transaction, once it has ended."""

    @property
    def round_trips(self) -> int:
        """Database round trips of this request; on the access log, and counted by tests."""
        return self.session.round_trips if self.session else 0

    @property
    def catalog(self) -> Catalog:
        """Texts in the request's language."""
        return self.services.catalogs[self.language]

    def url(self, path: str) -> str:
        """A full address on the tenant's own host."""
        return self.services.public_url.format(host=self.tenant.hosts[0]) + path

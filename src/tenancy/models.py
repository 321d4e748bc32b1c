"""The platform's own tables, in the schema `shared`: which tenants there are and the hosts they answer on."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import CreatedAt, SharedBase


class TenantRow(SharedBase):
    """A provisioned municipality."""

    __tablename__ = "tenant"
    __table_args__ = (CheckConstraint("status in ('active', 'suspended')", name="status"),)

    slug: Mapped[str] = mapped_column(primary_key=True)
    schema_name: Mapped[str] = mapped_column(unique=True)
    role_name: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(server_default=text("'active'"))
    suspended_reason: Mapped[str | None]
    suspended_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class TenantHost(SharedBase):
    """A host name that belongs to one tenant and to no other."""

    __tablename__ = "tenant_host"

    host: Mapped[str] = mapped_column(primary_key=True)
    tenant_slug: Mapped[str] = mapped_column(ForeignKey("shared.tenant.slug"), index=True)
    position: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[CreatedAt]

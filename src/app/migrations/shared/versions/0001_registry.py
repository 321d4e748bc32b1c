"""The registry of tenants."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE shared.tenant (
        slug TEXT NOT NULL,
        schema_name TEXT NOT NULL,
        role_name TEXT NOT NULL,
        status TEXT DEFAULT 'active' NOT NULL,
        suspended_reason TEXT,
        suspended_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_tenant PRIMARY KEY (slug),
        CONSTRAINT ck_tenant_status CHECK (status in ('active', 'suspended')),
        CONSTRAINT uq_tenant_schema_name UNIQUE (schema_name),
        CONSTRAINT uq_tenant_role_name UNIQUE (role_name)
    )
    """,
    """
    CREATE TABLE shared.tenant_host (
        host TEXT NOT NULL,
        tenant_slug TEXT NOT NULL,
        position INTEGER DEFAULT 0 NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_tenant_host PRIMARY KEY (host),
        CONSTRAINT fk_tenant_host_tenant_slug FOREIGN KEY(tenant_slug) REFERENCES shared.tenant (slug)
    )
    """,
    """
    CREATE INDEX ix_tenant_host_tenant_slug ON shared.tenant_host (tenant_slug)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE shared.tenant_host")
    op.execute("DROP TABLE shared.tenant")

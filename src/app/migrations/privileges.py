"""Rights of the tenant's role beyond the defaults that provisioning sets for every new table."""

from alembic import context, op
from sqlalchemy import text


def append_only(table: str) -> None:
    """Leave the tenant's role only SELECT and INSERT on a table."""
    schema = context.config.attributes["schema"]
    role = (
        op.get_bind()
        .execute(text("SELECT role_name FROM shared.tenant WHERE schema_name = :schema"), {"schema": schema})
        .scalar_one()
    )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.{table} FROM {role}")

"""What both trees' `env.py` do: run on the connection they are given, in its transaction, in its schema."""

from alembic import context
from sqlalchemy import Connection, MetaData

from tenancy.migrate import VERSION_TABLE


def run(metadata: MetaData) -> None:
    """Run the revisions; the caller's transaction is the only one (`tenancy.migrate`)."""
    connection: Connection | None = context.config.attributes.get("connection")
    schema: str = context.config.attributes.get("schema", "shared")
    if connection is None:
        raise RuntimeError("migrations run through `kuulolla db migrate`, which gives them a connection")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        version_table_schema=schema,
        transactional_ddl=False,  # the transaction is not Alembic's
        include_schemas=False,
        compare_server_default=False,
    )
    context.run_migrations()

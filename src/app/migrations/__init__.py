"""Two Alembic trees: `shared` for the platform's schema, `tenant` for each municipality's."""

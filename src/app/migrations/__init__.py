"""Two Alembic trees: `shared` for the platform's schema, `tenant` for each municipality's."""

from pathlib import Path

MIGRATIONS = Path(__file__).parent

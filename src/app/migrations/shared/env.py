"""Alembic environment of the tree `shared`."""

from app.migrations import environment, models

environment.run(models.SHARED)

"""Alembic environment of the tree `tenant`."""

from app.migrations import environment, models

environment.run(models.TENANT)

"""Every table, imported once, so that the trees can be compared with the models."""

import tenancy.models  # noqa: F401 - importing registers the tables
from kernel.database import Base, SharedBase

TENANT = Base.metadata
SHARED = SharedBase.metadata

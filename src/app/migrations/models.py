"""Every table, imported once, so that the trees can be compared with the models."""

import auth.models
import feedback.models
import kernel.outbox
import notifications.models
import publication.models
import tenancy.models
from kernel.database import Base, SharedBase

# Importing registers the tables; naming the modules here keeps the imports from looking unused.
MODULES = (
    auth.models,
    feedback.models,
    kernel.outbox,
    notifications.models,
    publication.models,
    tenancy.models,
)

TENANT = Base.metadata
SHARED = SharedBase.metadata

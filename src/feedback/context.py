"""What every use case of feedback is given."""

from dataclasses import dataclass

from feedback.config import FeedbackConfig
from kernel.clock import Clock
from kernel.files import FileStore
from kernel.keys import TenantKeys
from tenancy.session import TenantSession


@dataclass(frozen=True, slots=True)
class FeedbackContext:
    """One tenant, one transaction, one moment's configuration."""

    session: TenantSession
    config: FeedbackConfig
    config_version: str
    """Hash of the configuration files; stored with each routing decision."""
    clock: Clock
    keys: TenantKeys
    files: FileStore
    correlation_id: str

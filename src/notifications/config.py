"""What a municipality's mails have of its own: their sender and how they end."""

import msgspec

from kernel.fields import Email
from kernel.text import LocalizedText


class NotificationsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """notifications.yaml."""

    sender_name: LocalizedText
    """Name in the From line."""
    sender_address: Email
    """Address in the From line; the domain's SPF and DKIM must know the mail server."""
    reply_to: Email | None = None
    """Where an answer to a mail goes; without it, mails say that answers are not read."""
    signature: LocalizedText
    """Last lines of every mail."""

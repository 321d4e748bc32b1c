"""What a channel is given, what it answers, and how a message becomes a mail.

A channel never raises for what may happen outside: it says `RetryLater` or `Undeliverable`. Its reason is a code that
may be stored, shown and logged, so it never quotes the other side: a server's reply often repeats the address.
"""

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import SMTPUTF8 as SMTPUTF8_POLICY
from email.utils import format_datetime
from typing import Protocol

import msgspec

from kernel.errors import Refused

_SPECIALS = frozenset(' ()<>[]:;@\\,"')
"""RFC 5322 section 3.2.3: what an address may hold in quotes only."""


class OutgoingMail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to one recipient, in one language, as text and as HTML with the same words."""

    message_id: str
    """Without angle brackets. The same at every attempt, so that a receiver can drop the second copy."""
    tenant: str
    sender_name: str
    sender_address: str
    reply_to: str | None = None
    recipient: str
    subject: str
    text: str
    html: str
    language: str
    at: datetime
    """When the message was decided on, not when this attempt is made."""


class Delivered(msgspec.Struct, frozen=True):
    """The other side has taken responsibility for it."""


class RetryLater(msgspec.Struct, frozen=True):
    """It may work later; perhaps it even arrived, and only the answer was lost."""

    reason: str


class Undeliverable(msgspec.Struct, frozen=True):
    """It will not work by trying again."""

    reason: str


Outcome = Delivered | RetryLater | Undeliverable


class Channel(Protocol):
    """A way to somebody outside."""

    async def send(self, mail: OutgoingMail) -> Outcome:
        """Try once, within a time of its own."""
        ...


def compose(mail: OutgoingMail) -> EmailMessage:
    """The mail as it is sent. Raises Refused for an address or a header no mail can have.

    Line breaks in a header are refused by the mail policy, so nothing anybody typed can add a header or a recipient.
    """
    try:
        recipient = _address("", mail.recipient)
        ascii_only = recipient.addr_spec.isascii()
        message = EmailMessage(policy=SMTP_POLICY if ascii_only else SMTPUTF8_POLICY)
        message["Date"] = format_datetime(mail.at)
        message["Message-ID"] = f"<{mail.message_id}>"
        message["From"] = _address(mail.sender_name, mail.sender_address)
        message["To"] = recipient
        if mail.reply_to is not None:
            message["Reply-To"] = _address("", mail.reply_to)
        message["Subject"] = mail.subject
        message["Content-Language"] = mail.language
        # RFC 3834 section 5: an out-of-office notice must not answer, or two machines write to each other.
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
    except (ValueError, IndexError, UnicodeError, MessageError) as error:
        raise Refused("invalid_address") from error
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return message


def _address(name: str, address: str) -> Address:
    """A domain outside ASCII is sent in its IDNA form, which every server takes; the part before the @ cannot be."""
    if not address.isprintable():
        raise ValueError("a line break in an address")
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise ValueError("not an address")
    domain = domain.encode("idna").decode("ascii")
    if local.isascii():
        return Address(display_name=name, addr_spec=f"{local}@{domain}")
    if _SPECIALS & set(local):  # RFC 6531 admits letters of all languages; the standard library's parser does not
        raise ValueError("not an address")
    return Address(display_name=name, username=local, domain=domain)


def mask(address: str) -> str:
    """An address fit for a list that many read: `t*******r@****l.com`."""
    local, _, domain = address.rpartition("@")
    host, _, top = domain.rpartition(".")
    if not (local and host):
        return "*" * len(address)
    first = f"{local[0]}{'*' * (len(local) - 2)}{local[-1]}" if len(local) > 2 else "*" * len(local)  # noqa: PLR2004
    return f"{first}@{'*' * (len(host) - 1)}{host[-1]}.{top}"

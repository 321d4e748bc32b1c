"""Hands mails to the municipality's or the platform's mail server.

    smtp://host:25               encrypted if the server offers it, without asking who it is: a relay close by
    smtp+starttls://user:password@host:587   encrypted and checked, or not sent
    smtps://user:password@host:465           encrypted and checked from the first byte

What the server says decides: 4yz is for later, 5yz is final (RFC 5321 section 4.2.1), and silence is for later. A final
refusal of *us* (login, sender) is our own fault, not the recipient's, and is for later too: somebody will mend it.
"""

import asyncio
import re
import ssl
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec

from kernel.errors import ConfigError, Problem, Refused
from kernel.log import get_logger
from notifications.channels import Delivered, Outcome, OutgoingMail, RetryLater, Undeliverable, compose

DEFAULT_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
TIMEOUT_SECONDS = 60.0
"""For a whole mail. RFC 5321 section 4.5.3.2 would wait minutes for each step; a relay answers within seconds."""
PERMANENT = 500
_OUR_FAULT = "misconfigured"
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
"""RFC 3463: the one part of a reply that cannot hold an address."""

_log = get_logger()


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how to connect."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    scheme: str = "smtp"

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Read the setting. Raises ConfigError, which does not repeat the URL: it may hold a password."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise _config_error("is not a URL", "smtp://host:port") from error
        if parts.scheme not in DEFAULT_PORTS or not host:
            raise _config_error("names no mail server", "smtp://host:port, smtp+starttls://… or smtps://…")
        if parts.username and parts.scheme == "smtp" and host not in _LOOPBACK:
            raise _config_error(
                "would send the password to a server it has not checked", "use smtp+starttls:// or smtps://"
            )
        return cls(
            host=host,
            port=port or DEFAULT_PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            scheme=parts.scheme,
        )


def _config_error(what: str, remedy: str) -> ConfigError:
    return ConfigError((Problem(file="environment", line=0, path="KUULOLLA_MAIL_URL", what=what, remedy=remedy),))


class SmtpChannel:
    """One connection for each mail: nothing is shared, so one hanging mail holds up no other."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        """`tls_context` replaces the system's trusted certificates, for a server with one of its own."""
        self._server = server
        self._timeout_seconds = timeout_seconds
        self._tls_context = tls_context

    async def send(self, mail: OutgoingMail) -> Outcome:
        """Try once."""
        try:
            message = compose(mail)
        except Refused:
            return Undeliverable("invalid_address")
        server, checked = self._server, self._server.scheme != "smtp"
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await aiosmtplib.send(
                    message,
                    sender=mail.sender_address,
                    hostname=server.host,
                    port=server.port,
                    username=server.username,
                    password=server.password,
                    # Said in EHLO; looking up our own host's name could block the loop.
                    local_hostname=mail.sender_address.rpartition("@")[2],
                    timeout=self._timeout_seconds,
                    use_tls=server.scheme == "smtps",
                    start_tls={"smtp": None, "smtp+starttls": True, "smtps": False}[server.scheme],
                    validate_certs=checked,
                    tls_context=self._tls_context if checked else None,
                )
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            outcome = _outcome(error, mail)
            if isinstance(outcome, RetryLater) and outcome.reason.startswith(_OUR_FAULT):
                # The reason only: the error's own text quotes the server, and the server quotes addresses.
                _log.error("mail_server_refused_us", tenant=mail.tenant, reason=outcome.reason)
            return outcome
        return Delivered()


def _outcome(error: Exception, mail: OutgoingMail) -> Outcome:
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refusal, *_]):
            return _refused("mailbox", refusal.code, refusal.message)
        case aiosmtplib.SMTPDataError():
            return _refused("refused", error.code, error.message)
        case aiosmtplib.SMTPResponseException():
            kind = _OUR_FAULT if error.code >= PERMANENT else "busy"
            return RetryLater(f"{kind}: {_code(error.code, error.message)}")
        case aiosmtplib.SMTPNotSupported() if not mail.recipient.isascii():
            return Undeliverable("invalid_address")
        case aiosmtplib.SMTPNotSupported():
            return RetryLater(_OUR_FAULT)
        case _ if isinstance(error.__cause__ or error, ssl.SSLError):
            return RetryLater(f"{_OUR_FAULT}: tls")
        case _:
            return RetryLater("unreachable")


def _refused(kind: str, code: int, message: str) -> Outcome:
    reply = _code(code, message)
    return Undeliverable(f"{kind}: {reply}") if code >= PERMANENT else RetryLater(f"busy: {reply}")


def _code(code: int, message: str) -> str:
    enhanced = _ENHANCED.match(message)
    return f"{code} {enhanced.group()}" if enhanced else str(code)

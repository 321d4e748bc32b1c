"""Writes each mail to `<folder>/<tenant>/<message id>.eml`, and lists what was written.

A mail sent twice has the same Message-ID and so the same file: this is a receiver that drops the second copy.
"""

import contextlib
import os
import re
import secrets
from datetime import datetime
from email import policy
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path

import msgspec

from kernel.errors import Refused
from notifications.channels import Delivered, Outcome, OutgoingMail, RetryLater, Undeliverable, compose

_UNSAFE = re.compile(r"[^A-Za-z0-9@._-]")


class WrittenMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail in the folder."""

    path: Path
    tenant: str
    at: datetime
    recipient: str
    subject: str


class MailFileChannel:
    """The folder; made when the first mail is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: OutgoingMail) -> Outcome:
        """Write it whole or not at all: whoever watches the folder never sees half a mail."""
        try:
            content = compose(mail).as_bytes()
        except Refused:
            return Undeliverable("invalid_address")
        target = self._folder / _safe(mail.tenant) / f"{_safe(mail.message_id)}.eml"
        unfinished = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(content)
            os.replace(unfinished, target)  # noqa: PTH105 - the atomic one, by name
        except OSError:
            with contextlib.suppress(OSError):  # the first failure is what is reported; this only tidies up
                unfinished.unlink(missing_ok=True)
            return RetryLater("unreachable")
        return Delivered()


def list_mails(folder: Path, tenant: str | None = None) -> list[WrittenMail]:
    """What was written, newest first; of one tenant or of all."""
    parser = BytesHeaderParser(policy=policy.default)
    mails = []
    for path in folder.glob(f"{_safe(tenant) if tenant else '*'}/*.eml"):
        headers = parser.parsebytes(path.read_bytes(), headersonly=True)
        mails.append(
            WrittenMail(
                path=path,
                tenant=path.parent.name,
                at=parsedate_to_datetime(str(headers["Date"])),
                recipient=str(headers["To"]),
                subject=str(headers["Subject"]),
            )
        )
    return sorted(mails, key=lambda mail: (mail.at, mail.path.name), reverse=True)


def _safe(name: str) -> str:
    """A file name that leads nowhere else."""
    return _UNSAFE.sub("_", name).lstrip(".") or "_"

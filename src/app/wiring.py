"""The tables: which event sets off what, which channel goes by which name, and a worker made of them."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from app.settings import Settings
from app.worker import Handler, Worker
from integrations.mailfile.channel import MailFileChannel
from integrations.smtp.channel import SmtpChannel, SmtpServer
from kernel.outbox import Event
from kernel.text import LocalizedText
from notifications.channels import Channel
from notifications.letterhead import Letterhead
from notifications.messages import MESSAGES
from notifications.rendering import MailRenderer
from notifications.service import Postman, notify
from publication.models import Publication
from tenancy.session import TenantSession
from tenancy.tenant import Tenant
from web.site import Services, TenantConfig

EVENTS: dict[type[Event], tuple[Handler, ...]] = dict.fromkeys(MESSAGES, (notify,))
"""Event → what reacts to it, in one transaction and in this order."""


def channels(settings: Settings) -> dict[str, Channel]:
    """Name in `delivery.channel` → the way out. Raises ConfigError for a mail URL nobody can use."""
    url = urlsplit(settings.mail_url)
    if url.scheme == "file":
        return {"email": MailFileChannel(Path(unquote(url.path)))}
    return {"email": SmtpChannel(SmtpServer.from_url(settings.mail_url))}


def make_postman(settings: Settings, services: Services) -> Postman:
    """What sends the due deliveries."""
    return Postman(
        database=services.database,
        clock=services.clock,
        channels=channels(settings),
        renderer=MailRenderer(services.catalogs),
        letterhead=lambda tenant: letterhead(services, tenant),
    )


def make_worker(settings: Settings, services: Services) -> Worker:
    """The worker of one process."""
    return Worker(
        database=services.database,
        registry=services.registry,
        clock=services.clock,
        handlers=EVENTS,
        deliverer=make_postman(settings, services),
    )


def letterhead(services: Services, tenant: Tenant) -> Letterhead:
    """What of a municipality stands in its mails. Raises NotFound for one without configuration files."""
    config = services.config_of(tenant)
    return Letterhead(
        name=config.tenant.name,
        config=config.notifications,
        colour=config.branding.colours.primary,
        text_colour=config.branding.colours.on_primary,
        base_url=services.public_url.format(host=tenant.hosts[0]),
        time_zone=config.tenant.time_zone,
        category_name=_namer(lambda code: _name(config.feedback.categories.find(code))),
        kind_name=_namer(lambda code: _name(config.feedback.find_kind(code))),
        unit_name=_namer(lambda code: _name(config.feedback.routing.organisation.find_unit(code))),
        withholding_reason=lambda session, feedback_id, message_id: _withheld(config, session, feedback_id, message_id),
    )


def _name(thing: object) -> LocalizedText | None:
    name = getattr(thing, "name", None)
    return name if isinstance(name, LocalizedText) else None


def _namer(find: Callable[[str], LocalizedText | None]) -> Callable[[str], LocalizedText]:
    """What is no longer in the configuration goes by its code."""
    return lambda code: find(code) or LocalizedText(fi=code, sv=code, en=code)


async def _withheld(
    config: TenantConfig, session: TenantSession, feedback_id: int, message_id: int | None
) -> LocalizedText | None:
    """Why a text is not public as things stand now; None when it is, or when the sender took it back themself."""
    which = Publication.message_id == message_id if message_id is not None else Publication.message_id.is_(None)
    row = (
        await session.execute(
            select(Publication.state, Publication.reason).where(Publication.feedback_id == feedback_id, which)
        )
    ).first()
    if row is None or row.state == "published" or row.reason is None:
        return None
    reason = config.publication.find_withholding_reason(row.reason)
    return reason.name if reason else None

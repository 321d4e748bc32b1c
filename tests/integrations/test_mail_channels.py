"""Every way of sending a mail keeps one contract; SMTP keeps it against servers that misbehave."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from factories.notifications import NOW
from integrations.mailfile.channel import MailFileChannel, list_mails
from integrations.smtp.channel import SmtpChannel, SmtpServer
from kernel.errors import ConfigError
from notifications.channels import Channel, Delivered, OutgoingMail, RetryLater, Undeliverable


def make_mail(**changes: str) -> OutgoingMail:
    values = {
        "message_id": "7.kerava@kerava.test", "tenant": "kerava", "sender_name": "Palaute",
        "sender_address": "feedback@kerava.example", "recipient": "resident@example.org", "subject": "Hyvää päivää",
        "text": "Hei\n.\nrivi\n", "html": "<p>Hei</p>", "language": "fi",
    }  # fmt: skip
    return OutgoingMail(**(values | changes), at=NOW)


class Sink:
    """A mail server that keeps what it takes; `rcpt`, `data` and `mail` are its answers, None means yes."""

    def __init__(self) -> None:
        self.received: list[tuple[str, list[str], bytes]] = []
        self.mail: str | None = None
        self.rcpt: str | None = None
        self.data: str | None = None
        self.in_data: Callable[[SMTP], Awaitable[None]] | None = None

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.mail or "250 OK"

    async def handle_RCPT(  # noqa: N802 - as above
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if self.rcpt is not None:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if self.in_data is not None:
            await self.in_data(server)
        if self.data is not None:
            return self.data
        self.received.append((str(envelope.mail_from), [str(to) for to in envelope.rcpt_tos], _bytes(envelope)))
        return "250 OK"


def _bytes(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


def _break_off(session: SMTP) -> None:
    if session.transport is not None:
        assert isinstance(session.transport, asyncio.Transport)
        session.transport.abort()


@asynccontextmanager
async def serving(sink: Sink) -> AsyncIterator[int]:
    """The sink on a free port of this machine."""
    loop = asyncio.get_running_loop()
    sessions: list[SMTP] = []

    def accept() -> SMTP:
        sessions.append(SMTP(sink, hostname="sink.example", loop=loop, enable_SMTPUTF8=True))
        return sessions[-1]

    server = await loop.create_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for session in sessions:
            _break_off(session)
        await asyncio.sleep(0)
        await server.wait_closed()


def smtp_channel(port: int, *, timeout_seconds: float = 10) -> SmtpChannel:
    return SmtpChannel(SmtpServer(host="127.0.0.1", port=port), timeout_seconds=timeout_seconds)


class Outside(Protocol):
    """One channel and its other end."""

    @property
    def channel(self) -> Channel: ...
    def mails(self) -> list[bytes]: ...
    def fail(self) -> None: ...


class SmtpOutside:
    def __init__(self, sink: Sink, port: int) -> None:
        self.sink, self.channel = sink, smtp_channel(port)

    def mails(self) -> list[bytes]:
        return list(
            {message_from_bytes(content)["Message-ID"]: content for _, _, content in self.sink.received}.values()
        )

    def fail(self) -> None:
        self.sink.mail = "451 4.3.0 disk full"


class FileOutside:
    def __init__(self, folder: Path) -> None:
        self.folder, self.channel = folder, MailFileChannel(folder)

    def mails(self) -> list[bytes]:
        return [mail.path.read_bytes() for mail in list_mails(self.folder)]

    def fail(self) -> None:
        self.folder.write_text("a file where the folder should be")


@pytest.fixture(params=["smtp", "mailfile"])
async def outside(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Outside]:
    if request.param == "mailfile":
        yield FileOutside(tmp_path / "mails")
        return
    sink = Sink()
    async with serving(sink) as port:
        yield SmtpOutside(sink, port)


async def test_a_mail_arrives_whole_with_both_parts(outside: Outside) -> None:
    assert await outside.channel.send(make_mail()) == Delivered()
    (content,) = outside.mails()
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert (message["Subject"], message["To"]) == ("Hyvää päivää", "resident@example.org")
    assert message["From"] == "Palaute <feedback@kerava.example>"
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().splitlines() == ["Hei", ".", "rivi"]
    assert rich.get_content().splitlines() == ["<p>Hei</p>"]


async def test_a_mail_sent_twice_is_one_mail_to_a_receiver_that_looks_at_message_ids(outside: Outside) -> None:
    for _ in range(2):
        assert await outside.channel.send(make_mail()) == Delivered()
    assert await outside.channel.send(make_mail(message_id="8.kerava@kerava.test")) == Delivered()
    assert len(outside.mails()) == 2


async def test_many_mails_at_once_all_arrive(outside: Outside) -> None:
    mails = [make_mail(message_id=f"{number}.kerava@kerava.test") for number in range(20)]
    assert set(await asyncio.gather(*(outside.channel.send(mail) for mail in mails))) == {Delivered()}
    assert len(outside.mails()) == 20


@pytest.mark.parametrize(
    "recipient", ["nonsense", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org"]
)
async def test_an_address_no_mail_can_have_is_final_and_nothing_is_sent(outside: Outside, recipient: str) -> None:
    assert await outside.channel.send(make_mail(recipient=recipient)) == Undeliverable("invalid_address")
    assert outside.mails() == []


async def test_an_outage_is_for_later_and_never_an_exception(outside: Outside) -> None:
    outside.fail()
    assert isinstance(await outside.channel.send(make_mail()), RetryLater)


async def test_nothing_listens_there() -> None:
    async with serving(Sink()) as port:
        pass
    assert await smtp_channel(port).send(make_mail()) == RetryLater("unreachable")


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"rcpt": "550 5.1.1 <resident@example.org> unknown"}, Undeliverable("mailbox: 550 5.1.1")),
        ({"rcpt": "551 no such user resident@example.org"}, Undeliverable("mailbox: 551")),
        ({"rcpt": "450 4.2.0 <resident@example.org> greylisted"}, RetryLater("busy: 450 4.2.0")),
        ({"rcpt": "552 5.2.2 mailbox full"}, Undeliverable("mailbox: 552 5.2.2")),
        ({"mail": "451 4.3.0 try later"}, RetryLater("busy: 451 4.3.0")),
        ({"mail": "553 5.7.1 not your domain"}, RetryLater("misconfigured: 553 5.7.1")),
        ({"data": "554 5.7.1 resident@example.org does not like this"}, Undeliverable("refused: 554 5.7.1")),
        ({"data": "452 4.3.1 full"}, RetryLater("busy: 452 4.3.1")),
        ({"data": "421 4.3.2 closing"}, RetryLater("busy: 421 4.3.2")),
    ],
)
async def test_what_the_server_says_decides_and_its_words_are_not_kept(
    answers: dict[str, str], outcome: RetryLater | Undeliverable
) -> None:
    sink = Sink()
    for command, answer in answers.items():
        setattr(sink, command, answer)
    async with serving(sink) as port:
        assert await smtp_channel(port).send(make_mail()) == outcome
    assert sink.received == []


async def test_a_server_that_hangs_up_in_the_middle_of_a_mail_is_for_later() -> None:
    async def hang_up(server: SMTP) -> None:
        _break_off(server)
        await asyncio.sleep(0.05)

    sink = Sink()
    sink.in_data = hang_up
    sink.data = "451 never said"
    async with serving(sink) as port:
        assert await smtp_channel(port).send(make_mail()) == RetryLater("unreachable")


async def test_a_server_that_never_answers_is_given_up_within_the_time_allowed() -> None:
    released = asyncio.Event()

    async def hang(_: SMTP) -> None:
        await released.wait()

    sink = Sink()
    sink.in_data = hang
    async with serving(sink) as port, asyncio.timeout(5):
        assert await smtp_channel(port, timeout_seconds=0.3).send(make_mail()) == RetryLater("unreachable")
        released.set()


async def test_a_server_that_accepts_connections_and_says_nothing_is_given_up() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        port = server.sockets[0].getsockname()[1]
        assert await smtp_channel(port, timeout_seconds=0.3).send(make_mail()) == RetryLater("unreachable")


async def test_a_server_that_speaks_another_language_is_for_later() -> None:
    async def speak_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak_http, "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        port = server.sockets[0].getsockname()[1]
        assert isinstance(await smtp_channel(port, timeout_seconds=2).send(make_mail()), RetryLater)


async def test_a_password_or_a_mail_is_not_given_to_a_server_without_the_encryption_that_was_demanded() -> None:
    sink = Sink()
    async with serving(sink) as port:
        for scheme in ("smtp+starttls", "smtps"):
            server = SmtpServer(host="127.0.0.1", port=port, scheme=scheme, username="u", password="p")
            outcome = await SmtpChannel(server, timeout_seconds=2).send(make_mail())
            assert isinstance(outcome, RetryLater), scheme
    assert sink.received == []


async def test_an_address_outside_ascii_goes_to_a_server_that_can_carry_it() -> None:
    sink = Sink()
    async with serving(sink) as port:
        assert await smtp_channel(port).send(make_mail(recipient="väinö@järvi.example")) == Delivered()
    assert sink.received[0][1] == ["väinö@xn--jrvi-loa.example"]


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", SmtpServer(host="mail.example", port=25)),
        ("smtp://u:p@127.0.0.1:2525", SmtpServer(host="127.0.0.1", port=2525, username="u", password="p")),
        (
            "smtps://feedback%40kerava.example:p%2Fw@mail.example",
            SmtpServer(
                host="mail.example", port=465, username="feedback@kerava.example", password="p/w", scheme="smtps"
            ),
        ),
        ("smtp+starttls://mail.example", SmtpServer(host="mail.example", port=587, scheme="smtp+starttls")),
    ],
)
def test_a_mail_url_says_where_and_how(url: str, server: SmtpServer) -> None:
    assert SmtpServer.from_url(url) == server


@pytest.mark.parametrize(
    "url", ["smtp://", "http://mail.example", "smtp://user:s3cret@mail.example", "smtp://u:s3cret@h:port", "mail"]
)
def test_a_mail_url_that_cannot_be_used_is_refused_without_repeating_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        SmtpServer.from_url(url)
    assert "KUULOLLA_MAIL_URL" in str(refused.value)
    assert "s3cret" not in str(refused.value)


async def test_files_of_one_municipality_are_listed_apart_newest_first_and_names_lead_nowhere_else(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "mails"
    channel = MailFileChannel(folder)
    for tenant, number in (("kerava", 1), ("kerava", 2), ("jarvenpaa", 3)):
        await channel.send(make_mail(tenant=tenant, message_id=f"{number}.{tenant}@x.test"))
    await channel.send(make_mail(tenant="../../outside", message_id="../4@x.test"))
    assert [mail.path.name for mail in list_mails(folder, "kerava")] == ["2.kerava@x.test.eml", "1.kerava@x.test.eml"]
    assert {mail.tenant for mail in list_mails(folder, "jarvenpaa")} == {"jarvenpaa"}
    assert len(list_mails(folder)) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["mails"]
    assert not list(folder.rglob("*.part"))

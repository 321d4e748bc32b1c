"""The people of the demonstration and its year of feedback, played through the real use cases."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
from sqlalchemy import text as sql

from auth.accounts import NewStaff, create_staff, find_staff_by_email
from auth.actions import Action
from auth.actor import Grant, Role, Staff, System
from feedback import access, handling, intake, moving, submission, tracking
from feedback.context import FeedbackContext
from feedback.submission import SubmissionInput
from kernel.clock import FixedClock
from kernel.errors import ConfigError, Problem
from kernel.log import get_logger
from kernel.yaml import load
from publication import service as publication
from publication.repository import list_judged
from tenancy.session import Database
from tenancy.tenant import Tenant
from web.site import Services, TenantConfig

LOADER = System("demo")
PASSWORD = "lumiaura ja hiekka 2026"  # noqa: S105 - printed at every start of the demonstration
JUST_NOW = timedelta(minutes=5)


class SampleLocation(msgspec.Struct, frozen=True, kw_only=True):
    """Where it is."""

    lat: float | None = None
    lon: float | None = None
    address: str | None = None


class SampleContact(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach the invented sender."""

    name: str | None = None
    email: str | None = None


class SampleEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something done to a feedback; demo/README.md says which fields go with which `do`."""

    after_hours: float
    do: str
    text: str = ""
    unit: str = ""
    cover_note: str = ""
    note: str = ""
    reason: str = ""
    authority: str = ""
    into: str = ""
    feedback: bool = False
    answer: bool = False
    public_text: str | None = None


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One feedback and its life."""

    key: str
    days_ago: Annotated[int, msgspec.Meta(ge=0, le=400)]
    time: str
    kind: str
    category: str
    language: str = "fi"
    text: str
    location: SampleLocation = SampleLocation()
    permission: str
    nickname: str | None = None
    contact: SampleContact = SampleContact()
    wants_reply: bool = False
    state: str
    events: tuple[SampleEvent, ...] = ()


class SampleFile(msgspec.Struct, frozen=True, kw_only=True):
    """demo/<slug>.yaml."""

    feedback: tuple[Sample, ...]


def people(config: TenantConfig) -> list[NewStaff]:
    """Who works in the demonstration: a handler for each department, a lead, a publisher, an admin, an auditor."""
    organisation, slug = config.feedback.routing.organisation, config.tenant.slug
    first = organisation.departments[0]

    def member(name: str, title: str, *grants: Grant) -> NewStaff:
        return NewStaff(email=f"{name}@{slug.replace('_', '-')}.example", name=title, grants=grants, password=PASSWORD)

    handlers = [
        member(
            "kasittelija" if department is first else f"kasittelija.{department.code.replace('_', '-')}",
            f"Kaisa Käsittelijä ({department.name.in_language('fi')})",
            *(Grant(Role.HANDLER, unit=unit.code) for unit in organisation.units if unit.department == department.code),
        )
        for department in organisation.departments
    ]
    return [
        *handlers,
        member("johtaja", "Jouni Johtaja", Grant(Role.LEAD, department=first.code)),
        member("julkaisija", "Jaana Julkaisija", Grant(Role.PUBLISHER)),
        member("paakayttaja", "Pirjo Pääkäyttäjä", Grant(Role.ADMIN)),
        member("tarkastaja", "Tarmo Tarkastaja", Grant(Role.AUDITOR)),
    ]


async def count(database: Database, tenant: Tenant) -> int:
    """How many feedbacks the tenant has."""
    async with database.transaction(tenant, read_only=True) as session:
        there: int = (await session.execute(sql("select count(*) from feedback"))).scalar_one()
    return there


async def fill(services: Services, tenant: Tenant, samples: Path) -> int:
    """Make the people and play the file into an empty tenant; how many feedbacks there are now."""
    staff = await _make_people(services, tenant)
    file = load(samples, SampleFile)
    await _Play(services, tenant, staff).run(file.feedback)
    return len(file.feedback)


async def _make_people(services: Services, tenant: Tenant) -> list[Staff]:
    made: list[Staff] = []
    async with services.database.transaction(tenant) as session:
        for person in people(services.config_of(tenant)):
            known = await find_staff_by_email(session, person.email)
            staff_id = known.id if known else await create_staff(
                session, services.clock, LOADER, person, correlation_id="demo"
            )  # fmt: skip
            made.append(
                Staff(
                    id=staff_id, email=person.email, name=person.name, language=person.language, grants=person.grants,
                    session_hash=b"",
                )
            )  # fmt: skip
    return made


Act = Callable[[FeedbackContext, Staff, str, int, SampleEvent], Awaitable[Any]]

# What a handler of the feedback's unit does: `do` → the use case with its fields.
_STAFF_ACTS: dict[str, Act] = {
    "take": lambda ctx, who, ref, version, _: handling.take(ctx, who, ref, version),
    "comment": lambda ctx, who, ref, version, event: handling.comment(ctx, who, ref, version, event.text),
    "interim_reply": lambda ctx, who, ref, version, event: handling.interim_reply(ctx, who, ref, version, event.text),
    "question": lambda ctx, who, ref, version, event: handling.ask_sender(ctx, who, ref, version, event.text),
    "answer": lambda ctx, who, ref, version, event: handling.answer(ctx, who, ref, version, event.text),
    "planned": lambda ctx, who, ref, version, event: handling.plan(ctx, who, ref, version, event.note),
    "handled": lambda ctx, who, ref, version, event: handling.handle(ctx, who, ref, version, event.reason),
    "transferred": lambda ctx, who, ref, version, event: handling.transfer_to_authority(
        ctx, who, ref, version, event.authority, event.note
    ),
    "rejected": lambda ctx, who, ref, version, _: handling.reject(ctx, who, ref, version),
    "transfer": lambda ctx, who, ref, version, event: moving.transfer(
        ctx, who, ref, version, event.unit, event.cover_note
    ),
}


class _Play:
    """Arrivals and events of all samples, in order of time."""

    def __init__(self, services: Services, tenant: Tenant, staff: Iterable[Staff]) -> None:
        self._services = services
        self._tenant = tenant
        self._staff = list(staff)
        self._now = services.clock.now()
        self._clock = FixedClock(self._now)
        self._references: dict[str, str] = {}
        self._ids: dict[str, int] = {}

    async def run(self, samples: Iterable[Sample]) -> None:
        """Play them. A state that is not the one promised in the file is refused."""
        samples = list(samples)
        steps: list[tuple[datetime, int, Sample, SampleEvent | None]] = []
        for position, sample in enumerate(samples):
            arrival = self._arrival(sample)
            steps.append((arrival, position, sample, None))
            for later in sample.events:
                moment = min(arrival + timedelta(hours=later.after_hours), self._now)
                steps.append((moment, position, sample, later))
        for at, _, sample, event in sorted(steps, key=lambda step: (step[0], step[1])):
            self._clock.set(at)
            async with self._services.database.transaction(self._tenant) as session:
                base = self._services.feedback_context(session, "demo")
                ctx = FeedbackContext(
                    session=session, config=base.config, config_version=base.config_version, clock=self._clock,
                    keys=base.keys, files=base.files, correlation_id="demo",
                )  # fmt: skip
                if event is None:
                    await self._arrive(ctx, sample)
                else:
                    await self._do(ctx, sample, event)
        await self._compare(samples)
        get_logger().info("demo_filled", tenant=self._tenant.slug, feedback=len(samples))

    def _arrival(self, sample: Sample) -> datetime:
        calendar = self._services.config_of(self._tenant).feedback.calendar
        local = calendar.local(self._now)
        day = local.date() - timedelta(days=sample.days_ago)
        at = datetime.combine(day, time.fromisoformat(sample.time), tzinfo=local.tzinfo).astimezone(UTC)
        return min(at, self._now - JUST_NOW)

    async def _arrive(self, ctx: FeedbackContext, sample: Sample) -> None:
        given = SubmissionInput(
            kind=sample.kind, category=sample.category, text=sample.text, language=sample.language,
            lat=sample.location.lat, lon=sample.location.lon, address=sample.location.address,
            permission=sample.permission, nickname=sample.nickname, name=sample.contact.name,
            email=sample.contact.email, wants_reply=sample.wants_reply,
        )  # fmt: skip
        checked = submission.check(
            given, ctx.config, default_language="fi", on=ctx.config.calendar.local(ctx.clock.now()).date()
        )
        receipt = await intake.submit(ctx, LOADER, checked, idempotency_key=f"demo:{sample.key}")
        self._references[sample.key] = receipt.reference
        self._ids[sample.key] = await tracking.find_by_code(ctx, receipt.tracking_code)

    async def _do(self, ctx: FeedbackContext, sample: Sample, event: SampleEvent) -> None:
        reference = self._references[sample.key]
        row = await access.load(ctx.session, LOADER, Action.READ_FEEDBACK, reference, lock=False)
        version = row.version
        act = _STAFF_ACTS.get(event.do)
        if act is not None:
            await act(ctx, self._handler(row.unit), reference, version, event)
        elif event.do == "merged":
            await handling.merge(ctx, LOADER, reference, version, self._references[event.into])
        elif event.do == "resident_message":
            await tracking.write_message(ctx, LOADER, self._ids[sample.key], event.text)
        elif event.do == "publish":
            await self._publish(ctx, sample, event)
        elif event.do in {"withhold", "unpublish"}:
            versions = {item.message_id: item.version for item in await list_judged(ctx.session, row.id)}
            await publication.withhold(
                ctx, self._services.config_of(self._tenant).publication, self._publisher(), reference,
                message_id=None, version=versions.get(None, 0), reason=event.reason,
            )  # fmt: skip
        else:
            raise _refusal(sample.key, f"`do: {event.do}` is not known", "see demo/README.md")

    async def _publish(self, ctx: FeedbackContext, sample: Sample, event: SampleEvent) -> None:
        feedback_id = self._ids[sample.key]
        versions = {item.message_id: item.version for item in await list_judged(ctx.session, feedback_id)}
        texts: list[tuple[int | None, str]] = []
        if event.feedback:
            texts.append((None, event.public_text or sample.text))
        if event.answer:
            row = await ctx.session.fetch_row(
                "select id, text from message where feedback_id = $1 and kind = 'answer' order by id desc limit 1",
                feedback_id,
            )
            if row is None:
                raise _refusal(sample.key, "there is no answer to publish", "put an `answer` before it")
            texts.append((row["id"], row["text"]))
        for message_id, public_text in texts:
            await publication.publish(
                ctx, self._services.config_of(self._tenant).publication, self._services.scanners, self._publisher(),
                self._references[sample.key], message_id=message_id, version=versions.get(message_id, 0),
                public_text=public_text,
            )  # fmt: skip

    def _handler(self, unit: str) -> Staff:
        return next(person for person in self._staff if any(grant.unit == unit for grant in person.grants))

    def _publisher(self) -> Staff:
        return next(person for person in self._staff if any(grant.role is Role.PUBLISHER for grant in person.grants))

    async def _compare(self, samples: Iterable[Sample]) -> None:
        async with self._services.database.transaction(self._tenant, read_only=True) as session:
            rows: list[Any] = await session.fetch("select reference, status from feedback")
        states = {row["reference"]: row["status"] for row in rows}
        for sample in samples:
            found = states[self._references[sample.key]]
            if found != sample.state:
                raise _refusal(sample.key, f"it ends as {found}, not as {sample.state}", "correct its events or state")


def _refusal(key: str, what: str, remedy: str) -> ConfigError:
    return ConfigError((Problem(file="demo", line=0, path=key, what=what, remedy=remedy),))

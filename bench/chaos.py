"""`make chaos`: kill the service and PostgreSQL at random moments under load, then prove what is left.

    python -m bench.chaos [--rounds N] [--clients N] [--seed N]

Clients send feedback with an idempotency key of their own and repeat each request until it is answered, as a person
with a bad line does. Whatever was answered 200 or 201 was shown; afterwards each must be one row with one of everything
that belongs to it, under its key, with the reference and the tracking code that were shown, and every repeat must have
been given the same receipt.
"""

import argparse
import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx

from app.postgres import EmbeddedPostgres
from bench.installation import ROOT, TENANTS, Installation, installation
from feedback.codes import code_hash, idempotency_hash, normalise
from kernel.errors import ConfigError

RETRY_SECONDS = 0.05
VICTIMS = ("service", "service process", "postgres", "backend")
"""All of the service; one of its two processes; PostgreSQL with all backends; one backend: then all of them restart."""
ANSWERED = {200, 201}


@dataclass
class Report:
    """What was done and what was found."""

    seed: int
    shown: int = 0
    repeats: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    """Shown, and not there."""
    doubled: list[str] = field(default_factory=list)
    """There more than once."""
    changed: list[str] = field(default_factory=list)
    """A repeat was given another receipt."""
    without_effects: list[str] = field(default_factory=list)
    """Without exactly one history row, routing decision, audit row and event."""
    recovery_seconds: list[float] = field(default_factory=list)
    """From each kill to the first answer after it."""

    @property
    def is_good(self) -> bool:
        """Whether every promise held."""
        return not (self.lost or self.doubled or self.changed or self.without_effects)


class _Service:
    """The service as a process of its own, which can be killed and started again."""

    def __init__(self, made: Installation) -> None:
        self._made = made
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that starts the others."""
        if self._process is None:
            raise RuntimeError("the service was not started")
        return self._process.pid

    def start(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KUULOLLA_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=ROOT,
            env={**kept, **self._made.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def run(
    *, rounds: int, clients: int, seconds: float, seed: int, victims: Sequence[str] = VICTIMS,
    server_settings: dict[str, str] | None = None,
) -> Report:  # fmt: skip
    """Kill each part once a round, `seconds` apart at most, under load from `clients`."""
    report = Report(seed)
    with installation(server_settings=server_settings) as made:
        postgres = made.postgres
        if postgres is None:
            raise RuntimeError("only a server of our own is killed")
        service = _Service(made)
        service.start()
        load = _Load(made, clients, report)
        load.start()
        try:
            load.wait_for_answer(60)
            for victim in _order(rounds, victims, random.Random(seed)):
                time.sleep(victim.after * seconds)
                began = time.monotonic()
                _kill(victim.name, postgres, service)
                report.kills[victim.name] += 1
                load.wait_for_answer(60)
                report.recovery_seconds.append(time.monotonic() - began)
            load.finish()
        finally:
            load.stop()
            service.kill()
        asyncio.run(_check(made, load.receipts, report))
    return report


@dataclass(frozen=True)
class _Victim:
    name: str
    after: float
    """What part of the pause goes by before it is killed."""


def _order(rounds: int, victims: Sequence[str], order: random.Random) -> Iterator[_Victim]:
    for _ in range(rounds):
        for name in order.sample(victims, len(victims)):
            yield _Victim(name, order.uniform(0.3, 1.0))


def _kill(victim: str, postgres: EmbeddedPostgres, service: _Service) -> None:
    """SIGKILL, and start again what does not start by itself."""
    match victim:
        case "service":
            service.kill()
            service.start()
        case "service process":
            _kill_one(lambda: _serving(service.pid))
        case "postgres":
            os.kill(postgres.pid, signal.SIGSTOP)  # or it would start a backend while they are being counted
            postgres.kill()
            _start_again(postgres)
        case "backend":
            _kill_one(lambda: _backends(postgres.pid))
        case _:
            raise AssertionError(victim)


def _kill_one(candidates: Callable[[], list[int]]) -> None:
    """There may be none for a moment: what was killed before is still starting."""
    deadline = time.monotonic() + 60
    while not (pids := candidates()):
        if time.monotonic() > deadline:
            raise TimeoutError("nothing of that kind runs any more")
        time.sleep(0.05)
    os.kill(random.SystemRandom().choice(pids), signal.SIGKILL)


def _start_again(postgres: EmbeddedPostgres) -> None:
    """Killed backends may hold the shared memory for a moment longer."""
    for _ in range(20):
        with suppress(ConfigError):
            postgres.start()
            return
        time.sleep(0.1)
    postgres.start()


def _serving(parent: int) -> list[int]:
    """The processes that answer requests."""
    return [pid for pid, command in _children(parent) if "spawn_main" in command]


def _backends(postmaster: int) -> list[int]:
    """The server processes of client connections."""
    return [pid for pid, command in _children(postmaster) if re.match(r"postgres: bench_\w+ bench_", command)]


def _children(parent: int) -> Iterator[tuple[int, str]]:
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(status.read_text().rsplit(")", 1)[1].split()[1]) == parent:
                command = (status.parent / "cmdline").read_bytes().replace(b"\0", b" ")
                yield int(status.parent.name), command.decode(errors="replace")


class _Load:
    """Clients in a thread of their own, each repeating a request until it is answered."""

    def __init__(self, made: Installation, clients: int, report: Report) -> None:
        self._url = f"http://127.0.0.1:{made.port}/api/v1/feedback"
        self._clients = clients
        self._report = report
        self._finishing = threading.Event()
        self._stopping = threading.Event()
        self._answered_of = 0.0
        """When the newest request was sent that was answered."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.receipts: dict[tuple[str, str], dict[str, object]] = {}
        """(tenant, idempotency key) → the receipt that was shown."""

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Let every client end the request it is at."""
        self._finishing.set()
        self._thread.join(60)

    def stop(self) -> None:
        """End at once."""
        self._stopping.set()
        self._finishing.set()
        self._thread.join(10)

    def wait_for_answer(self, seconds: float) -> None:
        """Until something is answered that was asked after this call."""
        now = time.monotonic()
        deadline = now + seconds
        while self._answered_of < now:
            if time.monotonic() > deadline:
                raise TimeoutError("nothing is answered any more")
            time.sleep(0.01)

    async def _run(self) -> None:
        async with httpx.AsyncClient(timeout=5, limits=httpx.Limits(max_connections=self._clients)) as http:
            await asyncio.gather(*(self._client(http, number) for number in range(self._clients)))

    async def _client(self, http: httpx.AsyncClient, number: int) -> None:
        slug = TENANTS[number % len(TENANTS)]
        sent = 0
        while not self._finishing.is_set():
            sent += 1
            key = f"chaos {number} {sent}"
            await self._until_answered(http, slug, key)
            if sent % 5 == 0:
                await self._until_answered(http, slug, key)  # a second click

    async def _until_answered(self, http: httpx.AsyncClient, slug: str, key: str) -> None:
        body = {
            "kind": "question", "category": "kirjasto", "text": f"Onko kirjasto auki? {key}",
            "publication": {"permission": "none"},
        }  # fmt: skip
        while not self._stopping.is_set():
            sent_at = time.monotonic()
            try:
                answer = await http.post(
                    self._url, json=body, headers={"Host": f"{slug}.localhost", "Idempotency-Key": key}
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in ANSWERED:
                self._answered_of = max(self._answered_of, sent_at)
                self._note(slug, key, answer.json())
                return
            self._report.repeats += 1
            await asyncio.sleep(RETRY_SECONDS)

    def _note(self, slug: str, key: str, receipt: dict[str, object]) -> None:
        if self.receipts.setdefault((slug, key), receipt) != receipt:
            self._report.changed.append(f"{slug} {key}")


_STORED = """
select f.idempotency_hash, f.reference, f.tracking_hash,
       array[(select count(*) from {schema}.history h where h.feedback_id = f.id),
             (select count(*) from {schema}.routing_decision r where r.feedback_id = f.id),
             (select count(*) from {schema}.audit a where a.target_type = 'feedback' and a.target_id = f.id),
             (select count(*) from {schema}.outbox o
               where o.event = 'feedback_received' and (o.payload->>'feedback_id')::bigint = f.id)] as effects
  from {schema}.feedback f
"""


async def _check(made: Installation, receipts: dict[tuple[str, str], dict[str, object]], report: Report) -> None:
    """Read what is left and compare it with what was shown."""
    report.shown = len(receipts)
    admin = await asyncpg.connect(made.admin_url)
    try:
        for slug in TENANTS:
            rows = await admin.fetch(_STORED.format(schema=f"t_{slug}"))
            own = {key: receipt for (of, key), receipt in receipts.items() if of == slug}
            _compare(slug, rows, own, report)
            events = await admin.fetchval(f"select count(*) from t_{slug}.outbox where event = 'feedback_received'")
            if events != len(rows):
                report.without_effects.append(f"{slug}: {events} events of {len(rows)} feedbacks")
    finally:
        await admin.close()


def _compare(slug: str, rows: list[asyncpg.Record], receipts: dict[str, dict[str, object]], report: Report) -> None:
    by_key: dict[bytes, list[asyncpg.Record]] = {}
    for row in rows:
        by_key.setdefault(row["idempotency_hash"], []).append(row)
    seen = Counter(row["reference"] for row in rows)
    for key, receipt in receipts.items():
        found = by_key.get(idempotency_hash(key), [])
        code = normalise(str(receipt["tracking_code"]))
        if [(row["reference"], row["tracking_hash"]) for row in found[:1]] != [
            (receipt["reference"], code_hash(code or ""))
        ]:
            report.lost.append(f"{slug} {key}")
        if len(found) > 1 or seen[str(receipt["reference"])] > 1:
            report.doubled.append(f"{slug} {key}")
    report.without_effects += [f"{slug} {row['reference']}" for row in rows if set(row["effects"]) != {1}]


def main() -> int:
    """The long form; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="bench.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = parser.parse_args()
    report = run(rounds=chosen.rounds, clients=chosen.clients, seconds=3.0, seed=chosen.seed)
    slowest = sorted(report.recovery_seconds)[int(len(report.recovery_seconds) * 0.95)]
    print(
        f"seed {report.seed}: {report.shown} receipts shown, {report.repeats} requests repeated, kills "
        f"{dict(report.kills)}; lost {len(report.lost)}, doubled {len(report.doubled)}, changed {len(report.changed)}, "
        f"without effects {len(report.without_effects)}; first answer after a kill: p95 {slowest:.1f} s"
    )
    return 0 if report.is_good else 1


if __name__ == "__main__":
    sys.exit(main())

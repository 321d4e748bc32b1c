"""`make chaos`: kill the service and PostgreSQL at random moments under load, then prove what is left.

    python -m bench.chaos [--rounds N] [--seed N]

Clients send feedback with an idempotency key of their own and repeat each request until it is answered, as a person
with a bad line does. Whatever was answered 200 or 201 was shown; afterwards each must be one row with one of everything
that belongs to it, and every repeat must have been given the same receipt.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
import httpx

from app.postgres import EmbeddedPostgres
from bench.installation import ROOT, TENANTS, Installation, installation

RETRY_SECONDS = 0.05
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

    def start(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KUULOLLA_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=ROOT,
            env={**kept, **self._made.environment, "KUULOLLA_WORKERS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def run(*, rounds: int, clients: int, seconds: float, seed: int) -> Report:
    """Kill each part once a round, `seconds` apart at most, under load from `clients`."""
    report = Report(seed)
    with installation() as made:
        service = _Service(made)
        service.start()
        load = _Load(made, clients, report)
        load.start()
        try:
            load.wait_for_answer(60)
            _kill_in_turn(made.postgres, service, load, report, rounds, seconds, random.Random(seed))
            load.finish()
        finally:
            load.stop()
            service.kill()
        asyncio.run(_check(made, load.receipts, report))
    return report


def _kill_in_turn(
    postgres: EmbeddedPostgres, service: _Service, load: "_Load", report: Report, rounds: int, seconds: float,
    order: random.Random,
) -> None:  # fmt: skip
    for _ in range(rounds):
        for victim in ("service", "postgres"):
            time.sleep(order.uniform(0.3, 1.0) * seconds)
            began = time.monotonic()
            if victim == "service":
                service.kill()
                service.start()
            else:
                postgres.kill()
                postgres.start()
            report.kills[victim] += 1
            load.wait_for_answer(60)
            report.recovery_seconds.append(time.monotonic() - began)


class _Load:
    """Clients in a thread of their own, each repeating a request until it is answered."""

    def __init__(self, made: Installation, clients: int, report: Report) -> None:
        self._url = f"http://127.0.0.1:{made.port}/api/v1/feedback"
        self._clients = clients
        self._report = report
        self._finishing = threading.Event()
        self._stopping = threading.Event()
        self._answers = 0
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
        """Until something was answered that was not answered before this call."""
        before, deadline = self._answers, time.monotonic() + seconds
        while self._answers == before:
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
            try:
                answer = await http.post(
                    self._url, json=body, headers={"Host": f"{slug}.localhost", "Idempotency-Key": key}
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in ANSWERED:
                self._note(slug, key, answer.json())
                return
            self._report.repeats += 1
            await asyncio.sleep(RETRY_SECONDS)

    def _note(self, slug: str, key: str, receipt: dict[str, object]) -> None:
        self._answers += 1
        if self.receipts.setdefault((slug, key), receipt) != receipt:
            self._report.changed.append(f"{slug} {key}")


_COUNTS = """
select f.text, f.reference, (select count(*) from {schema}.history h where h.feedback_id = f.id) as history,
       (select count(*) from {schema}.routing_decision r where r.feedback_id = f.id) as routed,
       (select count(*) from {schema}.audit a where a.target_type = 'feedback' and a.target_id = f.id) as audited,
       (select count(*) from {schema}.outbox o where (o.payload->>'feedback_id')::bigint = f.id) as events
  from {schema}.feedback f
"""


async def _check(made: Installation, receipts: dict[tuple[str, str], dict[str, object]], report: Report) -> None:
    """Read what is left and compare it with what was shown."""
    report.shown = len(receipts)
    admin = await asyncpg.connect(made.postgres.url("bench"))
    try:
        for slug in TENANTS:
            rows = await admin.fetch(_COUNTS.format(schema=f"t_{slug}"))
            stored = Counter(row["text"].removeprefix("Onko kirjasto auki? ") for row in rows)
            references = {row["reference"] for row in rows}
            report.doubled += [f"{slug} {key}" for key, count in stored.items() if count > 1]
            report.lost += [
                f"{slug} {key}"
                for (of, key), receipt in receipts.items()
                if of == slug and (stored[key] == 0 or receipt["reference"] not in references)
            ]
            report.without_effects += [
                f"{slug} {row['reference']}"
                for row in rows
                if {row["history"], row["routed"], row["audited"], row["events"]} != {1}
            ]
    finally:
        await admin.close()


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

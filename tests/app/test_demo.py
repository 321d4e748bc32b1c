"""`kuulolla demo` as a newcomer runs it: starts, shows both cities, stops in order, and keeps the data."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="kuulolla-demo-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def start(folder: Path, port: int) -> tuple["subprocess.Popen[str]", str, float]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KUULOLLA_")}
    if "KUULOLLA_POSTGRES_BIN" in os.environ:
        environment["KUULOLLA_POSTGRES_BIN"] = os.environ["KUULOLLA_POSTGRES_BIN"]
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "demo"],
        cwd=ROOT,
        env={**environment, "KUULOLLA_LOCAL_DIR": str(folder), "KUULOLLA_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            return process, said, time.monotonic() - began
    raise AssertionError(f"the demonstration did not start:\n{said}")


def stop(process: "subprocess.Popen[str]") -> str:
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said


def test_it_starts_with_a_year_of_feedback_and_keeps_it_over_a_restart(folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process, said, _ = start(folder, port)
    try:
        for slug in ("kerava", "jarvenpaa"):
            assert f"http://{slug}.localhost:{port}" in said
            assert f"julkaisija@{slug}.example" in said
            page = httpx.get(f"http://127.0.0.1:{port}/published", headers={"host": f"{slug}.localhost"})
            assert page.status_code == 200
            assert page.text.count('href="/published/') > 10
    finally:
        assert "stopped" in stop(process)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))  # nothing of it is left running

    process, said, seconds = start(folder, port)
    try:
        assert "filling" not in said
        assert "kerava: 74 feedbacks" in said
        assert seconds < 30, "it built again what was there"  # the bar of 5 s is measured apart, not in a busy test run
        deadline = time.monotonic() + 60
        while not list((folder / "mail").rglob("*.eml")):
            assert time.monotonic() < deadline, "no mail was written"
            time.sleep(0.2)
    finally:
        stop(process)


def test_a_port_in_use_is_said_and_not_taken(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "demo"],
            cwd=ROOT,
            env={
                **os.environ,
                "KUULOLLA_LOCAL_DIR": str(folder / "other"),
                "KUULOLLA_PORT": str(taken.getsockname()[1]),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert "is in use" in done.stderr

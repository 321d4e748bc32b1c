"""Makes the project's own environment in `.venv`, with nothing but the standard library and the machine's Python.

    python3 tools/bootstrap.py            the environment
    python3 tools/bootstrap.py --tests    and the Debian packages the tests use, where they may be installed

A stamp says which lock file the environment was made from, so a second run costs nothing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "made-from"
PACKAGES = ROOT / "tools" / "debian-packages.txt"
OLDEST = (3, 11)


def main(arguments: list[str]) -> int:
    """Do what is missing; 1 with a sentence on what a person must do when it cannot."""
    if sys.version_info < OLDEST:
        return fail(f"Python {sys.version.split()[0]} is too old: install Python 3.11 or newer")
    wanted = fingerprint()
    if not STAMP.exists() or STAMP.read_text() != wanted:
        made = make_environment()
        if made != 0:
            return made
        STAMP.write_text(wanted)
    if "--tests" in arguments:
        install_test_packages()
    return 0


def fingerprint() -> str:
    """What the environment depends on, the interpreter and the place included."""
    digest = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    for name in ("requirements.lock", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def make_environment() -> int:
    """Create it anew and install the locked, hashed packages, then the project itself."""
    print("making the environment in .venv …", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False, capture_output=True, text=True)
    if made.returncode != 0:
        # Debian's python3 comes without ensurepip; the package python3-venv brings it.
        if not apt_install(["python3-venv"]):
            return fail("`python3 -m venv` does not work here: install it (Debian: apt-get install python3-venv)")
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    python = str(VENV / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for step in (["--require-hashes", "-r", "requirements.lock"], ["--no-deps", "--no-build-isolation", "-e", "."]):
        if subprocess.run([*pip, *step], cwd=ROOT, check=False).returncode != 0:
            return fail("the packages could not be installed; see the message above")
    return 0


def install_test_packages() -> None:
    """Install what the tests use and is missing, where this user may; else say what is missing and what it costs."""
    wanted = [line.split("#")[0].split() for line in PACKAGES.read_text().splitlines()]
    missing = [
        (package, command)
        for package, command in (entry for entry in wanted if entry)
        if shutil.which(command) is None and not Path(command).exists()
    ]
    if missing and not apt_install([package for package, _ in missing]):
        for package, command in missing:
            print(f"missing: {command} (Debian: {package}); the tests that use it are skipped and say so")


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages as root, or with a sudo that asks nothing; False where neither is there."""
    if shutil.which("apt-get") is None:
        return False
    prefix: list[str] = []
    if os.getuid() != 0:
        if (
            shutil.which("sudo") is None
            or subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode
        ):
            return False
        prefix = ["sudo", "-n"]
    print(f"installing {' '.join(packages)} …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if succeeds(install, environment):
        return True
    succeeds([*prefix, "apt-get", "update", "-qq"], environment)
    return succeeds(install, environment)


def succeeds(command: list[str], environment: dict[str, str] | None = None) -> bool:
    """Run a command quietly; whether it did what it was asked."""
    return subprocess.run(command, check=False, capture_output=True, env=environment).returncode == 0


def fail(message: str) -> int:
    """Say what a person must do."""
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

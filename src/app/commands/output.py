"""What commands say: lines for people, or one JSON document; problems on standard error."""

import argparse
import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from kernel.errors import AppError, Problem


class Output:
    """Where a command's answer goes."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.is_watched = sys.stderr.isatty() and not as_json
        """Whether a person is looking on: long work then shows how far it is."""

    def line(self, text: str = "") -> None:
        """A line for people; nothing in JSON."""
        if not self.as_json:
            print(text, flush=True)

    def document(self, value: Any) -> None:
        """The whole answer in JSON; nothing for people."""
        if self.as_json:
            print(msgspec.json.format(msgspec.json.encode(value, enc_hook=str)).decode(), flush=True)

    def progress(self, done: int, total: int, what: str) -> None:
        """How far it is, on one line that is written over."""
        if self.is_watched:
            filled = "#" * (30 * done // max(total, 1))
            print(
                f"\r[{filled:<30}] {done}/{total} {what}", end="" if done < total else "\n", file=sys.stderr, flush=True
            )

    def refuse(self, problems: Iterable[Problem]) -> int:
        """Say every problem; exit status 1."""
        problems = list(problems)
        self.document({"status": "refused", "problems": problems})
        if not self.as_json:
            for problem in problems:
                print(problem, file=sys.stderr)
        return 1

    def fail(self, error: AppError) -> int:
        """Say what went wrong; exit status 1."""
        self.document({"status": "failed", "code": error.code, **error.fields})
        if not self.as_json:
            print(f"kuulolla: {error}", file=sys.stderr)
        return 1


def add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help_: str, example: str
) -> argparse.ArgumentParser:
    """A command with its help and an example."""
    return commands.add_parser(
        name,
        help=help_,
        description=help_[0].upper() + help_[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

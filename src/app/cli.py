"""The command line. Exit status: 0 done, 1 refused or failed, 2 misused."""

import argparse
import sys
from collections.abc import Sequence

from app.commands import config, database, demo, imports, process, routing, tenant
from app.commands.output import Output
from kernel.errors import AppError, ConfigError
from kernel.log import configure

GROUPS = (process, demo, database, config, routing, tenant, imports)


def make_parser() -> argparse.ArgumentParser:
    """All commands; each module of `app.commands` adds its own."""
    parser = argparse.ArgumentParser(prog="kuulolla", description="A feedback service for municipalities.")
    parser.add_argument("--json", action="store_true", help="answer in JSON, one document on standard output")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in GROUPS:
        group.add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    parser = make_parser()
    chosen = parser.parse_args(arguments)
    output = Output(as_json=chosen.json)
    configure(level="warning", human=True)
    try:
        status: int = chosen.run(chosen, output)
    except ConfigError as error:
        return output.refuse(error.problems)
    except AppError as error:
        return output.fail(error)
    except KeyboardInterrupt:
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())

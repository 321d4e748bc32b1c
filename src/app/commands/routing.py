"""`kuulolla route explain`: where would this go, and why?"""

import argparse
from datetime import datetime
from pathlib import Path

from app.commands.config import config_dir
from app.commands.output import Output, add
from app.tenants import load_tenant_config
from kernel.clock import SystemClock
from kernel.errors import ConfigError, Problem
from routing.explain import explain


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this group."""
    group = commands.add_parser("route", help="the routing of a municipality").add_subparsers(
        dest="route_command", required=True, metavar="COMMAND"
    )
    command = add(
        group, "explain", "say where a feedback would go, and the path that leads there",
        'kuulolla route explain <slug> --category auraus --lat 60.41 --lon 25.11 --text "Tie on auraamatta"',
    )  # fmt: skip
    command.add_argument("slug", help="the municipality's folder")
    command.add_argument("--category", required=True, help="code of a category")
    command.add_argument("--kind", default="feedback", help="thanks, feedback, question, proposal or fault")
    command.add_argument("--lat", type=float, help="WGS 84 latitude")
    command.add_argument("--lon", type=float, help="WGS 84 longitude")
    command.add_argument("--text", default="", help="what the resident writes")
    command.add_argument("--language", default="fi", choices=("fi", "sv", "en"))
    command.add_argument("--at", type=datetime.fromisoformat, help="local time of arrival (default: now)")
    command.add_argument("--dir", type=Path, help="the folder of all municipalities")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace, output: Output) -> int:
    """Explain. A category that does not exist is refused."""
    config = load_tenant_config(config_dir(chosen.dir) / chosen.slug)
    for name, found in (
        ("--category", config.feedback.categories.find(chosen.category)),
        ("--kind", config.feedback.find_kind(chosen.kind)),
    ):
        if found is None:
            value = getattr(chosen, name[2:])
            raise ConfigError(
                (Problem(file="arguments", line=0, path=name, what=f"{value!r} is not in {chosen.slug}'s files",
                         remedy="name one that is"),)
            )  # fmt: skip
    at = chosen.at or config.feedback.calendar.local(SystemClock().now())
    explanation = explain(
        config.feedback.routing,
        kind=chosen.kind,
        category=chosen.category,
        at=at,
        lat=chosen.lat,
        lon=chosen.lon,
        text=chosen.text,
        language=chosen.language,
    )
    for line in explanation.lines(chosen.language):
        output.line(line)
    output.document(explanation.as_dict())
    return 0

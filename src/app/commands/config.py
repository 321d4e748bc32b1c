"""`kuulolla config check`, `kuulolla settings`."""

import argparse
import os
from pathlib import Path
from typing import Any

from app import settings as settings_module
from app.commands.output import Output, add
from app.tenants import load_all


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this group."""
    group = commands.add_parser("config", help="the municipalities' files").add_subparsers(
        dest="config_command", required=True, metavar="COMMAND"
    )
    check = add(group, "check", "read and cross-check every municipality's files", "kuulolla config check")
    check.add_argument("--dir", type=Path, help="the folder (default: KUULOLLA_CONFIG_DIR, else config/tenants)")
    check.set_defaults(run=run_check)
    settings = add(commands, "settings", "list every setting with its meaning and source", "kuulolla settings")
    settings.set_defaults(run=run_settings)


def config_dir(given: Path | None) -> Path:
    """The folder meant; these commands need no database and so no complete settings."""
    return given or Path(os.environ.get("KUULOLLA_CONFIG_DIR", "config/tenants"))


def run_check(chosen: argparse.Namespace, output: Output) -> int:
    """Check; ConfigError says what is wrong."""
    folder = config_dir(chosen.dir)
    configs = load_all(folder, os.environ.get("KUULOLLA_BASE_DOMAIN", "localhost"))
    rows: list[dict[str, Any]] = []
    for slug, config in configs.items():
        leaves = config.feedback.categories.leaves()
        organisation = config.feedback.routing.organisation
        rows.append(
            {
                "slug": slug, "categories": len(leaves), "units": len(organisation.units), "version": config.version,
                "languages": list(config.languages),
            }
        )  # fmt: skip
        output.line(
            f"{slug}: {len(leaves)} categories, {len(organisation.units)} units, all examples routed as written "
            f"(version {config.version[:12]})"
        )
    output.document({"status": "done", "tenants": rows})
    return 0


def run_settings(_: argparse.Namespace, output: Output) -> int:
    """List; a secret's value is never shown."""
    rows = []
    for name, meaning, default, is_secret in settings_module.describe():
        given = os.environ.get(name)
        source = "environment" if given is not None else "default"
        if given is None and is_secret and os.environ.get(f"{name}_FILE"):
            source = "file"
        value = "(hidden)" if is_secret and source != "default" else given if given is not None else default
        rows.append({"name": name, "meaning": meaning, "value": value, "default": default, "source": source})
        output.line(f"{name} = {value if value is not None else '(must be set)'}   [{source}]\n    {meaning}")
    output.document(rows)
    return 0

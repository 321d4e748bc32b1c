"""Settings of the process, from the environment (`KUULOLLA_…`); refused at start when wrong.

Each field's docstring is what `kuulolla settings` prints. A secret may also be given as the path of a file in
`KUULOLLA_…_FILE`, never both.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from kernel.errors import ConfigError, Problem

PREFIX = "KUULOLLA_"


def _meta(description: str, *, secret: bool = False) -> msgspec.Meta:
    return msgspec.Meta(description=description, extra={"secret": secret})


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings. A value's source is in `sources`: `default`, `environment` or `file`."""

    database_url: Annotated[
        str, _meta("PostgreSQL 15-18: postgresql://user:password@host:port/database; no superuser", secret=True)
    ]  # fmt: skip
    secret_key: Annotated[
        str, _meta("the installation's secret, at least 32 characters; every tenant's keys are derived from it",
                   secret=True)
    ]  # fmt: skip
    config_dir: Annotated[Path, _meta("the folder with one folder of YAML files a tenant")] = Path("config/tenants")
    base_domain: Annotated[str, _meta("tenant hosts without a dot stand under this domain")] = "localhost"
    files_url: Annotated[
        str, _meta("where photos are kept: file:///path, or s3://bucket/prefix (credentials as AWS tools read them)")
    ] = "file:///var/lib/kuulolla/files"  # fmt: skip
    host: Annotated[str, _meta("address the service listens on")] = "127.0.0.1"
    port: Annotated[int, _meta("port the service listens on")] = 8000
    internal_port: Annotated[
        int, _meta("port of /health/live, /health/ready and /metrics for the platform; 0: none")
    ] = 0
    public_url: Annotated[
        str, _meta("how residents reach a host: a URL with {host}; links in mails are made from it")
    ] = "https://{host}"
    workers: Annotated[int, _meta("service processes")] = 1
    database_pool_size: Annotated[int, _meta("connections a process may hold")] = 8
    database_statement_cache: Annotated[
        int, _meta("prepared statements kept on a connection; 0 behind PgBouncer in transaction mode")
    ] = 1000
    mail_url: Annotated[
        str, _meta("smtp://user:password@host:port, smtps://…, or file:///folder to write mails to files", secret=True)
    ] = "smtp://127.0.0.1:25"  # fmt: skip
    page_cache_seconds: Annotated[float, _meta("how old a cached public page may be at most; 0: no cache")] = 2.0
    trusted_proxies: Annotated[
        str, _meta("addresses of the proxies whose X-Forwarded-For and -Proto are believed, comma separated")
    ] = "127.0.0.1"
    log_level: Annotated[str, _meta("debug, info, warning or error")] = "info"
    demo: Annotated[bool, _meta("the demonstration: staff logins are shown on the login page")] = False
    sources: dict[str, str] = {}


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment. Raises ConfigError with every problem at once."""
    environment = os.environ if environment is None else environment
    hints = get_type_hints(Settings, include_extras=True)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    problems: list[Problem] = []
    for field in msgspec.structs.fields(Settings):
        if field.name == "sources":
            continue
        name = PREFIX + field.name.upper()
        raw, source, problem = _read(environment, name, secret=is_secret(hints[field.name]))
        if problem is not None:
            problems.append(problem)
        if raw is None:
            sources[field.name] = "default"
            if field.required and problem is None:
                problems.append(_problem(name, "it is not set", f"set {name} (see `kuulolla settings`)"))
            continue
        try:
            values[field.name] = msgspec.convert(raw, hints[field.name], strict=False, dec_hook=_to_path)
        except msgspec.ValidationError as error:
            problems.append(_problem(name, f"{error}", "see `kuulolla settings` for its meaning"))
        sources[field.name] = source
    if len(str(values.get("secret_key", "x" * 32))) < 32:  # noqa: PLR2004 - kernel.keys.MASTER_MIN_BYTES, for people
        problems.append(_problem("KUULOLLA_SECRET_KEY", "it is shorter than 32 characters", "openssl rand -base64 48"))
    for name in environment:
        known = name.removeprefix(PREFIX).removesuffix("_FILE").lower()
        if name.startswith(PREFIX) and known not in hints and name not in OTHER_VARIABLES:
            problems.append(_problem(name, "no setting has this name", "remove it, or correct its spelling"))
    if problems:
        raise ConfigError(tuple(problems))
    return Settings(**values, sources=sources)


OTHER_VARIABLES = frozenset(
    {
        "KUULOLLA_TEST_DATABASE_URL",
        "KUULOLLA_POSTGRES_BIN",
        "KUULOLLA_LOCAL_DIR",
        "KUULOLLA_BENCH_DATABASE_URL",
    }
)


def describe() -> list[tuple[str, str, str | None, bool]]:
    """(variable, meaning, default or None when it must be set, secret) of every setting, in order."""
    hints = get_type_hints(Settings, include_extras=True)
    return [
        (
            PREFIX + field.name.upper(),
            _metadata(hints[field.name]).description or "",
            None if field.required else str(field.default),
            is_secret(hints[field.name]),
        )
        for field in msgspec.structs.fields(Settings)
        if field.name != "sources"
    ]


def is_secret(hint: Any) -> bool:
    """Whether a setting's value must never be shown."""
    return bool((_metadata(hint).extra or {}).get("secret"))


def _metadata(hint: Any) -> msgspec.Meta:
    assert get_origin(hint) is Annotated  # noqa: S101 - every field above is annotated with its meaning
    meta: msgspec.Meta = get_args(hint)[1]
    return meta


def _read(environment: Mapping[str, str], name: str, *, secret: bool) -> tuple[str | None, str, Problem | None]:
    raw, file = environment.get(name), environment.get(f"{name}_FILE")
    if file is None or not secret:
        return raw, "environment", None
    if raw is not None:
        return None, "file", _problem(name, f"both {name} and {name}_FILE are set", "keep one of them")
    try:
        return Path(file).read_text().strip(), "file", None
    except OSError as error:
        return None, "file", _problem(f"{name}_FILE", f"{error.strerror}: {file}", "name a readable file")


def _to_path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError


def _problem(name: str, what: str, remedy: str) -> Problem:
    return Problem(file="environment", line=0, path=name, what=what, remedy=remedy)

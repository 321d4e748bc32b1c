"""What the rest of the system knows of a tenant: a municipality with a schema and a database role of its own."""

import re
from typing import NewType

import msgspec

Slug = NewType("Slug", str)

# A slug becomes part of a schema's and a role's name. It is quoted nowhere, so it admits nothing that would need it;
# 40 characters leave room for the prefix within PostgreSQL's 63 bytes.
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """One municipality on the platform."""

    slug: str
    """Name of its folder under `config/tenants/` and of its schema."""
    schema: str
    role: str
    hosts: tuple[str, ...]
    """Full host names in lower case, without a port; the first is the one links are made with."""
    suspended: bool = False


def is_slug(value: str) -> bool:
    """Whether a text may name a tenant."""
    return _SLUG.fullmatch(value) is not None and not value.startswith("pg_")


def schema_name(slug: str) -> str:
    """Name of the tenant's schema."""
    if not is_slug(slug):
        raise ValueError(f"{slug!r} cannot name a tenant: use a-z, 0-9 and _, a letter first, at most 40 characters")
    return f"t_{slug}"


def role_name(database: str, slug: str) -> str:
    """Name of the tenant's role. Roles belong to the whole PostgreSQL server, so the database's name comes first."""
    return f"{role_prefix(database)}_{schema_name(slug)}"


def owner_role_name(database: str) -> str:
    """Name of the role that owns every schema of this database and cannot log in."""
    return f"{role_prefix(database)}_owner"


def role_prefix(database: str) -> str:
    """The database's name as far as it can stand unquoted in a role's name."""
    prefix = re.sub(r"[^a-z0-9_]", "_", database.lower())[:20]
    return prefix if prefix[:1].isalpha() else f"k{prefix}"

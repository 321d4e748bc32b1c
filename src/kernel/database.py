"""Base of the table definitions: constraint names and column types. No engine and no session here."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Json = dict[str, Any]
BigId = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
Timestamp = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=text("now()"))]


class Base(DeclarativeBase):
    """Tables of a tenant. They name no schema: the search path of `transaction(tenant)` says whose they are."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        Json: JSONB,
        list[str]: JSONB,
        datetime: DateTime(timezone=True),
    }


class SharedBase(DeclarativeBase):
    """Tables of the platform; they stand in the schema `shared`, explicitly."""

    metadata = MetaData(naming_convention=NAMES, schema="shared")
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        Json: JSONB,
        datetime: DateTime(timezone=True),
    }

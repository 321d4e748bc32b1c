"""Bodies of the API. Field docstrings become the text of the OpenAPI document."""

from datetime import datetime
from typing import Annotated

import msgspec

Nullable = str | None


class LocationIn(msgspec.Struct):
    """Where it is: a point, an address, or both."""

    lat: Annotated[float | None, msgspec.Meta(description="WGS 84 latitude")] = None
    lon: Annotated[float | None, msgspec.Meta(description="WGS 84 longitude")] = None
    address: Nullable = None


class PublicationIn(msgspec.Struct):
    """The sender's permission."""

    permission: Annotated[Nullable, msgspec.Meta(description="none, anonymous or nickname")] = None
    nickname: Nullable = None


class ContactIn(msgspec.Struct):
    """How to reach the sender; never published."""

    name: Nullable = None
    email: Nullable = None
    phone: Nullable = None


class FeedbackIn(msgspec.Struct):
    """A feedback to be sent."""

    kind: Annotated[Nullable, msgspec.Meta(description="thanks, feedback, question, proposal or fault")] = None
    category: Annotated[Nullable, msgspec.Meta(description="code of a leaf of /api/v1/categories")] = None
    text: Annotated[Nullable, msgspec.Meta(description="10-5000 characters")] = None
    language: Annotated[Nullable, msgspec.Meta(description="fi, sv or en; the tenant's first language by default")] = (
        None
    )
    location: LocationIn | None = None
    publication: PublicationIn | None = None
    contact: ContactIn | None = None
    wants_reply: bool = False


class ReceiptOut(msgspec.Struct):
    """The receipt; the tracking code is shown here and nowhere else."""

    reference: str
    tracking_code: str
    status: str
    unit: str
    due_at: datetime
    answer_promised: bool


class TrackingIn(msgspec.Struct):
    """The secret code of a receipt, in the body and never in an address."""

    tracking_code: Nullable = None


class MessageOut(msgspec.Struct):
    """Something said that the sender may read."""

    kind: str
    text: str
    created_at: datetime


class StepOut(msgspec.Struct):
    """A step of the handling, fit for the sender."""

    at: datetime
    action: str
    status: Nullable = None


class TrackingOut(msgspec.Struct):
    """One's own feedback."""

    reference: str
    kind: str
    category: str
    text: str
    status: str
    unit: str
    received_at: datetime
    due_at: datetime
    answer_promised: bool
    permission: str
    nickname: Nullable
    answers: list[MessageOut]
    messages: list[MessageOut]
    history: list[StepOut]


class AnswerOut(msgspec.Struct):
    """The public copy of an answer."""

    text: str
    language: str
    answered_at: datetime
    published_at: datetime


class PublicFeedbackOut(msgspec.Struct):
    """The public copy of a feedback."""

    reference: str
    kind: str
    category: str
    text: str
    nickname: Nullable
    status: str
    language: str
    location: LocationIn | None
    received_at: datetime
    published_at: datetime
    url: str
    answers: list[AnswerOut]


class PublicPageOut(msgspec.Struct):
    """A page of published feedback, newest first."""

    items: list[PublicFeedbackOut]
    next_cursor: Nullable

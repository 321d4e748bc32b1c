"""The public copies. A text without a row has not been judged: its state follows from the sender's permission."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base, BigId, CreatedAt
from kernel.sql import one_of

STATES = ("published", "withheld", "withdrawn")


class Publication(Base):
    """The city's judgement on one text (the feedback, or one of its answers) and the copy the public reads."""

    __tablename__ = "publication"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("state <> 'published' or (public_text is not null and published_at is not null)", name="copy"),
        CheckConstraint("state = 'published' or reason is not null", name="reason"),
        UniqueConstraint("feedback_id", "message_id", postgresql_nulls_not_distinct=True),
        Index(
            "ix_publication_published",
            "published_at",
            "id",
            postgresql_where=text("state = 'published' and message_id is null"),
        ),
    )

    id: Mapped[BigId]
    feedback_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("feedback.id"))
    message_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("message.id"), index=True)
    """The answer this copy is of; none: the feedback itself."""
    state: Mapped[str]
    public_text: Mapped[str | None]
    """The separate public text. The original is never changed."""
    shown_name: Mapped[str | None]
    """The nickname as published; none: anonymous."""
    reason: Mapped[str | None]
    """Why it is withheld or withdrawn: a code of the tenant's list."""
    decided_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("staff.id"), index=True)
    """None: the sender's own withdrawal, or the tenant's policy."""
    decided_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[CreatedAt]
    modified_at: Mapped[CreatedAt]

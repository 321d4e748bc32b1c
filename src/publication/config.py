"""A municipality's rules of publication: who decides, and the reasons a sender is told when something is withheld."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from kernel.fields import Code
from kernel.text import LocalizedText
from kernel.yaml import Fault

Decider = Literal["publisher", "handler"]
"""Who may publish: only a publisher, or also the person who handles the feedback."""


class WithholdingReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a text is not published."""

    code: str
    name: LocalizedText
    """As the sender is told."""


class NicknameRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a nickname may be; contact data is refused always."""

    reserved: tuple[Annotated[str, msgspec.Meta(min_length=2)], ...] = ()
    """Words no nickname may contain: it must not pass for the municipality."""


class PolicyDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Who decides, by the `publish` of the feedback's category. Of `never` nobody does."""

    normal: Decider
    review: Decider

    def faults(self) -> Iterator[Fault]:
        """More eyes for `review`, not fewer."""
        if self.normal == "publisher" and self.review == "handler":
            yield Fault(".review", "is freer than `normal`", "write `review: publisher`")


class WithholdingReasonDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A reason for not publishing."""

    name: LocalizedText


class PublicationDocument(msgspec.Struct, frozen=True, kw_only=True):
    """publication.yaml."""

    policy: PolicyDocument
    withholding_reasons: Annotated[dict[Code, WithholdingReasonDocument], msgspec.Meta(min_length=1)]
    nicknames: NicknameRules = NicknameRules()


class PublicationConfig:
    """The rules of one municipality."""

    def __init__(self, document: PublicationDocument) -> None:
        self._policy = {"normal": document.policy.normal, "review": document.policy.review}
        self.withholding_reasons = tuple(
            WithholdingReason(code=code, name=reason.name) for code, reason in document.withholding_reasons.items()
        )
        self.nicknames = document.nicknames
        self._reasons = {reason.code: reason for reason in self.withholding_reasons}

    def decider(self, category_publish: str) -> Decider | None:
        """Who decides on a text of a category with this `publish`; None: nobody, it is never published."""
        return self._policy.get(category_publish)

    def find_withholding_reason(self, code: str) -> WithholdingReason | None:
        """The reason with this code."""
        return self._reasons.get(code)

    def is_nickname_reserved(self, nickname: str) -> bool:
        """Whether a nickname would pass for the municipality."""
        folded = nickname.casefold()
        return any(word.casefold() in folded for word in self.nicknames.reserved)

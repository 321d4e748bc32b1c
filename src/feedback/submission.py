"""What a resident sends, checked: every fault at once, each with the field it belongs to."""

import math
import re
from datetime import date

import msgspec

from feedback.categories import Category
from feedback.config import FeedbackConfig, KindConfig
from feedback.models import CHANNELS, PERMISSIONS
from kernel.errors import FieldProblem, Invalid

TEXT_MIN, TEXT_MAX = 10, 5_000
NICKNAME_MIN, NICKNAME_MAX = 2, 40
NAME_MAX, ADDRESS_MAX = 200, 300
EMAIL_MAX = 254
"""RFC 5321 §4.5.3.1.3, less the angle brackets."""
IDEMPOTENCY_KEY_MAX = 255
LANGUAGES = ("fi", "sv", "en")
PHOTO_FIELD = "photos"

_EMAIL = re.compile(r"[^@\s\"<>(),:;\\\[\]]+@[^@\s.\"<>(),:;\\\[\]]+(\.[^@\s.\"<>(),:;\\\[\]]+)+")
_PHONE = re.compile(r"\+?[\d\s()/-]{5,25}")
_CONTACT_IN_NICKNAME = re.compile(r"@|\d{5,}")


class SubmissionInput(msgspec.Struct, kw_only=True):
    """A submission as a door received it; nothing of it is trusted yet."""

    kind: str | None = None
    category: str | None = None
    text: str | None = None
    language: str | None = None
    lat: float | None = None
    lon: float | None = None
    address: str | None = None
    permission: str | None = None
    nickname: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    wants_reply: bool = False
    channel: str = "web"
    unreadable: dict[str, str] = {}
    """Path → code of what the door itself could not read (a latitude that is no number)."""


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A submission that may be stored."""

    kind: str
    category: str
    text: str
    language: str
    lat: float | None
    lon: float | None
    address: str | None
    permission: str
    nickname: str | None
    name: str | None
    email: str | None
    phone: str | None
    wants_reply: bool
    channel: str

    @property
    def has_contact(self) -> bool:
        """Whether anything is known of how to reach the sender."""
        return bool(self.name or self.email or self.phone)


class _Problems:
    """The problems of one input, at most one a field, and what any text goes through."""

    def __init__(self) -> None:
        self.problems: list[FieldProblem] = []

    def add(self, path: str, code: str, **params: str | float) -> None:
        if all(problem.path != path for problem in self.problems):
            self.problems.append(FieldProblem(path, code, params))

    def clean(self, path: str, value: str | None, longest: int) -> str | None:
        """A text without surrounding space; None when empty. PostgreSQL holds neither NUL nor half characters."""
        if value is None:
            return None
        value = value.replace("\r\n", "\n").replace("\r", "\n").strip()
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            self.add(path, "unreadable_characters")
            return None
        if len(value) > longest:
            self.add(path, "too_long", longest=longest, length=len(value))
            return None
        return value or None

    def text(self, path: str, value: str | None, shortest: int) -> str | None:
        """A text that must be there, within its limits."""
        text = self.clean(path, value, TEXT_MAX)
        if text is None:
            self.add(path, "required")
            return None
        if len(text) < shortest:
            self.add(path, "too_short", shortest=shortest, length=len(text))
            return None
        return text


class _SubmissionProblems(_Problems):
    """What only a submission has."""

    def __init__(self, config: FeedbackConfig, on: date) -> None:
        super().__init__()
        self._config = config
        self._on = on

    def kind(self, code: str | None) -> KindConfig | None:
        if not code:
            self.add("kind", "required")
            return None
        kind = self._config.find_kind(code)
        if kind is None:
            self.add("kind", "unknown_value")
        return kind

    def category(self, code: str | None, kind: KindConfig | None) -> Category | None:
        if not code:
            self.add("category", "required")
            return None
        category = self._config.categories.find(code)
        if category is None or not category.is_valid_on(self._on):
            self.add("category", "unknown_value")
            return None
        if kind is not None and kind.code not in category.kinds:
            self.add("category", "not_for_this_kind")
        return category

    def location(self, given: SubmissionInput, address: str | None, category: Category | None) -> None:
        if (given.lat is None) != (given.lon is None):
            self.add("location.lon" if given.lon is None else "location.lat", "coordinate_missing")
        for path, value, limit in (("location.lat", given.lat, 90), ("location.lon", given.lon, 180)):
            if value is not None and (not math.isfinite(value) or abs(value) > limit):
                self.add(path, "no_coordinate")
        if category is not None and category.location == "required" and given.lat is None and not address:
            self.add("location", "required")

    def permission(self, code: str | None) -> str | None:
        if not code:
            self.add("publication.permission", "required")
        elif code not in PERMISSIONS:
            self.add("publication.permission", "unknown_value")
        return code

    def nickname(self, permission: str | None, nickname: str | None) -> str | None:
        if permission != "nickname":
            return None
        if nickname is None:
            self.add("publication.nickname", "required")
        elif len(nickname) < NICKNAME_MIN:
            self.add("publication.nickname", "too_short", shortest=NICKNAME_MIN, length=len(nickname))
        elif _CONTACT_IN_NICKNAME.search(nickname):
            self.add("publication.nickname", "contact_data")
        return nickname


def check(given: SubmissionInput, config: FeedbackConfig, *, default_language: str, on: date) -> Submission:
    """The submission, or Invalid with every problem."""
    checker = _SubmissionProblems(config, on)
    for path, code in given.unreadable.items():
        checker.add(path, code)
    kind = checker.kind(given.kind)
    category = checker.category(given.category, kind)
    text = checker.text("text", given.text, TEXT_MIN)
    language = given.language or default_language
    if language not in LANGUAGES:
        checker.add("language", "unknown_value")
    address = checker.clean("location.address", given.address, ADDRESS_MAX)
    checker.location(given, address, category)
    permission = checker.permission(given.permission)
    nickname = checker.nickname(permission, checker.clean("publication.nickname", given.nickname, NICKNAME_MAX))
    name = checker.clean("contact.name", given.name, NAME_MAX)
    email = checker.clean("contact.email", given.email, EMAIL_MAX)
    if email is not None and not _EMAIL.fullmatch(email):
        checker.add("contact.email", "no_email")
    phone = checker.clean("contact.phone", given.phone, NAME_MAX)
    if phone is not None and not _PHONE.fullmatch(phone):
        checker.add("contact.phone", "no_phone")
    if given.channel not in CHANNELS:
        checker.add("channel", "unknown_value")
    if checker.problems or kind is None or category is None or text is None or permission is None:
        raise Invalid(*checker.problems)
    return Submission(
        kind=kind.code,
        category=category.code,
        text=text,
        language=language,
        lat=given.lat,
        lon=given.lon,
        address=address,
        permission=permission,
        nickname=nickname,
        name=name,
        email=email,
        phone=phone,
        wants_reply=given.wants_reply,
        channel=given.channel,
    )


def check_text(value: str | None, *, path: str = "text", shortest: int = TEXT_MIN) -> str:
    """A text of its own (an answer, a message), or Invalid."""
    checker = _Problems()
    text = checker.text(path, value, shortest)
    if text is None:
        raise Invalid(*checker.problems)
    return text

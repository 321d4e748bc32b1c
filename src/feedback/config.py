"""A municipality's feedback, compiled from its files: kinds, topics, calendar, routing, reasons."""

from zoneinfo import ZoneInfo

import msgspec

from feedback.categories import Category, CategoryGroup, CategoryTree
from feedback.documents import CalendarDocument, CategoriesDocument, CategoryDocument, FeedbackDocument
from feedback.due import WorkingCalendar
from kernel.errors import NotFound
from kernel.text import LocalizedText
from routing.config import RoutedCategory, RoutingConfig


class KindConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of feedback the municipality offers."""

    code: str
    """`thanks`, `feedback`, `question`, `proposal` or `fault`."""
    name: LocalizedText
    answer_promised: bool
    promise: LocalizedText
    """Told before sending: whether an answer comes (Deputy Chancellor of Justice, 16.10.2008)."""


class HandledReason(msgspec.Struct, frozen=True, kw_only=True):
    """A reason for closing without an answer."""

    code: str
    name: LocalizedText
    kinds: tuple[str, ...]
    """Kinds that may be closed for it."""


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """Another authority that matters are transferred to."""

    code: str
    name: LocalizedText
    url: str | None


class FeedbackConfig:
    """All that handling feedback needs to know of one municipality."""

    def __init__(
        self,
        *,
        kinds: tuple[KindConfig, ...],
        categories: CategoryTree,
        calendar: WorkingCalendar,
        routing: RoutingConfig,
        reference_prefix: str,
        handled_reasons: tuple[HandledReason, ...],
        authorities: tuple[Authority, ...],
    ) -> None:
        self.kinds = kinds
        """In the municipality's order."""
        self.categories = categories
        self.calendar = calendar
        self.routing = routing
        self.reference_prefix = reference_prefix
        """Begins every reference number."""
        self.handled_reasons = handled_reasons
        self.authorities = authorities
        self._kinds = {kind.code: kind for kind in kinds}
        self._reasons = {reason.code: reason for reason in handled_reasons}

    def find_kind(self, code: str) -> KindConfig | None:
        """The kind with this code, when it is offered."""
        return self._kinds.get(code)

    def get_kind(self, code: str) -> KindConfig:
        """The kind with this code. Raises NotFound."""
        kind = self._kinds.get(code)
        if kind is None:
            raise NotFound("unknown_kind", kind=code)
        return kind

    def find_handled_reason(self, code: str) -> HandledReason | None:
        """The reason with this code."""
        return self._reasons.get(code)

    def handled_reasons_for(self, kind: str) -> tuple[HandledReason, ...]:
        """Reasons for which this kind may be closed without an answer."""
        return tuple(reason for reason in self.handled_reasons if kind in reason.kinds)


def compile_categories(document: CategoriesDocument, offered: tuple[str, ...]) -> CategoryTree:
    """The tree; a category that names no kinds takes all that are offered."""
    groups = (_node(code, node, (), offered) for code, node in document.categories.items())
    return CategoryTree(group for group in groups if isinstance(group, CategoryGroup))


def _node(
    code: str, document: CategoryDocument, groups: tuple[str, ...], offered: tuple[str, ...]
) -> CategoryGroup | Category:
    if document.children is not None:
        inside = (*groups, code)
        children = tuple(_node(child, node, inside, offered) for child, node in document.children.items())
        return CategoryGroup(code=code, name=document.name, children=children)
    return Category(
        code=code,
        name=document.name,
        groups=groups,
        unit=document.unit or "",
        answer_working_days=document.answer_working_days or 0,
        max_calendar_days=document.max_calendar_days,
        location=document.location or "optional",
        publish=document.publish or "normal",
        keywords=document.keywords,
        kinds=tuple(kind for kind in offered if document.kinds is None or kind in document.kinds),
        valid_from=document.valid_from,
        valid_until=document.valid_until,
        successor=document.successor,
    )


def routed_categories(categories: CategoryTree) -> tuple[RoutedCategory, ...]:
    """What routing needs to know of them."""
    return tuple(
        RoutedCategory(code=category.code, groups=category.groups, unit=category.unit, kinds=category.kinds)
        for category in categories.leaves()
    )


def compile_calendar(document: CalendarDocument, time_zone: str) -> WorkingCalendar:
    """Working days in the municipality's time zone."""
    return WorkingCalendar(ZoneInfo(time_zone), frozenset(closed.on for closed in document.closed))


def compile_feedback(
    document: FeedbackDocument,
    *,
    categories: CategoryTree,
    calendar: WorkingCalendar,
    routing: RoutingConfig,
    reference_prefix: str,
) -> FeedbackConfig:
    """All of it together."""
    return FeedbackConfig(
        kinds=tuple(
            KindConfig(code=code, name=kind.name, answer_promised=kind.answer_promised, promise=kind.promise)
            for code, kind in document.kinds.items()
        ),
        categories=categories,
        calendar=calendar,
        routing=routing,
        reference_prefix=reference_prefix,
        handled_reasons=tuple(
            HandledReason(code=code, name=reason.name, kinds=reason.kinds)
            for code, reason in document.handled_reasons.items()
        ),
        authorities=tuple(
            Authority(code=code, name=authority.name, url=authority.url)
            for code, authority in document.authorities.items()
        ),
    )

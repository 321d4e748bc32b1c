"""What the files of feedback say about each other and about the organisation."""

from collections.abc import Iterator

from feedback.documents import CalendarDocument, CategoriesDocument, CategoryDocument, FeedbackDocument
from kernel.yaml import Document, Problems
from routing.checks import one_of


def check_categories(
    document: Document,
    categories: CategoriesDocument,
    *,
    units: frozenset[str] | None,
    kinds: tuple[str, ...] | None,
    problems: Problems,
) -> None:
    """Codes are unique, units and successors exist, kinds are offered; None where that file cannot be read."""
    nodes = list(_nodes(categories.categories, "$.categories"))
    leaves = {code for code, _, node in nodes if node.children is None}
    first: dict[str, str] = {}
    for code, path, node in nodes:
        if code in first:
            what = f"`{code}` is in the tree already, on line {document.line(first[code])}"
            problems.add(document, path, what, "give one of them another code")
        first.setdefault(code, path)
        if units is not None and node.unit is not None and node.unit not in units:
            problems.add(document, f"{path}.unit", f"there is no unit `{node.unit}`", one_of(node.unit, units))
        if node.successor is not None and (node.successor not in leaves or node.successor == code):
            what = f"`{node.successor}` is no other category"
            problems.add(document, f"{path}.successor", what, one_of(node.successor, leaves - {code}))
        for at, kind in enumerate(node.kinds or ()):
            if kinds is not None and kind not in kinds:
                what = f"the kind `{kind}` is not offered"
                problems.add(document, f"{path}.kinds[{at}]", what, f"write some of: {', '.join(kinds)}")


def check_reasons(document: Document, feedback: FeedbackDocument, problems: Problems) -> None:
    """Reasons speak of kinds that are offered, and each kind can be closed without an answer for some reason."""
    for code, reason in feedback.handled_reasons.items():
        for at, kind in enumerate(reason.kinds):
            if kind not in feedback.kinds:
                path = f"$.handled_reasons.{code}.kinds[{at}]"
                problems.add(document, path, f"the kind `{kind}` is not offered", "offer it, or remove it here")
    for kind in feedback.kinds:
        if not any(kind in reason.kinds for reason in feedback.handled_reasons.values()):
            what = f"no reason allows closing a `{kind}` without an answer"
            problems.add(document, "$.handled_reasons", what, f"add `{kind}` to the kinds of some reason")


def check_calendar(document: Document, calendar: CalendarDocument, problems: Problems) -> None:
    """Each closed day is written once."""
    first: dict[object, int] = {}
    for at, closed in enumerate(calendar.closed):
        if closed.on in first:
            what = f"{closed.on} is listed already, on line {first[closed.on]}"
            problems.add(document, f"$.closed[{at}].on", what, "remove one of them")
        first.setdefault(closed.on, document.line(f"$.closed[{at}].on"))


def _nodes(children: dict[str, CategoryDocument], path: str) -> Iterator[tuple[str, str, CategoryDocument]]:
    for code, node in children.items():
        where = f"{path}.{code}"
        yield code, where, node
        if node.children:
            yield from _nodes(node.children, f"{where}.children")

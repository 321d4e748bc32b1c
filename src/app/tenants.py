"""Reads `config/tenants/<slug>/*.yaml` and checks the files against each other; the only place that sees them together.

Every problem of every file of every municipality is found in one go. A section whose file cannot be read is left out of
the checks that need it, so that one fault does not make others up.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from feedback.checks import check_calendar, check_categories, check_reasons
from feedback.config import compile_calendar, compile_categories, compile_feedback, routed_categories
from feedback.documents import CalendarDocument, CategoriesDocument, FeedbackDocument
from kernel.errors import ConfigError, Problem
from kernel.text import LocalizedText
from kernel.yaml import Document, Problems, convert, join, load_document
from notifications.config import NotificationsConfig
from publication.config import PublicationConfig, PublicationDocument
from routing.areas import Area
from routing.checks import (
    Vocabulary,
    check_departments,
    check_examples,
    check_reach,
    check_redirects,
    check_rules,
    one_of,
)
from routing.config import RoutedCategory, RoutingConfig, compile_routing
from routing.documents import DepartmentsDocument, ExamplesDocument, RedirectsDocument, RoutingDocument
from tenancy.config import Branding, TenantDocument
from tenancy.tenant import is_slug
from web.site import TenantConfig

__all__ = ["TenantConfig", "load_all", "load_tenant_config"]

FILES: dict[str, type[msgspec.Struct]] = {
    "tenant.yaml": TenantDocument,
    "branding.yaml": Branding,
    "calendar.yaml": CalendarDocument,
    "departments.yaml": DepartmentsDocument,
    "categories.yaml": CategoriesDocument,
    "feedback.yaml": FeedbackDocument,
    "routing.yaml": RoutingDocument,
    "routing.examples.yaml": ExamplesDocument,
    "redirects.yaml": RedirectsDocument,
    "publication.yaml": PublicationDocument,
    "notifications.yaml": NotificationsConfig,
}
"""Every file of a municipality; all of them are needed, and there are no others."""

AREA_DISTANCE_MAX = 1.0
"""Degrees from the centre: no municipality's area lies farther, but a swapped coordinate does."""

S = TypeVar("S", bound=msgspec.Struct)


def load_all(config_dir: Path, base_domain: str = "localhost") -> dict[str, TenantConfig]:
    """Every municipality's configuration by slug. Raises ConfigError with every problem of all of them."""
    problems = Problems()
    configs: dict[str, TenantConfig] = {}
    if not config_dir.is_dir():
        what, remedy = "is no folder", "point KUULOLLA_CONFIG_DIR to the folder with one folder a municipality"
        raise ConfigError((Problem(file=str(config_dir), line=0, path="$", what=what, remedy=remedy),))
    tenants: list[tuple[Document, TenantDocument]] = []
    for folder in sorted(path for path in config_dir.iterdir() if path.is_dir() and not path.name.startswith(".")):
        files = _Files(folder, problems)
        config = files.compile()
        tenant = files.find(TenantDocument)
        if tenant is not None:
            tenants.append((files.document("tenant.yaml"), tenant))
        if config is not None:
            configs[folder.name] = config
    _check_unique(tenants, base_domain, problems)
    problems.raise_if_any()
    return configs


def load_tenant_config(folder: Path) -> TenantConfig:
    """One municipality's configuration. Raises ConfigError with every problem."""
    problems = Problems()
    config = _Files(folder, problems).compile()
    problems.raise_if_any()
    assert config is not None  # noqa: S101 - without a problem there is a configuration
    return config


def version_of(folder: Path) -> str:
    """SHA-256 over the names and contents of the files, in hexadecimal."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.yaml")):
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


class _Files:
    """The files of one municipality, read; and what they say together."""

    def __init__(self, folder: Path, problems: Problems) -> None:
        self._folder = folder
        self._problems = problems
        self._documents: dict[str, Document] = {}
        self._structs: dict[type[msgspec.Struct], msgspec.Struct] = {}
        for name, type_ in FILES.items():
            path = folder / name
            document = load_document(path, problems)
            if document is None:
                continue
            self._documents[name] = document
            struct = convert(document, type_, problems)
            if struct is not None:
                self._structs[type_] = struct
        for path in sorted(folder.glob("*")):
            if path.name not in FILES and not path.name.startswith("."):
                what = "is no file of a municipality's configuration"
                stray = Document(str(path), None, {})
                problems.add(stray, "$", what, one_of(path.name, FILES))

    def document(self, name: str) -> Document:
        """The document of a file that was read."""
        return self._documents[name]

    def find(self, type_: type[S]) -> S | None:
        """The struct of a file that was read."""
        found = self._structs.get(type_)
        return found if isinstance(found, type_) else None

    def compile(self) -> TenantConfig | None:
        """Everything together; None when there was a problem."""
        before = len(self._problems)
        self._check_tenant()
        self._check_languages()
        self._check_feedback()
        routing = self._check_routing()
        if len(self._problems) > before or len(self._structs) < len(FILES) or routing is None:
            return None
        tenant, branding = self._get(TenantDocument), self._get(Branding)
        feedback = self._get(FeedbackDocument)
        return TenantConfig(
            tenant=tenant,
            branding=branding,
            feedback=compile_feedback(
                feedback,
                categories=compile_categories(self._get(CategoriesDocument), tuple(feedback.kinds)),
                calendar=compile_calendar(self._get(CalendarDocument), tenant.time_zone),
                routing=routing,
                reference_prefix=tenant.reference_prefix,
            ),
            publication=PublicationConfig(self._get(PublicationDocument)),
            notifications=self._get(NotificationsConfig),
            version=version_of(self._folder),
        )

    def _get(self, type_: type[S]) -> S:
        found = self.find(type_)
        assert found is not None  # noqa: S101 - asked only when every file was read
        return found

    def _check_tenant(self) -> None:
        tenant = self.find(TenantDocument)
        if tenant is None:
            return
        document = self.document("tenant.yaml")
        if tenant.slug != self._folder.name:
            what = f"`{tenant.slug}` is not the folder's name"
            self._problems.add(document, "$.slug", what, f"write `{self._folder.name}`, or rename the folder")
        if not is_slug(tenant.slug):
            what, remedy = f"{tenant.slug!r} cannot name a tenant", "use a-z, 0-9 and _, a letter first, at most 40"
            self._problems.add(document, "$.slug", what, remedy)

    def _check_languages(self) -> None:
        """A text is there in every language the municipality offers."""
        tenant = self.find(TenantDocument)
        if tenant is None:
            return
        for name, type_ in FILES.items():
            struct = self._structs.get(type_)
            for path, text in _texts(struct, "$"):
                for language in text.missing(tenant.languages):
                    remedy = f"add `{language}:`, or take {language} out of the languages in tenant.yaml"
                    self._problems.add(self.document(name), path, f"there is no text in `{language}`", remedy)

    def _check_feedback(self) -> None:
        feedback, calendar = self.find(FeedbackDocument), self.find(CalendarDocument)
        categories, departments = self.find(CategoriesDocument), self.find(DepartmentsDocument)
        if feedback is not None:
            check_reasons(self.document("feedback.yaml"), feedback, self._problems)
        if calendar is not None:
            check_calendar(self.document("calendar.yaml"), calendar, self._problems)
        if categories is not None:
            check_categories(
                self.document("categories.yaml"),
                categories,
                units=_unit_codes(departments) if departments else None,
                kinds=tuple(feedback.kinds) if feedback else None,
                problems=self._problems,
            )

    def _check_routing(self) -> RoutingConfig | None:
        before = len(self._problems)
        departments, routing = self.find(DepartmentsDocument), self.find(RoutingDocument)
        redirects, examples = self.find(RedirectsDocument), self.find(ExamplesDocument)
        categories, tenant = self.find(CategoriesDocument), self.find(TenantDocument)
        feedback = self.find(FeedbackDocument)
        if departments is not None:
            check_departments(self.document("departments.yaml"), departments, self._problems)
        if routing is not None and tenant is not None:
            self._check_areas(routing, tenant)
        if departments is None or routing is None or categories is None or tenant is None or feedback is None:
            return None
        routed = routed_categories(compile_categories(categories, tuple(feedback.kinds)))
        words = _vocabulary(departments, routing, routed, feedback, tenant)
        document = self.document("routing.yaml")
        check_rules(document, routing, words, self._problems)
        if redirects is not None:
            check_redirects(self.document("redirects.yaml"), redirects, words, self._problems)
        if len(self._problems) > before:
            return None  # what follows would only repeat the dangling references in other words
        check_reach(document, routing, words, self.document("categories.yaml"), self._problems)
        if redirects is None or any(category.unit not in words.units for category in routed):
            return None
        compiled = compile_routing(departments, routing, redirects, routed)
        if examples is not None:
            check_examples(self.document("routing.examples.yaml"), examples, compiled, self._problems)
        return compiled

    def _check_areas(self, routing: RoutingDocument, tenant: TenantDocument) -> None:
        for code, area in routing.areas.items():
            west, south, east, north = Area(code=code, rings=(area.ring(),)).bounds
            far = max(
                abs(west - tenant.centre.lon),
                abs(east - tenant.centre.lon),
                abs(south - tenant.centre.lat),
                abs(north - tenant.centre.lat),
            )
            if far > AREA_DISTANCE_MAX:
                what = f"a corner lies {far:.1f} degrees from the municipality's centre"
                remedy = "write each corner as [longitude, latitude]"
                self._problems.add(self.document("routing.yaml"), f"$.areas.{code}.polygon", what, remedy)


def _vocabulary(
    departments: DepartmentsDocument,
    routing: RoutingDocument,
    categories: tuple[RoutedCategory, ...],
    feedback: FeedbackDocument,
    tenant: TenantDocument,
) -> Vocabulary:
    return Vocabulary(
        kinds=tuple(feedback.kinds),
        categories=categories,
        languages=tenant.languages,
        units=_unit_codes(departments),
        areas=frozenset(routing.areas),
    )


def _unit_codes(departments: DepartmentsDocument) -> frozenset[str]:
    return frozenset(code for department in departments.departments.values() for code in department.units)


def _texts(value: Any, path: str) -> Iterator[tuple[str, LocalizedText]]:
    """Every text for people in a document, with its path."""
    match value:
        case LocalizedText():
            yield path, value
        case msgspec.Struct():
            for field in msgspec.structs.fields(value):
                yield from _texts(getattr(value, field.name), join(path, field.encode_name))
        case dict():
            for key, item in value.items():
                yield from _texts(item, join(path, key))
        case tuple():
            for at, item in enumerate(value):
                yield from _texts(item, join(path, at))


def _check_unique(tenants: list[tuple[Document, TenantDocument]], base_domain: str, problems: Problems) -> None:
    """No two municipalities answer on one host, have one code, or begin their references alike."""
    taken: dict[str, str] = {}
    for document, tenant in tenants:
        claims = [
            ("$.municipality_code", f"the municipality code {tenant.municipality_code}"),
            ("$.reference_prefix", f"the reference prefix {tenant.reference_prefix}"),
            *(
                (f"$.hosts[{at}]", f"the host {host}")
                for at, host in enumerate(tenant.full_hosts(base_domain))
            ),
        ]  # fmt: skip
        for path, claim in claims:
            if claim in taken:
                problems.add(document, path, f"{claim} is taken by {taken[claim]}", "each has its own; change one")
            taken.setdefault(claim, document.file)

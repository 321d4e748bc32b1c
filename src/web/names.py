"""Names of the tenant's own things (kinds, categories, units) in the reader's language, and of the feed."""

from datetime import date

from feedback.categories import Category
from kernel.i18n import N_
from web.site import Site
from web.views import Option, OptionGroup


def tenant_name(site: Site) -> str:
    """The municipality's name."""
    return site.config.tenant.name.in_language(site.language)


def service_name(site: Site) -> str:
    """What the service is called; Finnish takes the name's genitive, which no rule can make."""
    tenant = site.config.tenant
    name = tenant.finnish_forms.genitive if site.language == "fi" else tenant.name.in_language(site.language)
    return site.catalog.text(N_("Feedback service of %(name)s"), name=name)


def kind_name(site: Site, code: str) -> str:
    """Name of a kind; its code when the tenant offers it no more."""
    kind = site.config.feedback.find_kind(code)
    return kind.name.in_language(site.language) if kind else code


def category_name(site: Site, code: str) -> str:
    """Name of a category; its code when it is no more."""
    category = site.config.feedback.categories.find(code)
    return category.name.in_language(site.language) if category else code


def unit_name(site: Site, code: str) -> str:
    """Name of a unit."""
    unit = site.config.feedback.routing.organisation.find_unit(code)
    return unit.name.in_language(site.language) if unit else code


def department_name(site: Site, code: str) -> str:
    """Name of a department."""
    department = site.config.feedback.routing.organisation.find_department(code)
    return department.name.in_language(site.language) if department else code


def category_options(site: Site, on: date) -> tuple[OptionGroup, ...]:
    """The topics one may choose on this day, by group."""
    return tuple(
        OptionGroup(
            label=group.name.in_language(site.language),
            options=tuple(
                Option(value=category.code, text=category.name.in_language(site.language))
                for category in group.leaves()
                if category.is_valid_on(on)
            ),
        )
        for group in site.config.feedback.categories.groups
    )


def unit_options(site: Site, on: date, *, without: str | None = None) -> tuple[OptionGroup, ...]:
    """The units work may be given to on this day, by department."""
    organisation = site.config.feedback.routing.organisation
    return tuple(
        OptionGroup(
            label=department.name.in_language(site.language),
            options=tuple(
                Option(value=unit.code, text=unit.name.in_language(site.language))
                for unit in organisation.units
                if unit.department == department.code and unit.is_valid_on(on) and unit.code != without
            ),
        )
        for department in organisation.departments
    )


def category_of(site: Site, code: str) -> Category | None:
    """The category, if it is there."""
    return site.config.feedback.categories.find(code)


def feed_title(site: Site) -> str:
    """Title of the feeds."""
    return site.catalog.text(N_("Published feedback, %(name)s"), name=tenant_name(site))


def anonymous(site: Site) -> str:
    """Who a sender without a nickname is."""
    return site.catalog.gettext(N_("Anonymous"))


def answer_heading(site: Site) -> str:
    """What stands above an answer in a feed."""
    return site.catalog.gettext(N_("Answer"))

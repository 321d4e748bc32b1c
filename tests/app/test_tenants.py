"""Reading the municipalities' files: both cities as they are, and every way of getting a file wrong."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.tenants import FILES, TenantConfig, load_all, load_tenant_config
from kernel.errors import ConfigError
from kernel.yaml import load
from routing.documents import ExampleDocument, ExamplesDocument

ROOT = Path(__file__).parent.parent.parent
CONFIG = ROOT / "config" / "tenants"
GOOD = ROOT / "tests" / "configs" / "pikkula"
BAD = sorted((ROOT / "tests" / "configs" / "bad").glob("*.yaml"))
SLUGS = sorted(path.name for path in CONFIG.iterdir() if path.is_dir())
EXAMPLES = [
    pytest.param(slug, example, id=f"{slug}: {example.says}")
    for slug in SLUGS
    for example in load(CONFIG / slug / "routing.examples.yaml", ExamplesDocument).examples
]


@pytest.fixture(scope="module")
def cities() -> dict[str, TenantConfig]:
    return load_all(CONFIG)


@pytest.fixture
def pikkula(tmp_path: Path) -> Path:
    """A copy of the small municipality, to be changed."""
    return Path(shutil.copytree(GOOD, tmp_path / "pikkula"))


def problems_of(folder: Path) -> list[str]:
    """What is wrong with a municipality's files, without the way to them."""
    with pytest.raises(ConfigError) as refused:
        load_tenant_config(folder)
    return [str(problem).removeprefix(f"{folder}/") for problem in refused.value.problems]


@pytest.mark.parametrize("bad", BAD, ids=lambda path: path.stem)
def test_each_faulty_file_is_refused_with_all_its_problems_and_no_others(bad: Path, pikkula: Path) -> None:
    target, _, _ = bad.stem.partition("--")
    shutil.copy(bad, pikkula / f"{target}.yaml")
    expected = [line[3:] for line in bad.read_text(encoding="utf-8").splitlines() if line.startswith("#= ")]
    assert expected
    assert problems_of(pikkula) == expected


def test_the_municipality_that_the_faults_are_put_into_has_none() -> None:
    assert load_tenant_config(GOOD).tenant.slug == "pikkula"


def test_problems_of_all_files_come_at_once(pikkula: Path) -> None:
    for name in ("routing--unknown-unit", "branding--contrast-too-low", "categories--unknown-unit"):
        target, _, _ = name.partition("--")
        shutil.copy(GOOD.parent / "bad" / f"{name}.yaml", pikkula / f"{target}.yaml")
    (pikkula / "calendar.yaml").write_text("closed: [\n", encoding="utf-8")
    (pikkula / "publication.yaml").unlink()
    files = [problem.split(":")[0] for problem in problems_of(pikkula)]
    assert files == [
        "branding.yaml", "branding.yaml", "calendar.yaml", "categories.yaml", "publication.yaml", "routing.yaml",
    ]  # fmt: skip


def test_a_file_that_nobody_reads_is_refused(pikkula: Path) -> None:
    (pikkula / "rooting.yaml").write_text("unit: neuvonta\n", encoding="utf-8")
    assert problems_of(pikkula) == [
        "rooting.yaml:1: $: is no file of a municipality's configuration: did you mean `routing.yaml`?"
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read_makes_no_other_problem_up(name: str, pikkula: Path) -> None:
    (pikkula / name).write_text("[", encoding="utf-8")
    problems = problems_of(pikkula)
    assert len(problems) == 1
    assert problems[0].startswith(f"{name}:")


def test_two_municipalities_cannot_share_a_host_a_code_or_a_prefix(pikkula: Path) -> None:
    twin = Path(shutil.copytree(pikkula, pikkula.parent / "suurela"))
    text = (twin / "tenant.yaml").read_text(encoding="utf-8")
    hosts = "hosts: [suurela, pikkula.localhost]"
    text = text.replace("slug: pikkula", "slug: suurela").replace("hosts: [pikkula, palaute.pikkula.example]", hosts)
    (twin / "tenant.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_all(pikkula.parent)
    first = pikkula / "tenant.yaml"
    assert [(problem.path, problem.what) for problem in refused.value.problems] == [
        ("$.municipality_code", f"the municipality code 999 is taken by {first}"),
        ("$.hosts[1]", f"the host pikkula.localhost is taken by {first}"),
        ("$.reference_prefix", f"the reference prefix PIK is taken by {first}"),
    ]


def test_one_faulty_municipality_is_named_among_others(pikkula: Path) -> None:
    shutil.copytree(CONFIG / SLUGS[0], pikkula.parent / SLUGS[0])
    shutil.copy(GOOD.parent / "bad" / "routing--unknown-unit.yaml", pikkula / "routing.yaml")
    with pytest.raises(ConfigError) as refused:
        load_all(pikkula.parent)
    assert {problem.file for problem in refused.value.problems} == {str(pikkula / "routing.yaml")}


def test_a_configuration_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no folder: point KUULOLLA_CONFIG_DIR"):
        load_all(tmp_path / "absent")


def test_the_version_changes_with_any_byte_of_any_file_and_with_nothing_else(pikkula: Path) -> None:
    first = load_tenant_config(pikkula).version
    assert load_tenant_config(pikkula).version == first
    with (pikkula / "calendar.yaml").open("a", encoding="utf-8") as file:
        file.write("# a comment\n")
    second = load_tenant_config(pikkula).version
    assert len(first) == 64
    assert second != first


def test_both_cities_are_read_without_a_problem(cities: dict[str, TenantConfig]) -> None:
    assert sorted(cities) == SLUGS
    assert len(SLUGS) >= 2


@pytest.mark.parametrize(("slug", "example"), EXAMPLES)
def test_every_example_of_every_municipality_routes_as_written(
    slug: str, example: ExampleDocument, cities: dict[str, TenantConfig]
) -> None:
    routing = cities[slug].feedback.routing
    assert routing.route(routing.example_facts(example)).unit == example.unit


@pytest.mark.parametrize("slug", SLUGS)
def test_every_city_has_examples_for_every_rule(slug: str, cities: dict[str, TenantConfig]) -> None:
    routing = cities[slug].feedback.routing
    examples = load(CONFIG / slug / "routing.examples.yaml", ExamplesDocument).examples
    assert len(examples) >= 15
    used = {step.path for example in examples for step in routing.route(routing.example_facts(example)).path}
    top = {rule.path for rule in routing.tree.root.rules}
    assert top <= used


@pytest.mark.parametrize("slug", SLUGS)
def test_every_category_of_every_kind_reaches_a_unit_that_exists(slug: str, cities: dict[str, TenantConfig]) -> None:
    feedback = cities[slug].feedback
    at = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
    for category in feedback.categories.leaves():
        for kind in category.kinds:
            decision = feedback.routing.route(feedback.routing.facts(at=at, kind=kind, category=category.code))
            unit = feedback.routing.organisation.get_unit(decision.unit)
            assert unit.is_valid_on(at.date())
            assert decision.department == unit.department


@pytest.mark.parametrize("slug", SLUGS)
def test_a_question_is_promised_an_answer_and_thanks_are_not(slug: str, cities: dict[str, TenantConfig]) -> None:
    feedback = cities[slug].feedback
    assert feedback.get_kind("question").answer_promised
    assert not feedback.get_kind("thanks").answer_promised
    assert {kind.code for kind in feedback.kinds} == {"thanks", "feedback", "question", "proposal", "fault"}


@pytest.mark.parametrize("slug", SLUGS)
def test_every_city_sends_emergencies_away_before_anything_is_written(
    slug: str, cities: dict[str, TenantConfig]
) -> None:
    first = cities[slug].feedback.routing.redirects.always()[0]
    assert (first.href, first.urgent) == ("tel:112", True)


@pytest.mark.parametrize("slug", SLUGS)
def test_accessibility_feedback_has_the_law_s_limit(slug: str, cities: dict[str, TenantConfig]) -> None:
    assert cities[slug].feedback.categories.get("saavutettavuus").max_calendar_days == 14


def test_the_two_cities_share_no_object(cities: dict[str, TenantConfig]) -> None:
    first, second = (cities[slug] for slug in SLUGS[:2])
    assert first.feedback.categories is not second.feedback.categories
    assert first.feedback.routing.organisation is not second.feedback.routing.organisation
    assert first.version != second.version
    assert first.tenant.full_hosts("localhost") != second.tenant.full_hosts("localhost")


def test_labels_stand_under_the_base_domain_and_full_names_as_they_are() -> None:
    tenant = load_tenant_config(GOOD).tenant
    assert tenant.full_hosts("palaute.fi") == ("pikkula.palaute.fi", "palaute.pikkula.example")


def test_a_closed_day_of_the_municipality_reaches_its_due_dates() -> None:
    assert not load_tenant_config(GOOD).feedback.calendar.is_working_day(date(2026, 5, 15))


def test_who_decides_on_publication_follows_the_category() -> None:
    publication = load_tenant_config(GOOD).publication
    assert [publication.decider(rule) for rule in ("normal", "review", "never")] == ["handler", "publisher", None]
    assert publication.find_withholding_reason("personal_data") is not None
    assert publication.find_withholding_reason("mood") is None
    assert publication.is_nickname_reserved("Pikkulan virkailija")
    assert not publication.is_nickname_reserved("Mirja")

"""The strict loader: what it reads, what it refuses, and in which words."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import ConfigError
from kernel.yaml import Document, Fault, Problems, convert, load, parse_document

FIELDS = "name, shelves, size, open_access, mood, founded_on, moved_at, corners, tags, hours, parts, not"
KEYS = st.text(max_size=5) | st.sampled_from(["name", "shelves", "hours", "corners", "parts", "not", "tags", "opens"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    opens: time
    closes: time | None = None

    def faults(self) -> list[Fault]:
        if self.closes is not None and self.closes <= self.opens:
            return [Fault(".closes", "it closes before it opens", "put the times in order")]
        return []


class Library(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=2, max_length=20)]
    shelves: Annotated[int, msgspec.Meta(ge=1, le=99)] = 1
    size: float = 1.0
    open_access: bool = False
    mood: Literal["quiet", "lively"] = "quiet"
    founded_on: date | None = None
    moved_at: datetime | None = None
    corners: tuple[tuple[float, float], ...] = ()
    tags: str | tuple[str, ...] = ()
    hours: dict[str, Opening] = {}
    parts: dict[str, "Library"] = {}
    except_for: "Library | None" = msgspec.field(default=None, name="not")


def read(text: str) -> tuple[Library | None, list[str]]:
    problems = Problems()
    document = parse_document(text, "library.yaml", problems)
    result = None if document is None else convert(document, Library, problems)
    return result, [str(problem) for problem in problems.all()]


def test_a_correct_file_becomes_a_frozen_struct() -> None:
    library, problems = read(
        """
        name: "Pääkirjasto"
        shelves: 12
        size: 3
        open_access: true
        mood: lively
        founded_on: 1999-02-28
        moved_at: 2020-01-01T12:30
        corners: [[25.1, 60.4], [25, 60]]
        tags: [rauha, lasten]
        hours: {mon: {opens: 08:00, closes: 16:00}}
        parts: {lehdet: {name: Lehtisali, tags: yksi}}
        not: {name: Varasto}
        """
    )
    assert problems == []
    assert library == Library(
        name="Pääkirjasto",
        shelves=12,
        size=3.0,
        open_access=True,
        mood="lively",
        founded_on=date(1999, 2, 28),
        moved_at=datetime(2020, 1, 1, 12, 30),  # noqa: DTZ001 - the file says local time
        corners=((25.1, 60.4), (25.0, 60.0)),
        tags=("rauha", "lasten"),
        hours={"mon": Opening(opens=time(8), closes=time(16))},
        parts={"lehdet": Library(name="Lehtisali", tags="yksi")},
        except_for=Library(name="Varasto"),
    )


@pytest.mark.parametrize(
    "written", ["no", "on", "yes", "off", "16:00", "08:00", "1_000", "0x1F", "0o17", "04200", "2026-01-01", ".inf"]
)
def test_what_other_readers_turn_into_something_else_stays_a_text(written: str) -> None:
    library, problems = read(f"name: {written}")
    assert problems == []
    assert library is not None
    assert library.name == written


@pytest.mark.parametrize("written", ["245", "-3", "2.5", "true", "False", "null", "~", ""])
def test_a_number_true_false_or_nothing_is_no_text(written: str) -> None:
    library, problems = read(f"name: {written}")
    assert library is None
    assert len(problems) == 1
    assert problems[0].startswith("library.yaml:1: $.name: ")
    assert "where a text is expected" in problems[0]


@pytest.mark.parametrize(
    ("text", "at", "what", "remedy"),
    [
        ("name: 245", "1 $.name", "the number 245 stands where a text is expected", 'put it in quotes: "245"'),
        ("name: Koti\nname: Talo", "2 $.name", "`name` is written twice, first on line 1", "keep one of them"),
        (
            "name: Koti\nshelfs: 2",
            "2 $.shelfs",
            "`shelfs` is no key here",
            f"did you mean `shelves`? (known here: {FIELDS})",
        ),
        ("shelves: 2", "1 $", "`name` is missing", "add `name:` with a text"),
        ("name: x", "1 $.name", "'x' is too short", "write at least 2 characters"),
        ("name: xxxxxxxxxxxxxxxxxxxxx", "1 $.name", "is 21 characters long", "write at most 20 characters"),
        ("name: Koti\nshelves: 0", "2 $.shelves", "0 is too small", "write 1 or more"),
        ("name: Koti\nshelves: 100", "2 $.shelves", "100 is too large", "write 99 or less"),
        (
            'name: Koti\nshelves: "3"',
            "2 $.shelves",
            'the text "3" stands where a whole number is expected',
            "write a number without quotes",
        ),
        (
            "name: Koti\nshelves: 2.5",
            "2 $.shelves",
            "the number 2.5 stands where a whole number is expected",
            "write a number without quotes",
        ),
        (
            "name: Koti\nopen_access: yes",
            "2 $.open_access",
            'the text "yes" stands where true or false is expected',
            "write true or false, without quotes",
        ),
        (
            "name: Koti\nmood: livly",
            "2 $.mood",
            'the text "livly" is not one of lively, quiet',
            "did you mean `lively`? (known here: lively, quiet)",
        ),
        (
            "name: Koti\nfounded_on: 2026-02-30",
            "2 $.founded_on",
            "'2026-02-30' is not a date that exists",
            "write it as 2026-12-31",
        ),
        (
            "name: Koti\nfounded_on: 30.2.2026",
            "2 $.founded_on",
            "'30.2.2026' stands where a date is expected",
            "write it as 2026-12-31",
        ),
        ("name: Koti\ncorners: [[1, 2, 3]]", "2 $.corners[0]", "holds 3 items", "list exactly 2"),
        (
            "name: Koti\nhours: [mon]",
            "2 $.hours",
            "a list stands where a mapping is expected",
            "write `key: value` lines, indented below",
        ),
        (
            "name: Koti\nhours: {mon: {opens: 16:00, closes: 08:00}}",
            "2 $.hours.mon.closes",
            "it closes before it opens",
            "put the times in order",
        ),
        (
            "name: Koti\nparts:\n  a b: {name: 1}",
            "3 $.parts['a b'].name",
            "the number 1 stands where a text is expected",
            'put it in quotes: "1"',
        ),
        ("name: &koti Koti", "1 $.name", "`&koti` names a part to be repeated", "remove the anchor"),
        (
            "name: !!python/name:os.system Koti",
            "1 $.name",
            "`tag:yaml.org,2002:python/name:os.system` is a YAML tag",
            "remove the tag; put texts in quotes",
        ),
        ("name: Koti\n---\nname: Talo", "2 $", "a second document begins here", "keep one document in a file"),
        (
            "",
            "1 $",
            f"nothing stands where a mapping with {FIELDS} is expected",
            "write `key: value` lines, indented below",
        ),
    ],
)
def test_each_fault_says_where_what_and_what_to_do(text: str, at: str, what: str, remedy: str) -> None:
    line, _, path = at.partition(" ")
    assert read(text)[1] == [f"library.yaml:{line}: {path}: {what}: {remedy}"]


def test_all_faults_of_a_file_come_at_once_in_the_order_of_its_lines() -> None:
    _, problems = read("shelves: many\nmood: sad\nmood: quiet\nparts:\n  a: {name: 1}\n  b: {nam: Koti}\n")
    assert [problem.split(": ")[:2] for problem in problems] == [
        ["library.yaml:1", "$"],
        ["library.yaml:1", "$.shelves"],
        ["library.yaml:2", "$.mood"],
        ["library.yaml:3", "$.mood"],
        ["library.yaml:5", "$.parts.a.name"],
        ["library.yaml:6", "$.parts.b.nam"],
        ["library.yaml:6", "$.parts.b"],
    ]


def test_broken_yaml_is_reported_with_its_line() -> None:
    _, problems = read("name: Koti\nshelves: [1, 2\nmood: quiet\n")
    assert len(problems) == 1
    assert problems[0].startswith("library.yaml:3: $: is no YAML (")


def test_a_billion_laughs_are_refused_without_being_expanded() -> None:
    lines = ['a0: &a0 ["ha", "ha"]', *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    _, problems = read("\n".join(lines))
    assert "library.yaml:2: $.a1[0]: `*a0` repeats another part of the file: write it out here" in problems


def test_a_file_of_brackets_is_refused() -> None:
    _, problems = read("name: " + "[" * 5_000)
    assert len(problems) == 1
    assert "nested deeper than 40" in problems[0]


def test_a_list_as_a_key_is_refused() -> None:
    _, problems = read("name: Koti\n? [a, b]\n: c\n")
    assert any("a key is a list or a mapping" in problem for problem in problems)


def test_a_path_that_is_not_written_has_the_line_of_what_surrounds_it() -> None:
    document = parse_document("a:\n  b:\n    c: [1,\n      2]\n", "x.yaml", Problems())
    assert document is not None
    assert [document.line(path) for path in ("$", "$.a.b", "$.a.b.c[1]", "$.a.b.d.e", "$.z")] == [1, 2, 4, 2, 1]


def test_files_that_cannot_be_read_are_problems_too(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: ok\nmood: Järjestys\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin\.yaml:2: \$: is not UTF-8: save the file as UTF-8"):
        load(latin, Library)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "absent.yaml", Library)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, Library)
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * 2_000_001)
    with pytest.raises(ConfigError, match="is 2000001 bytes long"):
        load(huge, Library)


def test_a_correct_file_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "library.yaml"
    path.write_text("name: Koti\n", encoding="utf-8")
    assert load(path, Library) == Library(name="Koti")


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_fail_otherwise_than_with_problems(text: str) -> None:
    library, problems = read(text)
    assert library is not None or problems


@given(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)))
def test_no_data_makes_the_converter_fail_otherwise_than_with_problems(data: object) -> None:
    problems = Problems()
    document = Document("x.yaml", data, {})  # type: ignore[arg-type]  # any plain data
    assert convert(document, Library, problems) is not None or len(problems)

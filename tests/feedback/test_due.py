"""Due dates: the known right answers, the clock changes, and a slow reference for 400 days."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.due import WorkingCalendar, easter_sunday, finnish_holidays, registry_due_on

HELSINKI = ZoneInfo("Europe/Helsinki")
CALENDAR = WorkingCalendar(HELSINKI)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
spans = st.timedeltas(timedelta(0), timedelta(days=60))


def local(written: str) -> datetime:
    """A moment by the clocks of Helsinki."""
    return datetime.fromisoformat(written).replace(tzinfo=HELSINKI)


def due(arrived: str, working_days: int, calendar: WorkingCalendar = CALENDAR) -> str:
    """When it is due, by the clocks of Helsinki."""
    at = calendar.due_at(local(arrived).astimezone(UTC), working_days)
    assert at.tzinfo is UTC
    return f"{calendar.local(at):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("arrived", "working_days", "expected"),
    [
        ("2021-02-15 12:00", 1, "Tue 2021-02-16 12:00"),
        ("2021-02-19 12:00", 1, "Mon 2021-02-22 12:00"),
        ("2021-02-20 12:00", 1, "Tue 2021-02-23 00:00"),
        ("2021-02-21 12:00", 1, "Tue 2021-02-23 00:00"),
        ("2021-02-18 12:00", 2, "Mon 2021-02-22 12:00"),
        ("2021-02-20 12:00", 2, "Wed 2021-02-24 00:00"),
        ("2021-02-15 12:00", 10, "Mon 2021-03-01 12:00"),
        ("2021-02-19 12:00", 11, "Mon 2021-03-08 12:00"),
        # Maundy Thursday; Good Friday and Easter Monday are off.
        ("2026-04-02 12:00", 1, "Tue 2026-04-07 12:00"),
        # Midsummer's Eve is off.
        ("2026-06-18 12:00", 1, "Mon 2026-06-22 12:00"),
    ],
)
def test_due_dates_with_known_right_answers(arrived: str, working_days: int, expected: str) -> None:
    assert due(arrived, working_days) == expected


@pytest.mark.parametrize(
    ("arrived", "working_days", "expected"),
    [
        # Just after midnight is still that day, in winter and in summer (UTC says the day before).
        ("2026-01-12 00:30", 1, "Tue 2026-01-13 00:30"),
        ("2026-07-13 00:30", 1, "Tue 2026-07-14 00:30"),
        # Across both clock changes of 2026 the hour stays.
        ("2026-03-27 12:00", 1, "Mon 2026-03-30 12:00"),
        ("2026-10-23 12:00", 1, "Mon 2026-10-26 12:00"),
        ("2026-03-28 03:30", 1, "Tue 2026-03-31 00:00"),
        # On the night of the change itself, in the hour that is skipped and the one that comes twice.
        ("2026-03-29 03:30", 1, "Tue 2026-03-31 00:00"),
        ("2026-10-25 03:30", 1, "Tue 2026-10-27 00:00"),
        # Every other holiday of a year, each from the day before.
        ("2025-12-31 09:00", 1, "Fri 2026-01-02 09:00"),
        ("2026-01-05 09:00", 1, "Wed 2026-01-07 09:00"),
        ("2026-04-30 09:00", 1, "Mon 2026-05-04 09:00"),
        ("2026-05-13 09:00", 1, "Fri 2026-05-15 09:00"),
        ("2027-12-03 09:00", 1, "Tue 2027-12-07 09:00"),
        ("2026-12-23 09:00", 1, "Mon 2026-12-28 09:00"),
        ("2026-12-23 09:00", 4, "Thu 2026-12-31 09:00"),
        # What arrives on a holiday counts from the midnight after.
        ("2026-12-24 09:00", 1, "Tue 2026-12-29 00:00"),
    ],
)
def test_midnight_clock_changes_and_holidays_move_no_due_date(arrived: str, working_days: int, expected: str) -> None:
    assert due(arrived, working_days) == expected


def test_due_dates_are_right_in_another_time_zone() -> None:
    azores = WorkingCalendar(ZoneInfo("Atlantic/Azores"))
    arrived = datetime(2026, 3, 27, 23, 30, tzinfo=ZoneInfo("Atlantic/Azores"))
    assert azores.local(azores.due_at(arrived, 1)) == datetime(2026, 3, 30, 23, 30, tzinfo=ZoneInfo("Atlantic/Azores"))


def test_a_day_the_municipality_is_closed_is_no_working_day() -> None:
    closed = WorkingCalendar(HELSINKI, frozenset({date(2026, 5, 15)}))
    assert due("2026-05-13 09:00", 1, closed) == "Mon 2026-05-18 09:00"
    assert due("2026-05-13 09:00", 1) == "Fri 2026-05-15 09:00"


def test_arrivals_by_the_minute_for_400_days_agree_with_a_slow_count() -> None:
    for day in range(400):
        for minutes in (0, 1, 720, 1439):
            arrived = datetime.combine(date(2026, 1, 1) + timedelta(days=day), time()) + timedelta(minutes=minutes)
            for working_days in (1, 2, 5, 10):
                at = CALENDAR.due_at(arrived.replace(tzinfo=HELSINKI).astimezone(UTC), working_days)
                assert at.astimezone(HELSINKI).replace(tzinfo=None) == counted(arrived, working_days), arrived


def counted(arrived: datetime, working_days: int) -> datetime:
    """Day by day with a calendar written out by hand, without the arithmetic under test."""
    off = {
        "2026-01-01", "2026-01-06", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2026-06-19", "2026-12-24",
        "2026-12-25", "2027-01-01", "2027-01-06",
    }  # fmt: skip

    def works(on: date) -> bool:
        return f"{on:%a}" not in {"Sat", "Sun"} and on.isoformat() not in off

    at = arrived
    while not works(at.date()):
        at = datetime.combine(at.date() + timedelta(days=1), time())
    for _ in range(working_days):
        at += timedelta(days=1)
        while not works(at.date()):
            at += timedelta(days=1)
    return at


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (1818, "1818-03-22"),  # the earliest there is
        (2000, "2000-04-23"),
        (2008, "2008-03-23"),
        (2024, "2024-03-31"),
        (2025, "2025-04-20"),
        (2026, "2026-04-05"),
        (2027, "2027-03-28"),
        (2038, "2038-04-25"),  # the latest there is
        (1954, "1954-04-18"),  # the two exceptions of the lunar table
        (1981, "1981-04-19"),
    ],
)
def test_easter_falls_where_the_church_has_it(year: int, expected: str) -> None:
    assert easter_sunday(year).isoformat() == expected


def test_the_holidays_of_2026_are_the_almanac_s() -> None:
    assert sorted(day.isoformat() for day in finnish_holidays(2026)) == [
        "2026-01-01", "2026-01-06", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2026-06-19", "2026-12-06",
        "2026-12-24", "2026-12-25", "2026-12-26",
    ]  # fmt: skip


@pytest.mark.parametrize("year", range(2020, 2060))
def test_midsummer_s_eve_is_the_friday_between_19_and_25_june(year: int) -> None:
    # Ascension Day, a Thursday, may fall on the first days of June.
    eves = [day for day in finnish_holidays(year) if day.month == 6 and day.weekday() == 4]
    assert [19 <= eve.day <= 25 for eve in eves] == [True]


def test_the_law_s_days_are_counted_without_the_day_of_arrival() -> None:
    arrived = local("2026-03-20 23:30")
    assert registry_due_on(CALENDAR, arrived, 14) == date(2026, 4, 3)
    assert CALENDAR.calendar_due_at(arrived, 14) == local("2026-04-04 00:00")
    assert registry_due_on(CALENDAR, arrived, None) is None


def test_the_law_s_days_begin_by_local_clocks() -> None:
    assert registry_due_on(CALENDAR, datetime(2026, 1, 12, 22, 30, tzinfo=UTC), 1) == date(2026, 1, 14)


def test_waiting_over_the_weekend_costs_the_working_time_that_passed_and_no_more() -> None:
    due_at = CALENDAR.due_at(local("2026-01-12 12:00"), 5)
    left = CALENDAR.remaining(local("2026-01-16 12:00"), due_at)
    assert left == timedelta(days=1)
    assert CALENDAR.resume(local("2026-01-21 09:00"), left) == local("2026-01-22 09:00")
    assert CALENDAR.resume(local("2026-01-24 09:00"), left) == local("2026-01-27 00:00")


def test_what_was_overdue_stays_overdue_by_as_much() -> None:
    left = CALENDAR.remaining(local("2026-01-14 12:00"), local("2026-01-13 09:00"))
    assert left == -timedelta(days=1, hours=3)
    assert CALENDAR.resume(local("2026-01-19 12:00"), left) == local("2026-01-16 09:00")


@given(moments, st.integers(1, 40))
def test_a_due_date_lies_on_a_working_day_after_arrival(arrived: datetime, working_days: int) -> None:
    due_at = CALENDAR.due_at(arrived, working_days)
    assert due_at > arrived
    assert CALENDAR.is_working_day(CALENDAR.local(due_at).date())


@given(moments, moments, st.integers(1, 40))
def test_who_arrives_first_is_due_first(one: datetime, other: datetime, working_days: int) -> None:
    first, second = sorted((one, other))
    # In the hour that comes twice, the clock itself goes back by one.
    assert CALENDAR.due_at(first, working_days) <= CALENDAR.due_at(second, working_days) + timedelta(hours=1)


@given(moments, st.integers(1, 40))
def test_a_longer_promise_is_one_working_day_longer(arrived: datetime, working_days: int) -> None:
    shorter, longer = CALENDAR.due_at(arrived, working_days), CALENDAR.due_at(arrived, working_days + 1)
    assert longer == CALENDAR.due_at(shorter, 1)


@given(moments, st.integers(1, 30), spans)
def test_a_clock_stopped_and_started_at_once_changes_nothing(
    arrived: datetime, working_days: int, later: timedelta
) -> None:
    due_at, at = CALENDAR.due_at(arrived, working_days), arrived + later
    assert CALENDAR.resume(at, CALENDAR.remaining(at, due_at)) == due_at


@given(moments, spans)
def test_remaining_time_is_what_resume_gives_back(at: datetime, left: timedelta) -> None:
    assert abs(CALENDAR.remaining(at, CALENDAR.resume(at, left)) - left) <= timedelta(hours=1)

"""Working days and due dates: wall-clock arithmetic in the municipality's own time, so clock changes move nothing.

A due date is the moment of arrival moved on by whole working days. What arrives outside working days counts from the
midnight that begins the next one. Midnight at the beginning of a working day is the end of the one before.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SATURDAY = 5
_EPIPHANY, _MAY_DAY, _INDEPENDENCE = (1, 6), (5, 1), (12, 6)


class WorkingCalendar:
    """The working days of one municipality: Monday to Friday, less public holidays and its own closed days."""

    def __init__(self, time_zone: ZoneInfo, closed_on: frozenset[date] = frozenset()) -> None:
        self.time_zone = time_zone
        self.closed_on = closed_on

    def local(self, at: datetime) -> datetime:
        """A moment in the municipality's own time."""
        return at.astimezone(self.time_zone)

    def is_working_day(self, on: date) -> bool:
        """Whether the municipality works on this day."""
        return on.weekday() < _SATURDAY and on not in finnish_holidays(on.year) and on not in self.closed_on

    def due_at(self, arrived_at: datetime, working_days: int) -> datetime:
        """When an answer promised within so many working days is due, in UTC."""
        return self.resume(arrived_at, working_days * _DAY)

    def calendar_due_at(self, arrived_at: datetime, calendar_days: int) -> datetime:
        """End of the last of so many calendar days, in UTC; the day of arrival is not counted (Act 150/1930 §2)."""
        last = self.local(arrived_at).date() + timedelta(days=calendar_days)
        return self._utc(_midnight(last + _DAY))

    def remaining(self, at: datetime, due_at: datetime) -> timedelta:
        """Working time from `at` to `due_at`, 24 hours a working day; negative when overdue."""
        start, end = self._working(at), self._working(due_at)
        days = self._working_days_between(start.date(), end.date())
        return days * _DAY + (end - _midnight(end.date())) - (start - _midnight(start.date()))

    def resume(self, at: datetime, remaining: timedelta) -> datetime:
        """The moment that lies this much working time after `at` (before, when negative), in UTC."""
        start = self._working(at)
        days, rest = divmod(start - _midnight(start.date()) + remaining, _DAY)
        return self._utc(_midnight(self._moved(start.date(), days)) + rest)

    def _working(self, at: datetime) -> datetime:
        """A moment in wall-clock time, without zone; outside working days the midnight the next one begins with."""
        local = self.local(at).replace(tzinfo=None, fold=0)
        if self.is_working_day(local.date()):
            return local
        return _midnight(self._moved(local.date(), 1))

    def _moved(self, on: date, working_days: int) -> date:
        step = _DAY if working_days > 0 else -_DAY
        left = abs(working_days)
        while left:
            on += step
            left -= self.is_working_day(on)
        return on

    def _working_days_between(self, first: date, second: date) -> int:
        if second < first:
            return -self._working_days_between(second, first)
        return sum(self.is_working_day(first + offset * _DAY) for offset in range((second - first).days))

    def _utc(self, wall_clock: datetime) -> datetime:
        return wall_clock.replace(tzinfo=self.time_zone).astimezone(UTC)


def registry_due_on(calendar: WorkingCalendar, arrived_at: datetime, calendar_days: int | None) -> date | None:
    """Last of so many calendar days after arrival, for what the law gives days and not working days; None for none."""
    if calendar_days is None:
        return None
    return calendar.local(arrived_at).date() + timedelta(days=calendar_days)


@lru_cache(maxsize=400)
def finnish_holidays(year: int) -> frozenset[date]:
    """Finland's public holidays, and the eves of Midsummer and Christmas, on which offices are closed too.

    Holidays that always fall on a weekend (Easter Day, Pentecost, Midsummer Day, All Saints' Day) need no mention.
    """
    easter = easter_sunday(year)
    midsummer_eve = next(day for day in (date(year, 6, number) for number in range(19, 26)) if day.weekday() == 4)  # noqa: PLR2004 - Friday
    return frozenset(
        {
            date(year, 1, 1),
            date(year, *_EPIPHANY),
            easter - timedelta(days=2),  # Good Friday
            easter + timedelta(days=1),  # Easter Monday
            date(year, *_MAY_DAY),
            easter + timedelta(days=39),  # Ascension Day
            midsummer_eve,
            date(year, *_INDEPENDENCE),
            date(year, 12, 24),
            date(year, 12, 25),
            date(year, 12, 26),
        }
    )


def easter_sunday(year: int) -> date:
    """Easter of the Gregorian calendar, from the age of the moon and the day of the week."""
    golden = year % 19
    century = year // 100
    solar = century - century // 4
    lunar = (century - (century - 17) // 25) // 3
    epact_moon = (19 * golden + solar - lunar + 15) % 30
    epact_moon -= (epact_moon + golden // 11) // 29
    weekday = (year + year // 4 + epact_moon + 2 - solar) % 7
    offset = epact_moon - weekday
    month = 3 + (offset + 40) // 44
    return date(year, month, offset + 28 - 31 * (month // 4))


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time())

"""The calendars of a configuration, read once and kept until their files change.

A job that names a calendar which cannot be read is left out, as one with a mistake in its file is:
it runs on no day on which it must not, and its runs are caught up on once it is back.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scheduled.config import cache, calendar_files, paths
from scheduled.config.all_jobs import AllJobs
from scheduled.config.calendar_contract import InvalidCalendar, Span
from scheduled.config.directories import File, label
from scheduled.config.parsed import ParsedConfig
from scheduled.config.paths import PathOptions, Paths
from scheduled.errors import UnreadableFileError, UsageError, did_you_mean
from scheduled.jobs.model import Job
from scheduled.quick_classes import NamedTuple, replace
from scheduled.system.files import Stamp, stamp
from scheduled.system.stamp_cache import StampCache
from scheduled.system.trusted import Trust
from scheduled.timing import day_words
from scheduled.timing.calendars import Calendar, Calendars
from scheduled.version import __version__

SHOWN = 5
"""So many of the jobs that a calendar keeps from running are named."""


class Source(NamedTuple):
    """Where the calendars are, and how they are read."""

    options: PathOptions
    places: Paths
    parsed: ParsedConfig
    trust: Trust
    unsaved: list[StampCache]

    @property
    def configured(self) -> Mapping[str, Mapping[str, Any]]:
        """What the file says of each calendar, by name."""
        found: Mapping[str, Mapping[str, Any]] = self.parsed.settings.get("calendars", {})
        return found

    @property
    def where(self) -> str:
        """Where the file says it: `scheduled.yaml:3: calendars`."""
        path = self.places.config_path
        return f"{path.name if path else ''}:{self.parsed.lines.get('calendars', 0)}: calendars"


class _Content(NamedTuple):
    """What was read for a calendar: it, or why there is none."""

    key: str
    calendar: Calendar | None
    problem: str = ""
    is_costly: bool = False
    """Whether it took long to find the problem."""


class _Scan(NamedTuple):
    """All calendars, what is wrong with others, and the stamps of their files."""

    calendars: Mapping[str, Calendar]
    problems: Mapping[str, str]
    stamps: Mapping[str, Stamp | None]


def applied(found: AllJobs, source: Source) -> AllJobs:
    """Return the jobs with their calendars, without those that name one which cannot be read."""
    dated = [job for job in (*found.jobs, *found.offered) if job.not_on or job.only_on]
    if not dated and not source.configured:
        return found  # as of nearly every configuration
    scan = _scan(source)
    known = Calendars(scan.calendars)
    jobs, offered = (
        tuple(
            replace(job, calendars=known) if _dated(job) else job
            for job in jobs
            if _has_all(job, scan)
        )
        for jobs in (found.jobs, found.offered)
    )
    unused, problems = [], []
    for name, problem in scan.problems.items():
        users = [job.id for job in dated if name in (*job.not_on, *job.only_on)]
        sentence = f"{source.where}.{name}: {problem}"
        if users:
            problems.append(f"{sentence}; until then {_named(users)}")
        else:
            unused.append(sentence)
    problems += _unknown(dated, scan)
    return found._replace(
        jobs=jobs,
        offered=offered,
        problems=(*found.problems, *problems),
        warnings=(*found.warnings, *unused),
        stamps=scan.stamps,
        calendars=known,
    )


def unknown_name(job: Job, names: Iterable[str], usable: Calendars | None = None) -> str:
    """Return what is wrong with the first word of a job that is no name of a calendar; or ''.

    If `usable` is given, a calendar has to be among them as well.
    """
    known = [*names]
    for key, words in (("not_on", job.not_on), ("only_on", job.only_on)):
        for word in words:
            if not day_words.is_day(word) and word not in known:
                write = f"; write {day_words.FORMS}, or name it in `calendars`"
                advice = did_you_mean(word, [*known, *_WORDS], write)
                return f'{key}: no calendar is called "{word}"{advice}'
            if usable is not None and not usable.knows(word):
                return f'{key}: "{word}" cannot be read; `scheduled config validate` says why'
    return ""


_WORDS = ("weekdays", "weekends", *(name[:3] for name in day_words.WEEKDAYS), *day_words.WEEKDAYS)


def _dated(job: Job) -> bool:
    return bool(job.not_on or job.only_on)


def _has_all(job: Job, scan: _Scan) -> bool:
    """Return whether each calendar that a job names can be used."""
    return all(
        word in scan.calendars or day_words.is_day(word) for word in (*job.not_on, *job.only_on)
    )


def _unknown(jobs: Sequence[Job], scan: _Scan) -> Iterator[str]:
    for job in jobs:
        if sentence := unknown_name(job, (*scan.calendars, *scan.problems)):
            yield f"{job.source.removeprefix('built-in, ')}: {job.id}: {sentence}"


def _named(jobs: Sequence[str]) -> str:
    """Return which jobs do not run: the first of them by name."""
    shown = ", ".join(jobs[:SHOWN])
    more = f" and {len(jobs) - SHOWN} more" if len(jobs) > SHOWN else ""
    return f"{shown}{more} {'do' if len(jobs) > 1 else 'does'} not run"


def _scan(source: Source) -> _Scan:
    year = source.options.year or time.gmtime().tm_year
    span, files = Span.around(year), {}
    calendars: dict[str, Calendar] = {}
    problems: dict[str, str] = {}
    stamps: dict[str, Stamp | None] = {}
    for name, what in source.configured.items():
        if "days" in what:
            days = day_words.union(map(day_words.parse, what["days"]))
            calendars[name] = Calendar(days, source=", ".join(what["days"]))
            continue
        try:
            path, file = _file(what, source)
        except InvalidCalendar as error:
            problems[name] = str(error)
            continue
        stamps[path] = file.stamp
        if file.refusal:
            problems[name] = file.refusal
        else:
            files[name] = file
    contents = {each.key: each for each in _contents(files, source, span)}
    for name, file in files.items():
        content = contents[file.path]
        if content.calendar is not None:
            calendars[name] = content.calendar
        else:
            problems[name] = content.problem
    return _Scan(calendars, problems, stamps)


def _file(what: Mapping[str, str], source: Source) -> tuple[str, File]:
    """Return the file that a calendar is made of, with its path. Raise InvalidCalendar."""
    if "country" in what:
        from scheduled.config import country_holidays

        package = country_holidays.package_file()
        if not package:
            raise InvalidCalendar(country_holidays.NEEDS)
        key = "\n".join((package, what["country"], what.get("subdivision", "")))
        return package, File(key, "", stamp(Path(package)))
    assert source.places.config_path is not None
    base = source.places.config_path.parent
    try:
        path = paths.absolute(what["file"], base, source.options.environ)
    except UsageError as error:
        raise InvalidCalendar(str(error)) from None
    shown, mark = label(path, base), stamp(path)
    if mark is None:
        there = "not a file" if os.path.lexists(path) else "no such file"
        advice = "put it there, or correct the name"
        if "://" in what["file"]:
            there, advice = "no file", "have a job fetch it, and name the file that it writes"
            shown = what["file"]
        return str(path), File(str(path), shown, None, f"{shown}: {there}; {advice}")
    return str(path), File(str(path), shown, mark, "; ".join(source.trust.problems(path)))


def _contents(files: Mapping[str, File], source: Source, span: Span) -> list[_Content]:
    """Return what the calendars hold; only changed files are read."""
    if not files:
        return []
    place = source.places.config_path or source.places.root
    kept = cache.file_for(source.places.state_dir / "cache", place, source.unsaved, "calendars")
    key = {"version": __version__, "years": [*span]}
    distinct = {file.path: file for file in files.values()}
    read = _Reader(source.trust, span)
    codec = cache.RowCodec(_encode, _decode)
    return cache.read_files(kept, key, [*distinct.values()], read, codec)


def _encode(content: _Content) -> cache.Row | None:
    """Return what is kept; what is wrong may get right without a change to the file."""
    if content.calendar is None:
        return [content.key, content.problem] if content.is_costly else None
    return [content.key, *calendar_files.row(content.calendar)]


def _decode(row: cache.Row) -> _Content:
    if len(row) == 2:
        return _Content(row[0], None, str(row[1]), is_costly=True)
    return _Content(row[0], calendar_files.from_row(row[1:]))


class _Reader:
    def __init__(self, trust: Trust, span: Span) -> None:
        self._trust, self._span = trust, span

    def __call__(self, file: File) -> _Content:
        """Return the calendar of a file, or of a country, or why there is none."""
        shown = file.folder
        try:
            if not shown:
                from scheduled.config import country_holidays

                _, country, subdivision = file.path.rsplit("\n", 2)
                return _Content(file.path, country_holidays.read(country, subdivision, self._span))
            data = self._trust.read(file.path)
            return _Content(file.path, calendar_files.read(file.path, data, self._span))
        except UnreadableFileError as error:
            return _Content(file.path, None, f"{shown}: {error.reason}")
        except InvalidCalendar as error:
            place = f"{shown}:{error.line}: " if error.line else f"{shown}: " if shown else ""
            return _Content(file.path, None, f"{place}{error}", error.is_costly)

"""Bars: read from a file, scaled, gathered into weeks, and written back as a file.

This module must not know formulas.
"""

import csv
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from functools import wraps
from pathlib import Path

FIELDS = ("open", "high", "low", "close", "volume")
PRICES = FIELDS[:4]


@dataclass
class Bars:
    """Columns of one file, oldest bar first; prices and volumes exactly as written."""

    name: str
    path: Path
    time: list
    columns: dict
    memory: dict = field(default_factory=dict)

    def __len__(self):
        return len(self.time)

    def __getitem__(self, name):
        return self.columns[name]

    def label(self, t):
        moment = self.time[t]
        return moment.strftime("%Y-%m-%d" if moment.hour == moment.minute == 0 else "%Y-%m-%dT%H:%MZ")


def remembered(function):
    """Works a column of these bars out once."""

    @wraps(function)
    def of(bars, *arguments):
        key = (function.__name__, arguments)
        if key not in bars.memory:
            bars.memory[key] = function(bars, *arguments)
        return bars.memory[key]

    return of


def read(path, name=None):
    """Reads `time,open,high,low,close,volume`, or Yahoo's `Date,...,Adj Close,Volume`."""
    with open(path, newline="") as file:
        rows = [{key.strip().lower(): value for key, value in row.items()} for row in csv.DictReader(file)]
    clock = "time" if "time" in rows[0] else "date"
    time = [datetime.fromisoformat(row[clock].replace("Z", "")) for row in rows]
    columns = {f: [Fraction(row[f]) for row in rows] for f in FIELDS}
    return Bars(name or Path(path).stem, Path(path), time, columns)


def decimal(x):
    """A fraction whose denominator divides a power of ten, as plain digits."""
    digits = 0
    while (x * 10**digits).denominator != 1:
        digits += 1
    text = str(abs(int(x * 10**digits))).rjust(digits + 1, "0")
    whole, part = (text[:-digits], text[-digits:]) if digits else (text, "")
    return ("-" if x < 0 else "") + whole + ("." + part if part else "")


def write(bars, path):
    """Writes the bars in the layout `time,open,high,low,close,volume`."""
    daily = all(m.hour == m.minute == 0 for m in bars.time)
    stamp = "%Y-%m-%d" if daily else "%Y-%m-%dT%H:%M:%SZ"
    with open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("time", *FIELDS))
        for t, moment in enumerate(bars.time):
            out.writerow((moment.strftime(stamp), *(decimal(bars[f][t]) for f in FIELDS)))
    bars.path = Path(path)
    return bars


def scaled(bars, factor, path):
    """The same bars with every price times `factor`."""
    columns = {f: [x * factor for x in bars[f]] if f in PRICES else bars[f] for f in FIELDS}
    return write(Bars(f"{bars.name} x{factor}", path, bars.time, columns), path)


def cut(bars, length, path):
    """The first `length` bars."""
    columns = {f: bars[f][:length] for f in FIELDS}
    return write(Bars(f"{bars.name}[..{length}]", path, bars.time[:length], columns), path)


def weeks(bars):
    """Bars of weeks from Monday on, and for each bar the index of its week."""
    of, starts = [], []
    for moment in bars.time:
        monday = (moment - timedelta(days=moment.weekday())).replace(hour=0, minute=0, second=0)
        if not starts or starts[-1] != monday:
            starts.append(monday)
        of.append(len(starts) - 1)
    groups = [[t for t, w in enumerate(of) if w == week] for week in range(len(starts))]
    columns = {
        "open": [bars["open"][g[0]] for g in groups],
        "high": [max(bars["high"][t] for t in g) for g in groups],
        "low": [min(bars["low"][t] for t in g) for g in groups],
        "close": [bars["close"][g[-1]] for g in groups],
        "volume": [sum(bars["volume"][t] for t in g) for g in groups],
    }
    return Bars(f"{bars.name} 1w", bars.path, starts, columns), of

"""Series on which careless arithmetic goes wrong, made anew for each run and always the same.

This module must not know formulas.
"""

from datetime import datetime, timedelta
from fractions import Fraction
from random import Random

from series import Bars, write

START = datetime(2024, 1, 1)
LENGTH = 90


def bars(name, rows, step=timedelta(days=1), times=None):
    times = times or [START + step * t for t in range(len(rows))]
    columns = dict(zip(("open", "high", "low", "close", "volume"), map(list, zip(*rows))))
    return Bars(name, None, times, columns)


def cents(x):
    return Fraction(round(x * 100), 100)


def walk(seed, length, start=100.0, volume=(1, 10_000)):
    """A random walk in whole cents with a range around open and close."""
    random, rows, close = Random(seed), [], cents(start)
    for _ in range(length):
        first = close + cents(random.uniform(-0.5, 0.5))
        close = max(first + cents(random.gauss(0, 1.2)), Fraction(1))
        high = max(first, close) + cents(random.uniform(0, 1))
        low = max(min(first, close) - cents(random.uniform(0, 1)), Fraction(1, 2))
        rows.append((first, high, low, close, Fraction(random.randint(*volume))))
    return rows


def flat(price, count, volume=5000):
    return [(price,) * 4 + (Fraction(volume),)] * count


def times_prices(row, factor):
    return tuple(x * factor for x in row[:4]) + row[4:]


def rising(step):
    rows = []
    for t in range(LENGTH):
        price = 100 + step * t
        half = Fraction(1, 20)
        rows.append((price - step / 2, max(price, price - step / 2) + half, price - half - abs(step), price, Fraction(1000 + t)))
    return rows


def gaps():
    """Missing days and prices that leap over the range of the day before."""
    random, times, rows, moment = Random(11), [], [], START
    for row in walk(12, LENGTH):
        moment += timedelta(days=random.choice((1, 1, 1, 3, 10)))
        times.append(moment)
        leap = Fraction(random.choice((0, 0, 0, 15, 30)))
        rows.append(tuple(x + leap for x in row[:4]) + row[4:])
    return bars("gaps", rows, times=times)


def family():
    """Every series; each name says what is nasty about it."""
    plain = walk(1, LENGTH)
    quiet = Fraction(1001, 10)
    alternating = [(Fraction(p), Fraction(p), Fraction(p), Fraction(p), Fraction(100)) for p in (100, 101) * (LENGTH // 2)]
    pieces = plain[:30] + flat(plain[29][3], 30) + [tuple(row) for row in walk(2, 30, float(plain[29][3]))]
    return [
        bars("constant", flat(quiet, LENGTH)),
        bars("flat stretch", pieces),
        bars("zero volume", [row[:4] + (Fraction(0),) if 25 <= t < 65 else row for t, row in enumerate(plain)]),
        bars("no volume at all", [row[:4] + (Fraction(0),) for row in walk(3, 60)]),
        bars("jump 1e6 and back", [times_prices(row, 10**6) if 40 <= t < 45 else row for t, row in enumerate(plain)]),
        bars("alternating", alternating),
        bars("tiny ticks", [times_prices(row, Fraction(1, 10**6)) for row in walk(4, LENGTH, 1.5)]),
        bars("huge volumes", [row[:4] + (row[4] * 10**9 + Fraction(12_345_678, 10**8),) for row in walk(5, LENGTH)]),
        bars("rising", rising(Fraction(1, 4))),
        bars("falling", rising(Fraction(-1, 4))),
        bars("one price a bar", [(r[3], r[3], r[3], r[3], r[4]) for r in walk(6, LENGTH)]),
        bars("2 bars", plain[:2]),
        bars("10 bars", walk(7, 10)),
        gaps(),
        bars("hours", walk(8, LENGTH), timedelta(hours=1)),
    ]


def all_written(folder):
    return [write(b, folder / (b.name.replace(" ", "-") + ".csv")) for b in family()]

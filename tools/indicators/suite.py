"""Puts the parts together: series, rows, judges and the report."""

import argparse
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import adversarial
import judge
import library
import library_differences
import own_rows
import program
import reference
import rows
import series

DATA = Path(__file__).resolve().parents[2] / "data"
REAL = ("IBM", "GOOG", "AAPL", "MSFT")
# Long enough for windows of 200 bars and the warm-up of what stands on them.
SLICE = 420
# Windows from here on are checked on the long stretch; a short series needs one, to be undefined.
SHORT = 100
SHOWN = 3


def real():
    return [series.read(DATA / f"{name}-1d.csv") for name in REAL]


def short(table):
    """Rows with windows that fit a short series, and one that doesn't."""
    return [r for r in table if r.reach < 3 * SHORT or r.text == "sma(close, 200)"]


def long(table):
    """Rows with windows of 50 bars and more."""
    return [r for r in table if r.reach >= 3 * 50]


class Report:
    """Counts what was compared and prints what differs."""

    def __init__(self):
        self.values = 0
        self.wrong = 0

    def compared(self, found, count):
        self.values += count
        self.wrong += len(found)
        for mismatch in found[:SHOWN]:
            print(mismatch)
        if len(found) > SHOWN:
            print(f"MISMATCH {found[0].text} | {found[0].series} | and on {len(found) - SHOWN} bars more")

    def refused(self, bars, refused):
        self.wrong += len(refused)
        for text, error in refused.items():
            print(f"MISMATCH {text} | {bars.name} | refused: {error}")


def against_library(report, bars, table):
    """Every bar after TA-Lib's warm-up, and the warm-up itself. Where the two differ, the exact
    value decides who is right."""
    ours, refused = program.evaluate(bars, [r.text for r in table])
    report.refused(bars, refused)
    prepared, rounding = library.arrays(bars), 0
    for row in (r for r in table if r.text in ours):
        theirs, mine = library.column(row.talib, prepared), ours[row.text]
        if library.warm_up(mine) != library.warm_up(theirs):
            print(f"MISMATCH {row.text} | {bars.name} | the first value is on bar {library.warm_up(mine)},"
                  f" TA-Lib's on bar {library.warm_up(theirs)}")
            report.wrong += 1
        doubtful = judge.differences(row, bars, mine, theirs)
        if doubtful:
            exact = reference.columns(bars, [row.text])[row.text]
            found = judge.mismatches(row, bars, mine, exact, "exact")
            rounding += len(doubtful) if not found else 0
            report.compared(found, len(mine))
        else:
            report.compared([], len(mine))
    print(f"{bars.name}: {len(table)} formulas against TA-Lib on {len(bars)} bars"
          f" ({rounding} values decided by the exact reference)")


def against_exact(report, bars, table, exact):
    """Every bar against the exact reference; gives our values back."""
    ours, refused = program.evaluate(bars, [r.text for r in table])
    report.refused(bars, refused)
    for row in (r for r in table if r.text in ours):
        found = judge.mismatches(row, bars, ours[row.text], exact[row.text], "exact")
        report.compared(found, len(bars))
    return ours


def against_weeks(report, bars):
    """Weeks on daily bars: a week may show from its own last bar on or from the next bar on, but
    the same for all formulas."""
    table = own_rows.weekly()
    ours, refused = program.evaluate(bars, [r.text for r in table])
    report.refused(bars, refused)
    results = []
    for with_last_bar in (False, True):
        exact = reference.columns(bars, [r.text for r in table], with_last_bar)
        results.append([judge.mismatches(r, bars, ours[r.text], exact[r.text], "exact") for r in table if r.text in ours])
    best = min(results, key=lambda found: sum(map(len, found)))
    for found in best:
        report.compared(found, len(bars))


def scaling(report, bars, table, before, folder):
    """Prices times 1000: prices grow with them, ratios stay."""
    grown = series.scaled(bars, 1000, folder / "scaled.csv")
    table = [r for r in table if r.power is not None and r.text in before]
    after, refused = program.evaluate(grown, [r.text for r in table])
    report.refused(grown, refused)
    for row in (r for r in table if r.text in after):
        factor = float(Fraction(1000) ** row.power)
        wanted = [x if x is None or isinstance(x, bool) else x * factor for x in before[row.text]]
        report.compared(judge.mismatches(row, grown, after[row.text], wanted, "scaled"), len(bars))
    print(f"{bars.name}: {len(table)} formulas with prices times 1000")


def exact_work(folder, wanted):
    """(bars, rows) for the exact reference: a stretch of real bars for the long windows, a short
    listing from its first bar for the others, and every made-up series."""
    every = [r for r in rows.with_talib() + own_rows.without_talib() if wanted(r)]
    whole = series.read(DATA / "FB-1d.csv")
    stretch = series.cut(series.read(DATA / "IBM-1d.csv"), SLICE, folder / "IBM-cut.csv")
    return [(stretch, long(every)), (whole, short(every))] + [(b, short(every)) for b in adversarial.all_written(folder)]


def list_departures(folder, form):
    work = exact_work(folder, lambda r: r.talib)
    exact = reference.begin([(b, [r.text for r in table]) for b, table in work])
    found = []
    for (bars, table), values in zip(work, exact):
        found += library_differences.departures(bars, table, values.result())
    for line in form(found):
        print(line)
    return 0


def check(folder, wanted):
    begun, report = time.monotonic(), Report()
    work = exact_work(folder, wanted)
    exact = reference.begin([(b, [r.text for r in table]) for b, table in work])
    for bars in real():
        against_library(report, bars, [r for r in rows.with_talib() if wanted(r)])
    for k, ((bars, table), values) in enumerate(zip(work, exact)):
        ours = against_exact(report, bars, table, values.result())
        print(f"{bars.name}: {len(table)} formulas against the exact reference on {len(bars)} bars")
        if k < 2:
            scaling(report, bars, table, ours, folder)
            against_weeks(report, bars)
    verdict = f"{report.wrong} differences" if report.wrong else "no difference"
    print(f"{report.values} values compared, {verdict}, {time.monotonic() - begun:.0f} s")
    return 1 if report.wrong else 0


def main(usage):
    parser = argparse.ArgumentParser(description=usage, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="TA-Lib's departures, one a line")
    parser.add_argument("--markdown", action="store_true", help="TA-Lib's departures as a table")
    parser.add_argument("--only", default="", metavar="TEXT", help="only formulas that contain this")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.list or options.markdown:
            form = library_differences.lines if options.list else library_differences.markdown
            return list_departures(Path(folder), form)
        program.binary()
        return check(Path(folder), lambda row: options.only in row.text)

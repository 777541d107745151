"""Compares Cofferdam's speed with backtesting.py and vectorbt, and its money with exact numbers.

All of them run one strategy over the same made-up minute bars: long while the average of 7 closes
lies above that of 30, for half of the equity, filled at the next open. Cofferdam's final equity,
fees and trades have to be those of exact.py to the last decimal; those of the others are shown.
Cofferdam is the program at COFFERDAM_BIN, or target/release/cofferdam.

exit codes: 0 Cofferdam equals the reference, 1 it differs, 2 there is nothing to compare
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "speed.md"
FAST, SLOW = 7, 30
FEE, NO_FEE = "0.001", "0"
# Beyond so many bars the fee would eat the account.
FEE_BARS_MAX = 100_000
ENGINE_BARS_MAX = 100_000
BARS_MAX = 5_000_000
# A week: a sweep rests on the Sharpe ratio of daily returns, and two days have no sound one.
SWEEP_BARS_MIN = 10_000
RUNS = 3
GRID = ("fast=5..36:1", "slow=40..164:4")
PAIRS = [(fast, slow) for fast in range(5, 37) for slow in range(40, 165, 4)]
PROBE_BARS = 10_000
CENT = Decimal("0.01")


def say(words):
    print(words, file=sys.stderr, flush=True)


def sizes(text):
    try:
        counts = sorted({int(part) for part in text.split(",") if part})
    except ValueError:
        remedy = "write whole numbers with commas, as in 10000,100000"
        raise argparse.ArgumentTypeError(f"{text!r}: {remedy}") from None
    if any(not 100 <= count <= BARS_MAX for count in counts):
        raise argparse.ArgumentTypeError(f"{text!r}: each has to be from 100 to {BARS_MAX}")
    return counts


def arguments():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="compare", description=__doc__, formatter_class=form)
    add = parser.add_argument
    usual = [10_000, 100_000, 1_000_000]
    lengths = "lengths of the single runs; 10000,100000,1000000 when left out, '' for none"
    add("--bars", type=sizes, default=usual, metavar="N,N,...", help=lengths)
    length = "length of the sweep's bars, 100000 when left out; 0 for no sweep"
    add("--sweep-bars", type=int, default=100_000, metavar="N", help=length)
    patience = "leave out what backtesting.py would take longer for; 120 when left out"
    add("--patience", type=float, default=120, metavar="SECONDS", help=patience)
    add("--keep", type=Path, metavar="FOLDER", help="keep bars and strategy there")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    form.add_argument("--write", action="store_true", help="write the tables into docs/speed.md")
    wanted = parser.parse_args()
    if wanted.sweep_bars and not SWEEP_BARS_MIN <= wanted.sweep_bars <= BARS_MAX:
        parser.error(f"--sweep-bars {wanted.sweep_bars}: 0, or from {SWEEP_BARS_MIN} to {BARS_MAX}")
    return wanted


class Comparison:
    """Measures everything and keeps what differs."""

    def __init__(self, wanted, place):
        self.wanted, self.place, self.differences = wanted, place, []
        self.bars = walk.make(max([*wanted.bars, wanted.sweep_bars, PROBE_BARS]))
        self.strategy = place / "crossover.toml"
        self.strategy.write_text(program.STRATEGY)
        self.pace = None

    def file(self, count):
        path = self.place / f"{count}.csv"
        bars = self.bars.first(count)
        bars.write(path)
        return path, bars

    def check(self, what, told, outcome):
        """The same money and trades as the reference, or a difference to report."""
        reference = {"equity": outcome.amount(outcome.equity), "fees": outcome.amount(outcome.fees)}
        for name, value in (reference | {"trades": outcome.trades}).items():
            if told[name] != value:
                self.differences.append(f"{what}: {name} {told[name]}, exact {value}")

    def backtesting(self, count, bars, fee):
        """Its run, unless it would take too long by the pace of a shorter one."""
        if self.pace is None and count > PROBE_BARS:
            probe = others.backtesting(self.bars.first(PROBE_BARS), FAST, SLOW, fee)
            self.pace = probe["seconds"] / PROBE_BARS
        if self.pace and self.pace * count > self.wanted.patience:
            return {"skipped": f"left out: more than {self.wanted.patience:g} s"}
        told = others.backtesting(bars, FAST, SLOW, fee)
        self.pace = told["seconds"] / count
        return told

    def single(self, count):
        fee = FEE if count <= FEE_BARS_MAX else NO_FEE
        path, bars = self.file(count)
        outcome = exact.run(bars, FAST, SLOW, Fraction(fee))
        say(f"{count} bars: cofferdam ...")
        programs = {"cofferdam screen": program.screen(self.strategy, path, fee, exact.CASH)}
        if count <= ENGINE_BARS_MAX:
            runs = [program.engine(self.strategy, path, fee, exact.CASH) for _ in range(RUNS)]
            fastest = min(runs, key=lambda run: run["seconds"])
            programs["cofferdam engine"] = fastest | {"runs": RUNS}
        for name, told in programs.items():
            if told["bars"] != count:
                raise program.Failed(f"{name} tells {told['bars']} bars of {count}")
            self.check(f"{name}, {count} bars, fee {fee}", told, outcome)
        say(f"{count} bars: backtesting.py ...")
        programs["backtesting.py"] = self.backtesting(count, bars, Fraction(fee))
        say(f"{count} bars: vectorbt ...")
        programs["vectorbt"] = others.vectorbt(bars, FAST, SLOW, Fraction(fee))
        for told in programs.values():
            if "seconds" in told:
                told["bars_per_second"] = count / told["seconds"]
        reference = {"equity": outcome.amount(outcome.equity), "fees": outcome.amount(outcome.fees)}
        reference["trades"] = outcome.trades
        return {"bars": count, "fee": fee, "reference": reference, "programs": programs}

    def sweep(self):
        count = self.wanted.sweep_bars
        path, bars = self.file(count)
        say(f"sweep over {count} bars: exact reference ...")
        outcomes = {pair: exact.run(bars, *pair, Fraction(FEE)) for pair in PAIRS}
        say(f"sweep over {count} bars: cofferdam ...")
        programs = self.screened(count, path, outcomes)
        say(f"sweep over {count} bars: vectorbt ...")
        speed = others.vectorbt_sweep(bars, PAIRS, Fraction(FEE))
        equities = {pair: Decimal(equity) for pair, equity in speed.pop("equities").items()}
        programs.append({"program": "vectorbt", "threads": 1} | speed | near(equities, outcomes))
        for speed in programs:
            speed["set_bars_per_second"] = len(PAIRS) * count / speed["seconds"]
        return {"sets": len(PAIRS), "bars": count, "fee": FEE, "programs": programs}

    def screened(self, count, path, outcomes):
        """Cofferdam's sweep: every set against the reference, and its speed by threads."""
        parts = (self.strategy, path, FEE, exact.CASH, GRID)
        told = program.sweep_outcomes(*parts, self.place)
        if sorted(told) != sorted(PAIRS):
            raise program.Failed(f"the sweep's log has {len(told)} sets of {len(PAIRS)}")
        for (fast, slow), found in told.items():
            what = f"sweep over {count} bars, fast {fast}, slow {slow}"
            self.check(what, found, outcomes[fast, slow])
        off = near({pair: found["equity"] for pair, found in told.items()}, outcomes)
        programs = []
        for threads in sorted({1, os.cpu_count() or 1}):
            speeds = [program.sweep(*parts, threads) for _ in range(RUNS)]
            speed = min(speeds, key=lambda run: run["seconds"])
            if (speed["sets"], speed["bars"]) != (len(PAIRS), count):
                told = f"{speed['sets']} sets over {speed['bars']} bars"
                raise program.Failed(f"the sweep tells {told}, not {len(PAIRS)} over {count}")
            name = {"program": "cofferdam screen", "threads": threads, "runs": RUNS}
            programs.append(name | speed | off)
        return programs


def near(equities, outcomes):
    """How many are the reference's to the cent, and how far off the furthest is."""
    off = [abs(equities[pair] - outcome.amount(outcome.equity)) for pair, outcome in outcomes.items()]
    return {"equal": sum(difference < CENT for difference in off), "off_most": max(off)}


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def result(wanted, place):
    cofferdam, _, _ = program.call(["--version"])
    comparison = Comparison(wanted, place)
    runs = [comparison.single(count) for count in wanted.bars]
    sweep = comparison.sweep() if wanted.sweep_bars else None
    names = ("backtesting", "vectorbt", "numba", "numpy", "pandas")
    versions = {"cofferdam": cofferdam.split()[-1], "python": platform.python_version()}
    return {
        "machine": {"cores": os.cpu_count(), "processor": processor()},
        "versions": versions | {name: version(name) for name in names},
        "runs": runs,
        "sweep": sweep,
        "measured": report.NOTES,
        "differences": comparison.differences,
    }


def main():
    wanted = arguments()
    load()
    if wanted.write and not report.renewable(DOCS.read_text(encoding="utf-8")):
        say(f"speed: {DOCS} has no place for the tables: {report.BEGIN} and then {report.END}")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        place = wanted.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        try:
            found = result(wanted, place)
        except program.Failed as error:
            sys.stderr.write(f"speed: {error}\n")
            return 2
    if wanted.write and not found["differences"]:
        DOCS.write_text(report.renewed(DOCS.read_text(encoding="utf-8"), found), encoding="utf-8")
        print(f"renewed {DOCS}")
    elif wanted.json:
        print(json.dumps(found, indent=2, default=lambda amount: f"{amount:f}"))
    elif wanted.markdown:
        print(report.markdown(found))
    else:
        print(report.text(found))
    if found["differences"] and (wanted.json or wanted.markdown):
        say(report.verdict(found))
    return 1 if found["differences"] else 0


def load():
    """The modules that need the virtual environment, after the options were understood."""
    global exact, others, program, report, walk
    import exact
    import others
    import program
    import report
    import walk


if __name__ == "__main__":
    sys.exit(main())

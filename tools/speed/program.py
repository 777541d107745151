"""Asks Cofferdam through its command line and reads what it prints.

An answer of another form than the documented one is an error that names what is missing. This
module must not know the reference.
"""

import json
import os
import re
import subprocess
import time
from decimal import Decimal, InvalidOperation
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STRATEGY = """\
name = "Crossover"
symbols = ["XYZ"]
timeframe = "1m"

[params]
fast = { default = 7, min = 2, max = 100 }
slow = { default = 30, min = 2, max = 500 }

[entry]
long = "crosses_above(sma(close, fast), sma(close, slow))"

[exit]
long = "crosses_below(sma(close, fast), sma(close, slow))"

[size]
percent_equity = 50
"""
SCREENED = re.compile(r"^screened (\d+) sets over (\d+) bars in ([0-9.]+) s\b")
ANSWER_SECONDS_MAX = 1_800


class Failed(Exception):
    """Why there is nothing to compare."""


def binary():
    target = os.environ.get("CARGO_TARGET_DIR") or ROOT / "target"
    path = Path(os.environ.get("COFFERDAM_BIN") or Path(target) / "release" / "cofferdam")
    if not path.is_file():
        remedy = "build it (cargo build --release -p cofferdam) or set COFFERDAM_BIN"
        raise Failed(f"no program at {path}: {remedy}")
    return path


def call(arguments):
    """(standard output, standard error, seconds of the whole command)."""
    command = [str(binary()), *map(str, arguments)]
    begun = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"no answer within {ANSWER_SECONDS_MAX} s: {' '.join(command)}") from error
    seconds = time.perf_counter() - begun
    if done.returncode:
        why = (done.stderr or done.stdout).strip()
        raise Failed(f"exit code {done.returncode} from: {' '.join(command)}\n{why}")
    return done.stdout, done.stderr, seconds


def document(text):
    try:
        return json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise Failed(f"the answer is no JSON ({error}): {text[:200]!r}") from error


def pick(answer, path, kind):
    """A value of the answer by its path."""
    value = answer
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            raise Failed(f"the answer has no {path}; is the program older than this script?")
        value = value[name]
    try:
        return kind(value)
    except (TypeError, ValueError, InvalidOperation) as error:
        raise Failed(f"the answer's {path} is {value!r}, which is no {kind.__name__}") from error


def terms(bars, fee, cash):
    return ["--bars", bars, "--calendar", "24/7", "--fee", fee, "--cash", cash]


def screen(strategy, bars, fee, cash):
    """One run of the kernel alone, over bars that are in memory."""
    out, _, whole = call(["backtest", strategy, *terms(bars, fee, cash), "--screen", "--json"])
    answer = document(out)
    kinds = {"bars": int, "trades": int, "equity": Decimal, "fees": Decimal, "runs": int}
    kinds |= {"seconds": float, "prepare_seconds": float}
    told = {name: pick(answer, f"screen.{name}", kind) for name, kind in kinds.items()}
    if told["seconds"] <= 0 or told["runs"] < 1:
        raise Failed(f"screen tells {told['runs']} runs in {told['seconds']} s: both have to be above 0")
    return told | {"command_seconds": whole}


def engine(strategy, bars, fee, cash):
    """One backtest by the engine, with every figure; the time is that of the whole command."""
    out, _, whole = call(["backtest", strategy, *terms(bars, fee, cash), "--json"])
    answer = document(out)
    kinds = {"final_equity": Decimal, "total_fees": Decimal, "trade_count": int}
    told = {name: pick(answer, f"statistics.{name}", kind) for name, kind in kinds.items()}
    return {
        "bars": pick(answer, "bars", int),
        "trades": told["trade_count"],
        "equity": told["final_equity"],
        "fees": told["total_fees"],
        "seconds": whole,
    }


def sweep(strategy, bars, fee, cash, grid, threads):
    """A search over a grid. The kernel's time is what the program tells on standard error."""
    axes = [part for axis in grid for part in ("--grid", axis)]
    common = ["sweep", strategy, *terms(bars, fee, cash), *axes, "--threads", threads, "--json"]
    out, err, whole = call(common)
    trials = pick(document(out), "trials", int)
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    found = SCREENED.match(lines[-1]) if lines else None
    if not found:
        told = repr(lines[-1]) if lines else "nothing"
        wanted = "screened SETS sets over BARS bars in SECONDS s"
        raise Failed(f"the last line on standard error is {told}, not {wanted!r}")
    sets, count, seconds = int(found[1]), int(found[2]), float(found[3])
    if sets != trials or seconds <= 0:
        raise Failed(f"{sets} sets screened in {seconds} s, but {trials} in the report")
    return {"sets": sets, "bars": count, "seconds": seconds, "command_seconds": whole}


def whole(text):
    return int(Decimal(text))


def sweep_outcomes(strategy, bars, fee, cash, grid, place):
    """{(fast, slow): equity, fees and trades} of every set of a search, from its log."""
    axes = [part for axis in grid for part in ("--grid", axis)]
    log = place / "sweep.jsonl"
    log.unlink(missing_ok=True)
    call(["sweep", strategy, *terms(bars, fee, cash), *axes, "--out", log, "--json"])
    outcomes = {}
    for line in log.read_text().splitlines()[1:]:
        row = document(line)
        key = (pick(row, "params.fast", whole), pick(row, "params.slow", whole))
        outcomes[key] = {
            "equity": pick(row, "figures.final_equity", Decimal),
            "fees": pick(row, "figures.total_fees", Decimal),
            "trades": pick(row, "figures.trade_count", whole),
        }
    return outcomes

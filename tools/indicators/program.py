"""Runs `cofferdam formula eval` and reads what it prints.

This module must not know which formulas are checked.
"""

import csv
import os
import subprocess
import sys
from pathlib import Path

AT_ONCE = 100
TRUTH = {"true": True, "false": False}


def binary():
    path = os.environ.get("COFFERDAM_BIN")
    if not path or not Path(path).exists():
        sys.exit(f"indicators: set COFFERDAM_BIN to the program (it is {path or 'not set'})")
    return path


def number(text):
    if text == "":
        return None
    return TRUTH[text] if text in TRUTH else float(text)


def batch(path, texts, count):
    """The columns of one call, or what went wrong."""
    call = [binary(), "formula", "eval", str(path), *texts, "--csv", "--calendar", "24/7"]
    done = subprocess.run(call, capture_output=True, text=True, timeout=120)
    if done.returncode:
        return None, (done.stderr or done.stdout).strip().replace("\n", " ")
    rows = list(csv.reader(done.stdout.splitlines()))
    if len(rows) != count + 1 or any(len(row) != len(texts) + 1 for row in rows):
        widths = sorted({len(row) for row in rows})
        return None, f"{len(rows) - 1} lines of {widths} fields for {count} bars and {len(texts)} formulas"
    try:
        return [[number(row[k + 1]) for row in rows[1:]] for k in range(len(texts))], None
    except ValueError as error:
        return None, str(error)


def evaluate(bars, texts):
    """({formula: values}, {formula: why it was refused}). A refused call is halved until the
    formula that is refused stands alone."""
    values, refused = {}, {}
    waiting = [texts[k : k + AT_ONCE] for k in range(0, len(texts), AT_ONCE)]
    while waiting:
        part = waiting.pop()
        columns, error = batch(bars.path, part, len(bars))
        if columns is not None:
            values.update(zip(part, columns))
        elif len(part) == 1:
            refused[part[0]] = error
        else:
            waiting += [part[: len(part) // 2], part[len(part) // 2 :]]
    return values, refused

"""Whether two values are the same, and the sentence for those that aren't.

The tolerance is 1e-9 of the reference. Near zero, where a value is the small difference of large
ones, 1e-12 of the row's magnitude (see `rows.Row`) is allowed too. An exact zero without a
magnitude must be met exactly, and undefined only by undefined.
"""

from dataclasses import dataclass
from math import isfinite

from language import evaluate

RELATIVE = 1e-9
ABSOLUTE = 1e-12
# What the rounding of floats leaves of a range of 0 to 100 that is zero.
NOISE = 1e-10


@dataclass
class Mismatch:
    text: str
    series: str
    time: str
    ours: object
    reference: object
    judge: str

    def __str__(self):
        return (f"MISMATCH {self.text} | {self.series} | {self.time} | ours {show(self.ours)}"
                f" | {self.judge} {show(self.reference)} | relative error {error(self.ours, self.reference)}")


def show(x):
    return "undefined" if x is None else str(x).lower() if isinstance(x, bool) else repr(float(x))


def error(ours, reference):
    plain = all(x is not None and not isinstance(x, bool) for x in (ours, reference))
    return f"{abs(ours - reference) / abs(reference):.1e}" if plain and reference else "-"


def magnitude(row, bars, t):
    """What an absolute error is measured by on this bar."""
    if row.near in ("price", "square"):
        top = float(max(bars["high"][max(t - row.reach, 0) : t + 1]))
        return top if row.near == "price" else top * top
    if row.near == "flow":
        return float(sum(bars["volume"][: t + 1]))
    size = {"self": 0.0, "unit": 1.0, "percent": 100.0}[row.near]
    divisor = divided_by(row, bars, t)
    return size if divisor is None else size * 100 / divisor


def divided_by(row, bars, t):
    """What the row divides by on this bar, if rounding has touched it."""
    value = evaluate(row.divisor, bars)[t] if row.divisor else None
    return None if value is None else float(value)


def same(row, bars, t, ours, reference):
    divisor = divided_by(row, bars, t)
    if divisor is not None and divisor < NOISE:
        return ours is None or 0 <= ours <= 100
    if ours is None or reference is None or isinstance(ours, bool) or isinstance(reference, bool):
        return ours is reference
    if not isfinite(ours):
        return False
    gap = abs(ours - reference)
    return gap <= RELATIVE * abs(reference) or gap <= ABSOLUTE * magnitude(row, bars, t)


def differences(row, bars, ours, reference):
    """The bars on which the two differ."""
    return [t for t, (a, b) in enumerate(zip(ours, reference))
            if (type(a) is not type(b) or a != b) and not same(row, bars, t, a, b)]


def mismatches(row, bars, ours, reference, judge):
    return [Mismatch(row.text, bars.name, bars.label(t), ours[t], reference[t], judge)
            for t in differences(row, bars, ours, reference)]

"""Events and conditions: truth has three values here, None for undefined.

This module must not know how a formula is written.
"""

from fractions import Fraction

from number import lift
from windows import history, windows


def both(a, b):
    """Kleene's and: false decides alone."""
    return [False if False in (x, y) else None if None in (x, y) else True for x, y in zip(a, b)]


def either(a, b):
    """Kleene's or: true decides alone."""
    return [True if True in (x, y) else None if None in (x, y) else False for x, y in zip(a, b)]


def crosses_above(a, b):
    gap = lift(lambda x, y: x - y, a, b)
    return lift(lambda now, before: now > 0 >= before, gap, history(gap, 1))


def crosses_below(a, b):
    return crosses_above(b, a)


def steady(xs, length, follows):
    """Whether each of the last `length` steps goes one way."""
    return windows(xs, length + 1, lambda w: all(follows(b, a) for a, b in zip(w, w[1:])))


def bars_since(cond):
    out, last = [], None
    for t, c in enumerate(cond):
        last = t if c else last
        out.append(None if last is None or c is None else Fraction(t - last))
    return out


def value_when(cond, xs, occurrence):
    out, seen = [], []
    for c, x in zip(cond, xs):
        if c:
            seen.append(x)
        out.append(seen[-1 - occurrence] if len(seen) > occurrence and c is not None else None)
    return out

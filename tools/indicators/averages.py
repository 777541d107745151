"""Averages that feed on themselves, from their definitions.

The first value of such an average is the plain mean of the first `length` defined values. A bar
whose source is undefined is undefined and leaves the state alone. This module must not know how a
formula is written.
"""

from fractions import Fraction
from math import isqrt

from number import lift, ratio, settle
from windows import history, linear, minus


def seeded(xs, length, step):
    """The mean of the first `length` defined values, then step(state, x)."""
    out, seed, state = [], [], None
    for x in xs:
        if x is None:
            out.append(None)
            continue
        if state is None:
            seed.append(x)
            state = sum(seed) / length if len(seed) == length else None
        else:
            state = settle(step(state, x))
        out.append(state)
    return out


def ema(xs, length):
    k = Fraction(2, length + 1)
    return seeded(xs, length, lambda e, x: e + k * (x - e))


def rma(xs, length):
    return seeded(xs, length, lambda e, x: (e * (length - 1) + x) / length)


def chain(xs, length, count):
    """ema, ema of the ema, … `count` of them."""
    out = []
    for _ in range(count):
        xs = ema(xs, length)
        out.append(xs)
    return out


def dema(xs, length):
    return lift(lambda a, b: 2 * a - b, *chain(xs, length, 2))


def tema(xs, length):
    return lift(lambda a, b, c: 3 * a - 3 * b + c, *chain(xs, length, 3))


def t3(xs, length, v):
    """Three times the generalised double average (1+v)·ema - v·ema(ema)."""
    c6, c5 = -(v**3), 3 * v**2 + 3 * v**3
    c4, c3 = -6 * v**2 - 3 * v - 3 * v**3, 1 + 3 * v + v**3 + 3 * v**2
    deep = chain(xs, length, 6)[2:]
    return lift(lambda e3, e4, e5, e6: c6 * e6 + c5 * e5 + c4 * e4 + c3 * e3, *deep)


def hma(xs, length):
    half, whole = linear(xs, length // 2), linear(xs, length)
    return linear(lift(lambda a, b: 2 * a - b, half, whole), isqrt(length))


def kama(xs, length):
    """Starts from the value before the first full window; a window without movement counts as
    a perfectly straight one."""
    slow, fast = Fraction(2, 31), Fraction(2, 3)
    moves = [None if a is None or b is None else abs(a - b) for a, b in zip(xs, history(xs, 1))]
    out, state = [], None
    for t, x in enumerate(xs):
        path = moves[max(t - length + 1, 0) : t + 1]
        if t < length or x is None or xs[t - length] is None or None in path:
            out.append(None)
            continue
        way, path = x - xs[t - length], sum(path)
        straight = Fraction(1) if path == 0 else abs(way) / path
        state = xs[t - 1] if state is None else state
        state = settle(state + (straight * (fast - slow) + slow) ** 2 * (x - state))
        out.append(state)
    return out


def late(xs, count):
    """The series without its first `count` defined values."""
    start = next((t for t, x in enumerate(xs) if x is not None), len(xs)) + count
    return [None if t < start else x for t, x in enumerate(xs)]


def together(**outputs):
    """Outputs of one function are first defined on the same bar."""
    columns = list(outputs.values())
    first = max(next((t for t, x in enumerate(c) if x is not None), len(c)) for c in columns)
    return {name: [None if t < first else x for t, x in enumerate(c)] for name, c in outputs.items()}


def macd(xs, fast, slow, signal):
    """Both averages take their seeds from windows that end on the same bar."""
    fast, slow = sorted((fast, slow))
    line = minus(ema(late(xs, slow - fast), fast), ema(xs, slow))
    smooth = ema(line, signal)
    return together(line=line, signal=smooth, hist=minus(line, smooth))


def oscillators(xs, fast, slow):
    """The difference of two averages, and in percent of the slow one."""
    fast, slow = sorted((fast, slow))
    low = ema(xs, slow)
    apart = minus(ema(xs, fast), low)
    return apart, [None if r is None else 100 * r for r in (ratio(a, b) for a, b in zip(apart, low))]


def gains(xs, length):
    """Wilder's averages of the rises and of the falls."""
    step = minus(xs, history(xs, 1))
    return rma(lift(lambda d: max(d, Fraction(0)), step), length), rma(lift(lambda d: max(-d, Fraction(0)), step), length)

"""Oscillators within the range of the bars, and volume, from their definitions.

This module must not know how a formula is written.
"""

from fractions import Fraction

from averages import gains
from number import common, lift, ratio, settle
from series import remembered
from trends import adosc_average, true_range
from windows import divided, extreme, history, mean, minus, sums, times, windows

ZERO = Fraction(0)


def percent(xs):
    return lift(lambda x: 100 * x, xs)


@remembered
def typical(bars):
    return lift(lambda h, l, c: (h + l + c) / 3, bars["high"], bars["low"], bars["close"])


def rsi(xs, length):
    up, down = gains(xs, length)
    return [settle(x) for x in percent(divided(up, lift(lambda u, d: u + d, up, down)))]


def cmo(xs, length):
    up, down = gains(xs, length)
    return percent(divided(minus(up, down), lift(lambda u, d: u + d, up, down)))


def place(high, low, close, length):
    """Where the close lies in the window's range, in percent; undefined without a range."""
    top, bottom = extreme(high, length, max), extreme(low, length, min)
    return percent(divided(minus(close, bottom), minus(top, bottom)))


def fast_stochastic(high, low, close, k, d):
    """Both outputs wait for the warm-up of the slower one."""
    raw = place(high, low, close, k)
    begin = next((t for t, x in enumerate(close) if x is not None), len(close)) + k + d - 2
    return {"k": [None if t < begin else x for t, x in enumerate(raw)], "d": mean(raw, d)}


def stochastic(bars, k, smooth, d):
    raw = place(bars["high"], bars["low"], bars["close"], k)
    line = mean(raw, smooth)
    begin = k + smooth + d - 3
    return {"k": [None if t < begin else x for t, x in enumerate(line)], "d": mean(line, d)}


def williams(bars, length):
    raw = place(bars["high"], bars["low"], bars["close"], length)
    return lift(lambda x: x - 100, raw)


def cci(bars, length):
    price, _ = common(typical(bars))

    def of(window):
        # Everything times `length`, which the quotient doesn't notice: the mean stays whole.
        middle = sum(window)
        spread = sum(abs(length * x - middle) for x in window)
        return ratio(Fraction(length * window[-1] - middle), Fraction(15 * spread, 1000 * length))

    return windows(price, length, of)


def mfi(bars, length):
    price = typical(bars)
    moves = minus(price, history(price, 1))
    flow = times(price, bars["volume"])
    up = sums(lift(lambda m, f: f if m > 0 else ZERO, moves, flow), length)
    down = sums(lift(lambda m, f: f if m < 0 else ZERO, moves, flow), length)
    return percent(divided(up, lift(lambda u, d: u + d, up, down)))


def ultosc(bars, *lengths):
    """The shortest window weighs 4, the middle one 2, the longest 1."""
    before = history(bars["close"], 1)
    pressure = lift(lambda c, l, p: c - min(l, p), bars["close"], bars["low"], before)
    span = true_range(bars)
    parts = [divided(sums(pressure, n), sums(span, n)) for n in sorted(lengths)]
    return lift(lambda a, b, c: 100 * (4 * a + 2 * b + c) / 7, *parts)


def bop(bars):
    return divided(minus(bars["close"], bars["open"]), minus(bars["high"], bars["low"]))


@remembered
def money_flow(bars):
    """The close's place in the bar, from -1 to 1, times volume; nothing for a bar without range."""
    rows = zip(bars["high"], bars["low"], bars["close"], bars["volume"])
    return [ZERO if h == l else (2 * c - h - l) / (h - l) * v for h, l, c, v in rows]


def running_total(xs):
    """The sum of the defined values so far; undefined where the value is."""
    out, total = [], ZERO
    for x in xs:
        total += 0 if x is None else x
        out.append(None if x is None else total)
    return out


def adosc(bars, fast, slow):
    line = running_total(money_flow(bars))
    apart = minus(adosc_average(line, fast), adosc_average(line, slow))
    return [None if t < max(fast, slow) - 1 else x for t, x in enumerate(apart)]


def cmf(bars, length):
    return divided(sums(money_flow(bars), length), sums(bars["volume"], length))


def obv(bars):
    close, before = bars["close"], history(bars["close"], 1)
    signs = [1 if b is None else (c > b) - (c < b) for c, b in zip(close, before)]
    return running_total(times(signs, bars["volume"]))


def by_volume(xs, bars, length):
    """Σ x·volume / Σ volume over the window."""
    volume = lift(lambda _, v: v, xs, bars["volume"])
    return divided(sums(times(xs, volume), length), sums(volume, length))


def vwap(bars):
    """Volume-weighted since the first bar of the day."""
    out, day, value, volume = [], None, ZERO, ZERO
    for moment, price, v in zip(bars.time, typical(bars), bars["volume"]):
        if moment.date() != day:
            day, value, volume = moment.date(), ZERO, ZERO
        value, volume = value + price * v, volume + v
        out.append(ratio(value, volume))
    return out

"""Ranges, directional movement and trends over high, low and close, from their definitions.

This module must not know how a formula is written.
"""

from fractions import Fraction

from averages import ema, rma
from number import lift, ratio, settle
from series import remembered
from windows import extreme, history, minus, since_extreme

ZERO = Fraction(0)


@remembered
def true_range(bars):
    before = history(bars["close"], 1)
    return lift(lambda h, l, c: max(h - l, abs(h - c), abs(l - c)), bars["high"], bars["low"], before)


@remembered
def atr(bars, length):
    return rma(true_range(bars), length)


@remembered
def movement(bars):
    """+DM and -DM of each bar: the larger of the two moves outside the bar before, if it is one."""
    rise = minus(bars["high"], history(bars["high"], 1))
    fall = minus(history(bars["low"], 1), bars["low"])
    plus = lift(lambda u, d: u if u > 0 and u > d else ZERO, rise, fall)
    return plus, lift(lambda u, d: d if d > 0 and d > u else ZERO, rise, fall)


def running(xs, length):
    """Wilder's running sum: the sum of length - 1 values, then s - s/length + x."""
    if length == 1:
        return xs
    out, state, seed = [], None, []
    for x in xs:
        if x is not None and state is not None:
            state = settle(state - state / length + x)
        elif x is not None:
            seed.append(x)
            state = sum(seed) if len(seed) == length - 1 else None
        out.append(state if x is not None else None)
    return out


@remembered
def directional(bars, length):
    """+DI, -DI and DX; the first is one step after the first sum."""
    span = running(true_range(bars), length)
    lines = []
    for moves in movement(bars):
        line = [None if r is None else 100 * r for r in map(ratio, running(moves, length), span)]
        lines.append([None if t < length else x for t, x in enumerate(line)])
    plus, minus_di = lines
    dx = [None if p is None or m is None or p + m == 0 else 100 * abs(p - m) / (p + m) for p, m in zip(plus, minus_di)]
    return plus, minus_di, [settle(x) for x in dx]


@remembered
def adx(bars, length):
    return rma(directional(bars, length)[2], length)


def adxr(bars, length):
    line = adx(bars, length)
    return lift(lambda a, b: (a + b) / 2, line, history(line, length - 1))


def aroon(bars, length):
    def line(xs, pick):
        return lift(lambda k: 100 * (length - k) / length, since_extreme(xs, length + 1, pick))

    up, down = line(bars["high"], max), line(bars["low"], min)
    return {"up": up, "down": down, "oscillator": minus(up, down)}


@remembered
def donchian(bars, length):
    upper, lower = extreme(bars["high"], length, max), extreme(bars["low"], length, min)
    return {"upper": upper, "lower": lower, "middle": lift(lambda a, b: (a + b) / 2, upper, lower)}


def keltner(bars, length, mult, atr_length):
    middle, width = ema(bars["close"], length), atr(bars, atr_length)
    return {
        "middle": middle,
        "upper": lift(lambda m, a: m + mult * a, middle, width),
        "lower": lift(lambda m, a: m - mult * a, middle, width),
    }


def ichimoku(bars, conversion, base, span_b):
    short, long = donchian(bars, conversion)["middle"], donchian(bars, base)["middle"]
    return {
        "conversion": short,
        "base": long,
        "span_a": history(lift(lambda a, b: (a + b) / 2, short, long), base),
        "span_b": history(donchian(bars, span_b)["middle"], base),
    }


def supertrend(bars, length, mult):
    """Begins upwards. A band only moves towards the price unless the close before lay beyond it;
    the trend turns when the close lies strictly beyond the band that carries it."""
    line, direction, width = [], [], atr(bars, length)
    upper = lower = None
    up = True
    for t, a in enumerate(width):
        if a is None:
            line.append(None)
            direction.append(None)
            continue
        middle = (bars["high"][t] + bars["low"][t]) / 2
        above, below = middle + mult * a, middle - mult * a
        close, before = bars["close"][t], bars["close"][t - 1]
        first = upper is None
        upper = above if first or above < upper or before > upper else upper
        lower = below if first or below > lower or before < lower else lower
        if not first:
            up = close >= lower if up else close > upper
        line.append(lower if up else upper)
        direction.append(Fraction(1 if up else -1))
    return {"line": line, "direction": direction}


def psar(bars, step, limit):
    """Wilder's stop and reverse. The first bar gives the first stop; the trade is short when the
    second bar's -DM is positive. A short trade is a long one on prices with the sign turned."""
    high, low = bars["high"], bars["low"]
    if len(bars) < 2:
        return [None] * len(bars)
    step = min(step, limit)
    long = movement(bars)[1][1] == 0
    stop, best, speed = (low[0] if long else -high[0]), (high[1] if long else -low[1]), step
    out = [None]
    for t in range(1, len(bars)):
        # The limits look at yesterday and today; on the first bar with a stop, at today alone.
        tops, bottoms = high[max(t - 1, 1) : t + 1], low[max(t - 1, 1) : t + 1]
        if not long:
            tops, bottoms = [-x for x in bottoms], [-x for x in tops]
        if bottoms[-1] <= stop:
            turned = max([best, *tops])
            out.append(turned if long else -turned)
            # From here on the other side: signs turn.
            long, speed, best = not long, step, -bottoms[-1]
            stop = -turned
            floor = min(-x for x in tops)
        else:
            out.append(stop if long else -stop)
            if tops[-1] > best:
                best, speed = tops[-1], min(speed + step, limit)
            floor = min(bottoms)
        stop = settle(min(stop + speed * (best - stop), floor))
    return out


def adosc_average(xs, length):
    """An exponential average that begins with the first value itself."""
    k, out, state = Fraction(2, length + 1), [], None
    for x in xs:
        state = x if state is None else settle(state + k * (x - state))
        out.append(state)
    return out


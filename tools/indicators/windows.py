"""Functions over a window of the last bars, from their definitions.

A window holds the current bar and is undefined as long as one of its values is. This module must
not know how a formula is written.
"""

from bisect import bisect_left, bisect_right, insort
from fractions import Fraction
from math import atan, pi

from number import common, lift, log, ratio, root


def windows(xs, length, of):
    """of(the last `length` values) on each bar; undefined where one of them is."""
    out, holes = [], 0
    for t, x in enumerate(xs):
        holes += x is None
        if t >= length:
            holes -= xs[t - length] is None
        out.append(None if holes or t < length - 1 else of(xs[t - length + 1 : t + 1]))
    return out


def sums(xs, length):
    """Moving sums. They are exact, so that adding and taking away leaves nothing behind."""
    (xs, unit), out, total, holes = common(xs), [], 0, 0
    for t, x in enumerate(xs):
        total, holes = (total, holes + 1) if x is None else (total + x, holes)
        if t >= length:
            old = xs[t - length]
            total, holes = (total, holes - 1) if old is None else (total - old, holes)
        out.append(None if holes or t < length - 1 else Fraction(total) / unit)
    return out


def history(xs, back):
    """The values `back` bars ago."""
    return ([None] * min(back, len(xs)) + xs)[: len(xs)]


def times(a, b):
    return lift(lambda x, y: x * y, a, b)


def minus(a, b):
    return lift(lambda x, y: x - y, a, b)


def divided(a, b):
    return [ratio(x, y) for x, y in zip(a, b)]


def mean(xs, length):
    return lift(lambda s: s / length, sums(xs, length))


def weighted(xs, weights):
    """Σ weight·x / Σ weight; the last weight is the newest bar's."""
    xs, unit = common(xs)
    total = sum(weights) * unit
    return windows(xs, len(weights), lambda w: Fraction(sum(k * x for k, x in zip(weights, w))) / total)


def linear(xs, length):
    """Weights 1, 2, … length. From one bar to the next Σ grows by length·x - (sum before)."""
    xs, unit = common(xs)
    plain, out, heavy = sums(xs, length), [], None
    divisor = length * (length + 1) // 2 * unit
    for t, x in enumerate(xs):
        if plain[t] is None:
            heavy = None
        elif heavy is None or plain[t - 1] is None:
            heavy = sum((k + 1) * v for k, v in enumerate(xs[t - length + 1 : t + 1]))
        else:
            heavy += length * x - plain[t - 1]
        out.append(None if heavy is None else Fraction(heavy) / divisor)
    return out


def triangular(xs, length):
    half = (length + 1) // 2
    rising = list(range(1, half + 1))
    return weighted(xs, rising + rising[::-1][length % 2 :])


def covariance(a, b, length):
    """Σxy/n - Σx/n · Σy/n: the population's."""
    means = times(mean(a, length), mean(b, length))
    return minus(mean(times(a, b), length), means)


def variance(xs, length):
    return covariance(xs, xs, length)


def deviation(xs, length):
    return [root(v) for v in variance(xs, length)]


def correlation(a, b, length):
    spread = [root(v) for v in times(variance(a, length), variance(b, length))]
    return divided(covariance(a, b, length), spread)


def regression(xs, length):
    """Least squares over x = 0 (oldest) … length - 1 (now)."""
    center = Fraction(length - 1, 2)
    spread = Fraction(length * length - 1, 12)
    heavy, plain = linear(xs, length), mean(xs, length)
    weight = length * (length + 1) // 2
    # Σ(k+1)·x/n is known from the linear weights; the covariance with k takes one mean off.
    cross = lift(lambda h, m: h * weight / length - m - center * m, heavy, plain)
    slope = lift(lambda c: c / spread, cross)
    flat = variance(xs, length)
    return {
        "value": lift(lambda m, s: m + s * center, plain, slope),
        "slope": slope,
        "intercept": lift(lambda m, s: m - s * center, plain, slope),
        "angle": lift(lambda s: Fraction(atan(s) * 180 / pi), slope),
        "r2": [ratio(c if c is None else c * c, v if v is None else v * spread) for c, v in zip(cross, flat)],
        "forecast": lift(lambda m, s: m + s * (length - center), plain, slope),
    }


def ordered(xs, length, of):
    """of(the sorted window, the newest value)."""
    out, held = [], []
    for t, x in enumerate(xs):
        if x is not None:
            insort(held, x)
        if t >= length and xs[t - length] is not None:
            held.pop(bisect_left(held, xs[t - length]))
        out.append(of(held, x) if len(held) == length else None)
    return out


def quantile(held, share):
    """Between the two neighbours of the place share·(n-1), in proportion."""
    place = share * (len(held) - 1)
    low = place.numerator // place.denominator
    high = min(low + 1, len(held) - 1)
    return held[low] + (held[high] - held[low]) * (place - low)


def percentile(xs, length, percent):
    share = Fraction(percent) / 100
    return ordered(xs, length, lambda held, _: quantile(held, share))


def percentile_rank(xs, length):
    """The share of the `length` values before this bar that are no larger, in percent."""
    whole = ordered(xs, length + 1, lambda held, x: bisect_right(held, x) - 1)
    return lift(lambda k: Fraction(100 * k, length), whole)


def extreme(xs, length, pick):
    """The window's max or min."""
    xs, unit = common(xs)
    return lift(lambda x: Fraction(x) / unit, windows(xs, length, pick))


def since_extreme(xs, length, pick):
    """Bars since the window's extreme; the latest of equal ones."""
    return windows(common(xs)[0], length, lambda w: Fraction(w[::-1].index(pick(w))))


def log_returns(xs, back):
    return [log(ratio(a, b)) for a, b in zip(xs, history(xs, back))]


def returns(xs, back):
    return [None if r is None else r - 1 for r in divided(xs, history(xs, back))]


def volatility(xs, length, periods):
    """Sample deviation of the log returns, scaled to `periods`, in percent."""
    spread = variance(log_returns(xs, 1), length)
    if length < 2:
        return [None] * len(xs)
    return [None if v is None else 100 * root(max(v, 0) * length / (length - 1) * periods) for v in spread]

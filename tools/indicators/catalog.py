"""The functions by name, with their parameters and defaults as the language has them.

Parameters named in `SERIES` take a value for each bar, all others take constants. This module must
not know how a formula is written.
"""

from fractions import Fraction
from math import ceil, floor

import averages
import flows
import logic
import trends
import windows as w
from number import lift, log, ratio, root

CLOSE = "close"
SERIES = {"source", "a", "b", "x", "y", "lo", "hi", "cond", "xs"}


def stochrsi(bars, source=CLOSE, length=14, k=5, d=3):
    line = flows.rsi(source, length)
    return flows.fast_stochastic(line, line, line, k, d)


def trix(bars, source=CLOSE, length=15):
    line = averages.chain(source, length, 3)[-1]
    return flows.percent(w.returns(line, 1))


def bbands(bars, source=CLOSE, length=20, mult=2):
    middle = w.mean(source, length)
    width = [None if d is None else mult * d for d in w.deviation(source, length)]
    upper, lower = lift(lambda m, d: m + d, middle, width), w.minus(middle, width)
    span = w.minus(upper, lower)
    share = w.divided(w.minus(source, lower), span)
    return {"middle": middle, "upper": upper, "lower": lower, "width": w.divided(span, middle), "percent_b": share}


def beta(bars, a, b, length=5):
    x, y = w.returns(a, 1), w.returns(b, 1)
    return w.divided(w.covariance(x, y, length), w.variance(x, length))


def vwma(bars, source=CLOSE, length=20):
    return flows.by_volume(source, bars, length)


def zscore(bars, source=CLOSE, length=20):
    return w.divided(w.minus(source, w.mean(source, length)), w.deviation(source, length))


def clamp(bars, x, lo, hi):
    return lift(lambda v, a, b: min(max(v, a), b), x, lo, hi)


def coalesce(bars, x, y):
    return [b if a is None else a for a, b in zip(x, y)]


def if_(bars, cond, a, b):
    return [None if c is None else x if c else y for c, x, y in zip(cond, a, b)]


def rounded(bars, x, decimals=0):
    """Halves go away from zero."""
    unit = 10**decimals

    def of(v):
        size = floor(abs(v) * unit + Fraction(1, 2))
        return Fraction(size if v >= 0 else -size, unit)

    return lift(of, x)


def over(function):
    """A function of a series, by default the close, and a length."""
    return lambda bars, source=CLOSE, length=None: function(source, length)


FUNCTIONS = {
    "abs": lambda bars, x: lift(abs, x),
    "sqrt": lambda bars, x: [root(v) for v in x],
    "log": lambda bars, x: [log(v) for v in x],
    "floor": lambda bars, x: lift(lambda v: Fraction(floor(v)), x),
    "ceil": lambda bars, x: lift(lambda v: Fraction(ceil(v)), x),
    "round": rounded,
    "sign": lambda bars, x: lift(lambda v: Fraction((v > 0) - (v < 0)), x),
    "min": lambda bars, *xs: lift(min, *xs),
    "max": lambda bars, *xs: lift(max, *xs),
    "clamp": clamp,
    "coalesce": coalesce,
    "defined": lambda bars, x: [v is not None for v in x],
    "if_": if_,
    "kama": lambda bars, source=CLOSE, length=10: averages.kama(source, length),
    "t3": lambda bars, source=CLOSE, length=5, vfactor=Fraction(7, 10): averages.t3(source, length, vfactor),
    "vwma": vwma,
    "vwap": flows.vwap,
    "rolling_vwap": lambda bars, length=20: flows.by_volume(flows.typical(bars), bars, length),
    "zscore": zscore,
    "roc": lambda bars, source=CLOSE, length=10: flows.percent(w.returns(source, length)),
    "momentum": lambda bars, source=CLOSE, length=10: w.minus(source, w.history(source, length)),
    "change": lambda bars, source=CLOSE, length=1: w.minus(source, w.history(source, length)),
    "cum": lambda bars, x: flows.running_total(x),
    "rsi": lambda bars, source=CLOSE, length=14: flows.rsi(source, length),
    "cmo": lambda bars, source=CLOSE, length=14: flows.cmo(source, length),
    "stoch": lambda bars, k=14, smooth=3, d=3: flows.stochastic(bars, k, smooth, d),
    "stochf": lambda bars, k=14, d=3: flows.fast_stochastic(bars["high"], bars["low"], bars["close"], k, d),
    "stochrsi": stochrsi,
    "macd": lambda bars, source=CLOSE, fast=12, slow=26, signal=9: averages.macd(source, fast, slow, signal),
    "apo": lambda bars, source=CLOSE, fast=12, slow=26: averages.oscillators(source, fast, slow)[0],
    "ppo": lambda bars, source=CLOSE, fast=12, slow=26: averages.oscillators(source, fast, slow)[1],
    "trix": trix,
    "bop": flows.bop,
    "ultosc": lambda bars, short=7, middle=14, long=28: flows.ultosc(bars, short, middle, long),
    "bbands": bbands,
    "keltner": lambda bars, length=20, mult=2, atr_length=10: trends.keltner(bars, length, mult, atr_length),
    "donchian": lambda bars, length=20: trends.donchian(bars, length),
    "tr": trends.true_range,
    "atr": lambda bars, length=14: trends.atr(bars, length),
    "natr": lambda bars, length=14: flows.percent(w.divided(trends.atr(bars, length), bars["close"])),
    "adx": lambda bars, length=14: trends.adx(bars, length),
    "adxr": lambda bars, length=14: trends.adxr(bars, length),
    "dx": lambda bars, length=14: trends.directional(bars, length)[2],
    "plus_di": lambda bars, length=14: trends.directional(bars, length)[0],
    "minus_di": lambda bars, length=14: trends.directional(bars, length)[1],
    "plus_dm": lambda bars, length=14: trends.running(trends.movement(bars)[0], length),
    "minus_dm": lambda bars, length=14: trends.running(trends.movement(bars)[1], length),
    "cci": lambda bars, length=20: flows.cci(bars, length),
    "mfi": lambda bars, length=14: flows.mfi(bars, length),
    "obv": flows.obv,
    "ad": lambda bars: flows.running_total(flows.money_flow(bars)),
    "adosc": lambda bars, fast=3, slow=10: flows.adosc(bars, fast, slow),
    "cmf": lambda bars, length=20: flows.cmf(bars, length),
    "williams_r": lambda bars, length=14: flows.williams(bars, length),
    "aroon": lambda bars, length=14: trends.aroon(bars, length),
    "supertrend": lambda bars, length=10, mult=3: trends.supertrend(bars, length, mult),
    "psar": lambda bars, step=Fraction(2, 100), max=Fraction(2, 10): trends.psar(bars, step, max),
    "ichimoku": lambda bars, conversion=9, base=26, span_b=52: trends.ichimoku(bars, conversion, base, span_b),
    "highest": over(lambda xs, n: w.extreme(xs, n, max)),
    "lowest": over(lambda xs, n: w.extreme(xs, n, min)),
    "highest_bars": over(lambda xs, n: w.since_extreme(xs, n, max)),
    "lowest_bars": over(lambda xs, n: w.since_extreme(xs, n, min)),
    "median": over(lambda xs, n: w.percentile(xs, n, 50)),
    "percentile_rank": over(w.percentile_rank),
    "percentile": lambda bars, source=CLOSE, length=None, percent=50: w.percentile(source, length, percent),
    "linreg": lambda bars, source=CLOSE, length=14: w.regression(source, length),
    "correlation": lambda bars, a, b, length: w.correlation(a, b, length),
    "covariance": lambda bars, a, b, length: w.covariance(a, b, length),
    "beta": beta,
    "crosses_above": lambda bars, a, b: logic.crosses_above(a, b),
    "crosses_below": lambda bars, a, b: logic.crosses_below(a, b),
    "crosses": lambda bars, a, b: logic.either(logic.crosses_above(a, b), logic.crosses_below(a, b)),
    "rising": lambda bars, x, length: logic.steady(x, length, lambda now, before: now > before),
    "falling": lambda bars, x, length: logic.steady(x, length, lambda now, before: now < before),
    "bars_since": lambda bars, cond: logic.bars_since(cond),
    "value_when": lambda bars, cond, x, occurrence=0: logic.value_when(cond, x, occurrence),
    "count": lambda bars, cond, length: lift(Fraction, w.windows(cond, length, sum)),
    "all": lambda bars, cond, length: w.windows(cond, length, all),
    "any": lambda bars, cond, length: w.windows(cond, length, any),
    "returns": lambda bars, source=CLOSE, length=1: w.returns(source, length),
    "log_returns": lambda bars, source=CLOSE, length=1: w.log_returns(source, length),
    "volatility": lambda bars, source=CLOSE, length=20, periods=252: w.volatility(source, length, periods),
}

for _name, _function in {
    "sma": w.mean, "ema": averages.ema, "rma": averages.rma, "wma": w.linear, "dema": averages.dema,
    "tema": averages.tema, "trima": w.triangular, "hma": averages.hma, "stddev": w.deviation,
    "variance": w.variance, "sum": w.sums,
}.items():
    FUNCTIONS[_name] = over(_function)

"""The table of formulas that are checked.

Each row says how its value grows when all prices grow (`power`: 0 a ratio, 1 a price, 2 a price
squared), what an absolute error is measured by near zero (`near`), and, where TA-Lib has the
function, TA-Lib's call. This module must not know how anything is worked out.
"""

from dataclasses import dataclass
from re import findall
from typing import Callable, Optional

EMA = 1  # TA-Lib's number for the exponential average


@dataclass(frozen=True)
class Row:
    """`near` is one of
    self: nothing but the value itself counts, and an exact zero must be exactly zero;
    price, square: the highest price of the last bars (squared);
    unit, percent: 1 and 100;
    flow: the volume traded so far.

    `divisor` is a formula with a value of 0 to 100 that the row divides by and that rounding has
    touched. Where it is small, an error in it grows in proportion, and so does what is allowed;
    where it is smaller than the rounding of floats, nothing can be asked."""

    text: str
    power: int = 0
    near: str = "self"
    talib: Optional[Callable] = None
    divisor: Optional[str] = None

    @property
    def reach(self):
        """Bars over which the magnitude of prices is taken: three times the longest window."""
        return 3 * max([30, *(int(n) for n in findall(r"\b\d+\b", self.text))])


def averages(n):
    return [
        Row(f"sma(close, {n})", 1, "self", lambda T, b: T.SMA(b.close, n)),
        Row(f"ema(close, {n})", 1, "self", lambda T, b: T.EMA(b.close, n)),
        Row(f"rma(close, {n})", 1, "self", lambda T, b: T.RMA(b.close, n)),
        Row(f"wma({n})", 1, "self", lambda T, b: T.WMA(b.close, n)),
        Row(f"dema(close, {n})", 1, "price", lambda T, b: T.DEMA(b.close, n)),
        Row(f"tema(close, {n})", 1, "price", lambda T, b: T.TEMA(b.close, n)),
        Row(f"trima(close, {n})", 1, "self", lambda T, b: T.TRIMA(b.close, n)),
        Row(f"kama(close, {n})", 1, "self", lambda T, b: T.KAMA(b.close, n)),
        Row(f"t3(close, {n})", 1, "price", lambda T, b: T.T3(b.close, n, 0.7)),
        Row(f"hma(close, {n})", 1, "price", lambda T, b: T.HMA(b.close, n)),
        Row(f"vwma(close, {n})", 1, "self", lambda T, b: T.VWMA(b.close, b.volume, n)),
        Row(f"ema(volume, {n})", 0, "self", lambda T, b: T.EMA(b.volume, n)),
    ]


def rsi_range(length, k):
    """The RSI's range in the window. An RSI of exactly 0 or 100 has no rounding: any range is sound."""
    rsi = f"rsi({length})"
    return f"lowest(if({rsi} == 0 or {rsi} == 100, 100, highest({rsi}, {k}) - lowest({rsi}, {k})), 3)"


def momentum(n):
    return [
        Row(f"roc(close, {n})", 0, "self", lambda T, b: T.ROC(b.close, n)),
        Row(f"momentum(close, {n})", 1, "self", lambda T, b: T.MOM(b.close, n)),
        Row(f"rsi({n})", 0, "percent", lambda T, b: T.RSI(b.close, n)),
        Row(f"rsi(hlc3, {n})", 0, "percent", lambda T, b: T.RSI(T.TYPPRICE(b.high, b.low, b.close), n)),
        Row(f"cmo(close, {n})", 0, "percent", lambda T, b: T.CMO(b.close, n)),
        Row(f"stoch({n}, 3, 3).k", 0, "percent", lambda T, b: T.STOCH(b.high, b.low, b.close, n, 3, 0, 3, 0)[0]),
        Row(f"stoch({n}, 3, 3).d", 0, "percent", lambda T, b: T.STOCH(b.high, b.low, b.close, n, 3, 0, 3, 0)[1]),
        Row(f"stochf({n}, 3).k", 0, "percent", lambda T, b: T.STOCHF(b.high, b.low, b.close, n, 3, 0)[0]),
        Row(f"stochf({n}, 3).d", 0, "percent", lambda T, b: T.STOCHF(b.high, b.low, b.close, n, 3, 0)[1]),
        Row(f"stochrsi(close, {n}, 5, 3).k", 0, "percent", lambda T, b: T.STOCHRSI(b.close, n, 5, 3, 0)[0], rsi_range(n, 5)),
        Row(f"stochrsi(close, {n}, 5, 3).d", 0, "percent", lambda T, b: T.STOCHRSI(b.close, n, 5, 3, 0)[1], rsi_range(n, 5)),
        Row(f"trix(close, {n})", 0, "percent", lambda T, b: T.TRIX(b.close, n)),
        Row(f"cci({n})", 0, "percent", lambda T, b: T.CCI(b.high, b.low, b.close, n)),
        Row(f"mfi({n})", 0, "percent", lambda T, b: T.MFI(b.high, b.low, b.close, b.volume, n)),
        Row(f"williams_r({n})", 0, "percent", lambda T, b: T.WILLR(b.high, b.low, b.close, n)),
        Row(f"aroon({n}).up", 0, "self", lambda T, b: T.AROON(b.high, b.low, n)[1]),
        Row(f"aroon({n}).down", 0, "self", lambda T, b: T.AROON(b.high, b.low, n)[0]),
        Row(f"aroon({n}).oscillator", 0, "self", lambda T, b: T.AROONOSC(b.high, b.low, n)),
        Row(f"adosc(3, {n})", 0, "flow", lambda T, b: T.ADOSC(b.high, b.low, b.close, b.volume, 3, n)),
        Row(f"cmf({n})", 0, "unit", lambda T, b: T.CMF(b.high, b.low, b.close, b.volume, n)),
    ]


def ranges(n):
    hlc = lambda T, b, f: f(b.high, b.low, b.close, n)
    return [
        Row(f"atr({n})", 1, "self", lambda T, b: hlc(T, b, T.ATR)),
        Row(f"natr({n})", 0, "self", lambda T, b: hlc(T, b, T.NATR)),
        Row(f"adx({n})", 0, "percent", lambda T, b: hlc(T, b, T.ADX)),
        Row(f"adxr({n})", 0, "percent", lambda T, b: hlc(T, b, T.ADXR)),
        Row(f"dx({n})", 0, "percent", lambda T, b: hlc(T, b, T.DX)),
        Row(f"plus_di({n})", 0, "percent", lambda T, b: hlc(T, b, T.PLUS_DI)),
        Row(f"minus_di({n})", 0, "percent", lambda T, b: hlc(T, b, T.MINUS_DI)),
        Row(f"plus_dm({n})", 1, "price", lambda T, b: T.PLUS_DM(b.high, b.low, n)),
        Row(f"minus_dm({n})", 1, "price", lambda T, b: T.MINUS_DM(b.high, b.low, n)),
        Row(f"supertrend({n}, 3).line", 1, "self", lambda T, b: T.SUPERTREND(b.high, b.low, b.close, n, 3.0)[0]),
        Row(f"supertrend({n}, 3).direction", 0, "self", lambda T, b: T.SUPERTREND(b.high, b.low, b.close, n, 3.0)[1]),
        Row(f"donchian({n}).upper", 1, "self", lambda T, b: T.DONCHIAN(b.high, b.low, n)[0]),
        Row(f"donchian({n}).middle", 1, "self", lambda T, b: T.DONCHIAN(b.high, b.low, n)[1]),
        Row(f"donchian({n}).lower", 1, "self", lambda T, b: T.DONCHIAN(b.high, b.low, n)[2]),
    ]


def statistics(n):
    return [
        Row(f"stddev(close, {n})", 1, "self", lambda T, b: T.STDDEV(b.close, n, 1.0)),
        Row(f"variance(close, {n})", 2, "self", lambda T, b: T.VAR(b.close, n, 1.0)),
        Row(f"bbands(close, {n}, 2).middle", 1, "self", lambda T, b: T.BBANDS(b.close, n, 2.0, 2.0, 0)[1]),
        Row(f"bbands(close, {n}, 2).upper", 1, "price", lambda T, b: T.BBANDS(b.close, n, 2.0, 2.0, 0)[0]),
        Row(f"bbands(close, {n}, 2).lower", 1, "price", lambda T, b: T.BBANDS(b.close, n, 2.0, 2.0, 0)[2]),
        Row(f"highest(high, {n})", 1, "self", lambda T, b: T.MAX(b.high, n)),
        Row(f"lowest(low, {n})", 1, "self", lambda T, b: T.MIN(b.low, n)),
        Row(f"sum(volume, {n})", 0, "self", lambda T, b: T.SUM(b.volume, n)),
        Row(f"correlation(close, volume, {n})", 0, "unit", lambda T, b: T.CORREL(b.close, b.volume, n)),
        Row(f"beta(close, open, {n})", 0, "unit", lambda T, b: T.BETA(b.close, b.open, n)),
        Row(f"linreg(close, {n}).value", 1, "price", lambda T, b: T.LINEARREG(b.close, n)),
        Row(f"linreg(close, {n}).slope", 1, "price", lambda T, b: T.LINEARREG_SLOPE(b.close, n)),
        Row(f"linreg(close, {n}).intercept", 1, "price", lambda T, b: T.LINEARREG_INTERCEPT(b.close, n)),
        Row(f"linreg(close, {n}).angle", None, "percent", lambda T, b: T.LINEARREG_ANGLE(b.close, n)),
        Row(f"linreg(close, {n}).forecast", 1, "price", lambda T, b: T.TSF(b.close, n)),
    ]


def pairs(fast, slow, signal):
    texts = [f"macd(close, {fast}, {slow}, {signal}).{name}" for name in ("line", "signal", "hist")]
    call = lambda k: lambda T, b: T.MACD(b.close, fast, slow, signal)[k]
    return [Row(text, 1, "price", call(k)) for k, text in enumerate(texts)] + [
        Row(f"apo(close, {fast}, {slow})", 1, "price", lambda T, b: T.APO(b.close, fast, slow, EMA)),
        Row(f"ppo(close, {fast}, {slow})", 0, "percent", lambda T, b: T.PPO(b.close, fast, slow, EMA)),
    ]


def single():
    """Functions without a length, and the defaults of those that have one."""
    return [
        Row("tr()", 1, "self", lambda T, b: T.TRANGE(b.high, b.low, b.close)),
        Row("obv()", 0, "self", lambda T, b: T.OBV(b.close, b.volume)),
        Row("ad()", 0, "flow", lambda T, b: T.AD(b.high, b.low, b.close, b.volume)),
        Row("bop()", 0, "self", lambda T, b: T.BOP(b.open, b.high, b.low, b.close)),
        Row("hl2", 1, "self", lambda T, b: T.MEDPRICE(b.high, b.low)),
        Row("hlc3", 1, "self", lambda T, b: T.TYPPRICE(b.high, b.low, b.close)),
        Row("ohlc4", 1, "self", lambda T, b: T.AVGPRICE(b.open, b.high, b.low, b.close)),
        Row("ultosc()", 0, "percent", lambda T, b: T.ULTOSC(b.high, b.low, b.close, 7, 14, 28)),
        Row("ultosc(20, 5, 10)", 0, "percent", lambda T, b: T.ULTOSC(b.high, b.low, b.close, 20, 5, 10)),
        Row("psar()", 1, "self", lambda T, b: T.SAR(b.high, b.low, 0.02, 0.2)),
        Row("psar(0.05, 0.1)", 1, "self", lambda T, b: T.SAR(b.high, b.low, 0.05, 0.1)),
        Row("adosc()", 0, "flow", lambda T, b: T.ADOSC(b.high, b.low, b.close, b.volume, 3, 10)),
        Row("bbands().upper", 1, "price", lambda T, b: T.BBANDS(b.close, 20, 2.0, 2.0, 0)[0]),
        Row("stochrsi().k", 0, "percent", lambda T, b: T.STOCHRSI(b.close, 14, 5, 3, 0)[0], rsi_range(14, 5)),
        Row("macd()", 1, "price", lambda T, b: T.MACD(b.close, 12, 26, 9)[0]),
        Row("trix()", 0, "percent", lambda T, b: T.TRIX(b.close, 15)),
        Row("t3()", 1, "price", lambda T, b: T.T3(b.close, 5, 0.7)),
        Row("kama()", 1, "self", lambda T, b: T.KAMA(b.close, 10)),
        Row("cci()", 0, "percent", lambda T, b: T.CCI(b.high, b.low, b.close, 20)),
        Row("aroon()", 0, "self", lambda T, b: T.AROON(b.high, b.low, 14)[1]),
        Row("roc()", 0, "self", lambda T, b: T.ROC(b.close, 10)),
        Row("ema(rsi(14), 10)", 0, "percent", lambda T, b: T.EMA(T.RSI(b.close, 14), 10)),
        Row("sma(atr(14), 10)", 1, "self", lambda T, b: T.SMA(T.ATR(b.high, b.low, b.close, 14), 10)),
    ]


def with_talib():
    """Every function that TA-Lib has, with its default length, a short one, 50 and 200."""
    out = single() + pairs(12, 26, 9) + pairs(3, 10, 2) + pairs(50, 200, 50)
    for group in (averages, momentum, ranges, statistics):
        for n in (14, 2, 3, 50, 200):
            out += group(n)
    return out

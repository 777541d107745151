"""The formulas that TA-Lib has no word on: only the exact reference judges them.

This module must not know how anything is worked out.
"""

from rows import Row, rsi_range


def lengths(n):
    return [
        Row(f"zscore(close, {n})", 0, "unit"),
        Row(f"percentile_rank(close, {n})"),
        Row(f"percentile(close, {n}, 90)", 1),
        Row(f"percentile(close, {n}, 12.5)", 1),
        Row(f"median(close, {n})", 1),
        Row(f"highest_bars(high, {n})"),
        Row(f"lowest_bars(low, {n})"),
        Row(f"covariance(close, open, {n})", 2, "square"),
        Row(f"linreg(close, {n}).r2", 0, "unit"),
        Row(f"bbands(close, {n}, 2).width", 0),
        Row(f"bbands(close, {n}, 2).percent_b", 0, "unit"),
        Row(f"keltner({n}, 2, 10).middle", 1),
        Row(f"keltner({n}, 2, 10).upper", 1, "price"),
        Row(f"keltner({n}, 1.5, {n}).lower", 1, "price"),
        Row(f"rolling_vwap({n})", 1),
        Row(f"vwma(hlc3, {n})", 1),
        Row(f"volatility(close, {n})", 0, "unit"),
        Row(f"returns(close, {n})"),
        Row(f"log_returns(close, {n})", 0, "unit"),
        Row(f"change(close, {n})", 1),
        Row(f"count(close > open, {n})"),
        Row(f"all(close > low, {n})"),
        Row(f"any(close < open, {n})"),
        Row(f"crosses_above(close, sma(close, {n}))"),
        Row(f"crosses_below(close, sma(close, {n}))"),
        Row(f"crosses(close, highest(close, {n})[1])"),
    ]


def ones():
    """Windows of one bar."""
    return [
        Row("sma(close, 1)", 1), Row("ema(close, 1)", 1), Row("rma(close, 1)", 1), Row("wma(close, 1)", 1),
        Row("highest(high, 1)", 1), Row("lowest(low, 1)", 1), Row("sum(volume, 1)"), Row("median(close, 1)", 1),
        Row("momentum(close, 1)", 1), Row("roc(close, 1)"), Row("atr(1)", 1), Row("highest_bars(high, 1)"),
    ]


def single():
    return [
        Row("vwap()", 1), Row("cum(volume)"), Row("rsi(volume, 14)", 0, "percent"), Row("close[3]", 1),
        Row("bar_index"), Row("weekday"), Row("day"), Row("month"), Row("year"), Row("hour"),
        Row("rising(close, 1)"), Row("rising(close, 3)"), Row("falling(close, 3)"), Row("falling(low, 2)"),
        Row("bars_since(close > highest(close, 20)[1])"), Row("bars_since(close > close[1])"),
        Row("value_when(close > close[1], volume)"), Row("value_when(close > close[1], close, 2)", 1),
        Row("value_when(crosses_above(close, sma(close, 10)), close)", 1),
        Row("crosses_above(sma(close, 10), sma(close, 30))"), Row("crosses_below(sma(close, 10), sma(close, 30))"),
        Row("crosses(sma(close, 2), sma(close, 3))"), Row("crosses_above(rsi(14), 50)"),
        Row("ichimoku().conversion", 1), Row("ichimoku().base", 1), Row("ichimoku().span_a", 1),
        Row("ichimoku().span_b", 1), Row("ichimoku(3, 5, 10).span_a", 1), Row("ichimoku(3, 5, 10).span_b", 1),
        Row("donchian()", 1), Row("keltner()", 1), Row("supertrend()", 1), Row("supertrend(5, 0.5).line", 1),
        Row("supertrend(5, 0.5).direction"), Row("cmf()", 0, "unit"), Row("volatility(close, 20, 365)", 0, "unit"),
        Row("volatility()", 0, "unit"), Row("stoch().k", 0, "percent"), Row("stoch(5, 1, 1).k", 0, "percent"),
        Row("stochf().d", 0, "percent"), Row("stochrsi(close, 14, 14, 3).d", 0, "percent", None, rsi_range(14, 14)),
        Row("bbands(close, length=20, mult=2).lower", 1, "price"), Row("bbands(volume, 10, 3).upper"),
        Row("stddev(volume, 10)"), Row("sma(close[2], 5)", 1), Row("sma(rsi(14), 5)", 0, "percent"),
        Row("wma(momentum(close, 3), 5)", 1, "price"), Row("highest(rsi(7), 10)", 0, "percent"),
        Row("(high + low) / 2 - close", 1, "price"), Row("close / open - 1", 0, "unit"), Row("100 / (close - open)", -1),
        Row("abs(close - open)", 1), Row("min(open, close, low)", 1), Row("max(high, open)", 1), Row("sqrt(volume)"),
        Row("log(close / open)", 0, "unit"), Row("floor(volume / 3)"), Row("sign(close - open)"),
        Row("clamp(rsi(14), 30, 70)", 0, "percent"), Row("coalesce(sma(close, 20), close)", 1),
        Row("defined(sma(close, 20))"), Row("if(close > open, high, low)", 1),
        Row("close > open and close > close[1]"), Row("close > open or sma(close, 20) > open"),
        Row("not (close > open)"), Row("close > sma(close, 20) and close < open"),
        Row("psar(0.5, 0.2)", 1), Row("adosc(10, 3)", 0, "flow"), Row("macd(close, 26, 12, 9).hist", 1, "price"),
        Row("ppo(close, 26, 12)", 0, "percent"), Row("t3(close, 5, 1)", 1, "price"), Row("t3(close, 5, 0)", 1),
    ]


def weekly():
    return [
        Row('tf("1w", close)', 1), Row('tf("1w", high)', 1), Row('tf("1w", volume)'),
        Row('tf("1w", sma(close, 4))', 1), Row('tf("1w", highest(high, 10))', 1), Row('tf("1w", tr())', 1),
        Row('close - tf("1w", lowest(low, 3))', 1, "price"), Row('crosses_above(close, tf("1w", sma(close, 5)))'),
    ]


def without_talib():
    out = single() + ones()
    for n in (20, 2, 3, 50, 200):
        out += lengths(n)
    return out

"""The same strategy in backtesting.py and vectorbt, told the same signals.

Averages are means of whole cents, one rounding each, so that ties are ties in every program. What
is timed begins with the bars in memory as each library takes them and ends with the final equity;
the best of several runs counts. This module must not know the reference.
"""

import os
import time
import warnings

os.environ["TQDM_DISABLE"] = "1"

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

import exact  # noqa: E402
import walk  # noqa: E402

RUNS_MAX = 5
RUNS_SECONDS_MAX = 20
# Fastest of 16, 64 and 256.
COLUMNS_AT_ONCE = 16


def fastest(action):
    """(seconds of the fastest of some runs, how many, what the last gave)."""
    best, runs, begun = float("inf"), 0, time.perf_counter()
    while runs == 0 or (runs < RUNS_MAX and time.perf_counter() - begun < RUNS_SECONDS_MAX):
        start = time.perf_counter()
        answer = action()
        best, runs = min(best, time.perf_counter() - start), runs + 1
    return best, runs, answer


def mean(cents, length):
    """The average of the last so many, undefined before."""
    means = np.full(len(cents), np.nan)
    means[length - 1 :] = exact.sums(cents, length) / length
    return means


def frame(bars):
    """As both libraries read fastest: times without a zone."""
    index = pd.date_range(walk.BEGIN.replace(tzinfo=None), periods=len(bars), freq="min")
    columns = {name: getattr(bars, name.lower()) / 100 for name in ("Open", "High", "Low", "Close")}
    return pd.DataFrame(columns | {"Volume": bars.volume.astype(float)}, index=index)


# ---- backtesting.py ---------------------------------------------------------------------------


def backtesting(bars, fast, slow, fee):
    """The library's test of quantities in millionths, as a user would write it."""
    from backtesting import Strategy
    from backtesting.lib import FractionalBacktest

    cents = bars.close

    class Crossover(Strategy):
        def init(self):
            self.fast = self.I(mean, cents, fast, overlay=False)
            self.slow = self.I(mean, cents, slow, overlay=False)

        def next(self):
            fast, slow = self.fast, self.slow
            if self.position:
                if fast[-1] < slow[-1] and fast[-2] >= slow[-2]:
                    self.position.close()
            elif fast[-1] > slow[-1] and fast[-2] <= slow[-2]:
                self.buy(size=float(exact.SHARE))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        unit = 1 / exact.STEPS
        options = {"cash": exact.CASH, "commission": float(fee), "trade_on_close": False}
        test = FractionalBacktest(frame(bars), Crossover, fractional_unit=unit, **options)
        seconds, runs, figures = fastest(test.run)
    equity, trades = float(figures["Equity Final [$]"]), int(figures["# Trades"])
    return {"seconds": seconds, "runs": runs, "equity": equity, "trades": trades}


# ---- vectorbt ---------------------------------------------------------------------------------


def said(left, right):
    """One column: True on the bar after the one on whose close left comes to lie above right."""
    told = np.zeros(len(left), dtype=bool)
    told[2:] = (left[1:-1] > right[1:-1]) & (left[:-2] <= right[:-2])
    return told


def portfolio(data, signals, fee):
    """Sizes are left unrounded: with size_granularity sales are rounded down too, and the millionth
    that floating point leaves behind blocks every later entry."""
    import vectorbt

    entries, exits = signals
    return vectorbt.Portfolio.from_signals(
        data["Close"],
        entries,
        exits,
        price=data["Open"],
        size=float(exact.SHARE),
        size_type="percent",
        fees=float(fee),
        init_cash=float(exact.CASH),
        direction="longonly",
        freq="1min",
    )


def vectorbt(bars, fast, slow, fee):
    """One run. The first is not timed: it compiles."""
    data = frame(bars)

    def once():
        short, long = mean(bars.close, fast), mean(bars.close, slow)
        made = portfolio(data, (said(short, long), said(long, short)), fee)
        return float(made.final_value()), made

    once()
    seconds, runs, (equity, made) = fastest(once)
    return {"seconds": seconds, "runs": runs, "equity": equity, "trades": int(made.trades.closed.count())}


def vectorbt_sweep(bars, pairs, fee):
    """All pairs, some columns at once so that memory stays small; each average is made once."""
    data = frame(bars)
    lengths = sorted({length for pair in pairs for length in pair})

    def chunk(part, means):
        entries = np.column_stack([said(means[fast], means[slow]) for fast, slow in part])
        exits = np.column_stack([said(means[slow], means[fast]) for fast, slow in part])
        return portfolio(data, (entries, exits), fee).final_value().to_numpy()

    def all_of_them():
        means = {length: mean(bars.close, length) for length in lengths}
        parts = (pairs[k : k + COLUMNS_AT_ONCE] for k in range(0, len(pairs), COLUMNS_AT_ONCE))
        return np.concatenate([chunk(part, means) for part in parts])

    chunk(pairs[:2], {length: mean(bars.close, length) for pair in pairs[:2] for length in pair})
    seconds, runs, equities = fastest(all_of_them)
    found = dict(zip(pairs, equities.tolist(), strict=True))
    return {"seconds": seconds, "runs": runs, "equities": found}

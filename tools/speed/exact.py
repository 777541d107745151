"""What the strategy is worth at the end, in whole numbers alone.

It follows docs/formulas.md, docs/strategies.md and docs/backtests.md and shares no line with the
program: averages are compared as sums multiplied crosswise, fills come at the next open, and money
is counted in units of 1e-8. It must not know what it is compared with.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

# A price in cents times a quantity in millionths is an amount in units of 1e-8.
STEPS, UNITS = 10**6, 10**8
CASH = 1_000_000
SHARE = Fraction(1, 2)


@dataclass
class Outcome:
    """Of one run; money in units of 1e-8. Fees are those of closed trades, as in docs/statistics.md."""

    equity: int
    fees: int
    trades: int

    def amount(self, units):
        return Decimal(units).scaleb(-8)


def sums(values, length):
    """Of the last so many values, for every bar from the first that has so many."""
    total = np.concatenate(([0], np.cumsum(values)))
    return total[length:] - total[:-length]


def crossings(close, fast, slow):
    """Bars on which the fast average comes to lie above, and below, the slow one."""
    longer = sums(close, slow)
    shorter = sums(close, fast)[slow - fast :]
    apart = np.sign(shorter * slow - longer * fast)
    before, now = apart[:-1], apart[1:]
    above = np.flatnonzero((now > 0) & (before <= 0)) + slow
    below = np.flatnonzero((now < 0) & (before >= 0)) + slow
    return above.tolist(), below.tolist()


def run(bars, fast, slow, fee):
    """The strategy with these lengths and this fee, a fraction of each fill's value."""
    above, below = crossings(bars.close, fast, slow)
    events = sorted([(bar, True) for bar in above] + [(bar, False) for bar in below])
    opens, last = bars.open, len(bars) - 1
    cash, held, entry, fees, trades = CASH * UNITS, 0, 0, 0, 0
    # Steps are cash x share / (price x (1 + fee)), rounded down.
    over = SHARE.numerator * fee.denominator
    under = SHARE.denominator * (fee.denominator + fee.numerator)
    for bar, buys in events:
        if bar == last or buys == (held > 0):
            continue
        price = int(opens[bar + 1])
        qty = cash * over // (price * under) if buys else held
        charge = -(-price * qty * fee.numerator // fee.denominator)
        cash += (-price * qty if buys else price * qty) - charge
        if buys:
            held, entry = qty, charge
        else:
            held, fees, trades = 0, fees + entry + charge, trades + 1
    return Outcome(cash + held * int(bars.close[-1]), fees, trades)

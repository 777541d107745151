"""Minute bars of a market that never closes, made up and always the same.

A shorter series is the beginning of a longer one. This module must not know who reads the bars.
"""

from datetime import datetime, timedelta, timezone

import numpy as np

BEGIN = datetime(2023, 11, 15, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
FIRST_CENTS = 1_000_000
LEAST_CENTS = 10_000
SEED = 7


def chance(seed):
    """Draws of 31 bits from Knuth's MMIX generator, whose low bits are poor and not used."""
    state = seed
    while True:
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        yield state >> 33


class Bars:
    """Columns of whole numbers: prices in cents, volumes in units."""

    def __init__(self, columns):
        self.open, self.high, self.low, self.close, self.volume = columns

    def __len__(self):
        return len(self.close)

    def first(self, count):
        return Bars([column[:count] for column in self.columns()])

    def columns(self):
        return [self.open, self.high, self.low, self.close, self.volume]

    def write(self, path):
        """Writes them as `bars import` takes them."""
        with open(path, "w", encoding="ascii") as file:
            file.write("time,open,high,low,close,volume\n")
            rows = zip(*(column.tolist() for column in self.columns()), strict=True)
            for n, (*prices, volume) in enumerate(rows):
                at = (BEGIN + n * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
                told = ",".join(f"{cents // 100}.{cents % 100:02d}" for cents in prices)
                file.write(f"{at},{told},{volume}\n")


def make(count):
    """So many bars: closes walk by up to 2.00, opens lie up to 0.05 from the close before."""
    draws, close, rows = chance(SEED), FIRST_CENTS, []
    for _ in range(count):
        first = max(close + next(draws) % 11 - 5, LEAST_CENTS)
        close = max(first + next(draws) % 401 - 200, LEAST_CENTS)
        wicks = next(draws)
        high, low = max(first, close) + wicks % 64, min(first, close) - (wicks >> 8) % 64
        rows.append((first, high, low, close, 1 + (wicks >> 16) % 1_000))
    return Bars(list(np.array(rows, dtype=np.int64).T.copy()))

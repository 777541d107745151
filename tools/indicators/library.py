"""TA-Lib's values, as columns with None where it prints NaN.

This module must not know the reference.
"""

from math import isnan
from types import SimpleNamespace

import numpy
import talib

from series import FIELDS


def arrays(bars):
    return SimpleNamespace(**{f: numpy.array([float(x) for x in bars[f]]) for f in FIELDS})


def column(call, prepared):
    """TA-Lib refuses some calls outright (too few bars for a nested call): nothing is defined."""
    try:
        out = call(talib, prepared)
    except Exception as error:
        if "inputs are all NaN" not in str(error):
            raise
        return [None] * len(prepared.close)
    if out.dtype.kind == "i":
        # A direction has no NaN: before the first one it is 0.
        return [float(x) if x else None for x in out]
    return [None if isnan(x) else float(x) for x in out]


def warm_up(values):
    """The number of bars before the first defined one."""
    return next((t for t, x in enumerate(values) if x is not None), len(values))

"""The exact values of many formulas on many series, on all cores.

This module must not know where the values of the program or of TA-Lib come from.
"""

import os
from concurrent.futures import ProcessPoolExecutor

from language import evaluate


def plain(x):
    return x if x is None or isinstance(x, bool) else float(x)


def columns(bars, texts, week_with_last_bar=False):
    """{formula: values}, each the float next to the exact value."""
    return {text: [plain(x) for x in evaluate(text, bars, week_with_last_bar)] for text in texts}


def begin(work):
    """Begins columns() for each (bars, texts) in the background; the results are waited for with
    `.result()`, in the same order. The longest is begun first, so that the cores end together."""
    pool = ProcessPoolExecutor(max_workers=os.cpu_count())
    order = sorted(range(len(work)), key=lambda k: -len(work[k][0]) * len(work[k][1]))
    waiting = {k: pool.submit(columns, *work[k]) for k in order}
    pool.shutdown(wait=False)
    return [waiting[k] for k in range(len(work))]

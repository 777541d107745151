"""Where TA-Lib itself departs from the exact value, and the table that says so.

This module must not know the program.
"""

from collections import OrderedDict
from dataclasses import dataclass
from re import sub

import judge
import library


@dataclass
class Departure:
    row: object
    series: str
    time: str
    bars: int
    printed: object
    exact: object

    @property
    def kind(self):
        if self.exact is None:
            return "a number where the quotient is 0/0"
        if self.printed is None:
            return "nothing where a value exists"
        return "another number"

    @property
    def name(self):
        """The formula without its lengths."""
        word = sub(r"\(.*\)", "", self.row.text)
        return word


def departures(bars, rows, exact):
    """One entry for each row on which TA-Lib leaves the exact values after its warm-up."""
    prepared, out = library.arrays(bars), []
    for row in rows:
        printed = library.column(row.talib, prepared)
        found = judge.differences(row, bars, printed, exact[row.text])
        if found:
            t = max(found, key=lambda t: gap(printed[t], exact[row.text][t]))
            out.append(Departure(row, bars.name, bars.label(t), len(found), printed[t], exact[row.text][t]))
    return out


def gap(printed, exact):
    """The size of a difference, to show the worst one."""
    if printed is None or exact is None:
        return float("inf")
    return abs(printed - exact) / max(abs(exact), abs(printed))


def lines(found):
    """One line for each difference."""
    for d in found:
        yield (f"TA-LIB {d.row.text} | {d.series} | {d.bars} bars, the worst on {d.time}"
               f" | TA-Lib {judge.show(d.printed)} | exact {judge.show(d.exact)}")


def markdown(found):
    """A table by function and kind of difference."""
    groups = OrderedDict()
    for d in sorted(found, key=lambda d: (d.name, d.kind)):
        groups.setdefault((d.name, d.kind), []).append(d)
    yield "| Function | Series | What TA-Lib prints | For example | TA-Lib | Exact |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for (name, kind), members in groups.items():
        worst = max(members, key=lambda d: (gap(d.printed, d.exact), d.bars))
        series = ", ".join(dict.fromkeys(d.series for d in members))
        example = f"`{worst.row.text}`, {worst.series}, {worst.time}"
        printed, exact = (x if x == "undefined" else f"{float(x):.10g}" for x in map(judge.show, (worst.printed, worst.exact)))
        yield f"| `{name}` | {series} | {kind} | {example} | {printed} | {exact} |"

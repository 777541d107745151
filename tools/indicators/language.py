"""Reads a formula and works it out bar by bar with the reference's functions.

Formulas are close enough to Python's expressions for Python's own parser to read them; every name,
operator and function has this file's and the catalogue's meaning. Only what the table of formulas
uses is understood, anything else is an error.
"""

import ast
import inspect
import operator
import re
from fractions import Fraction

import logic
from catalog import CLOSE, FUNCTIONS, SERIES
from flows import typical
from number import lift, ratio
from series import FIELDS, weeks
from windows import history

ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
RELATIONS = {ast.Gt: operator.gt, ast.Lt: operator.lt, ast.GtE: operator.ge, ast.LtE: operator.le,
             ast.Eq: operator.eq, ast.NotEq: operator.ne}
CALENDAR = {"hour": lambda m: m.hour, "minute": lambda m: m.minute, "weekday": lambda m: m.isoweekday(),
            "day": lambda m: m.day, "month": lambda m: m.month, "year": lambda m: m.year}


def evaluate(text, bars, week_with_last_bar=False):
    """The formula's value on each bar: fractions, truths, or None."""
    tree = ast.parse(re.sub(r"\bif\(", "if_(", text), mode="eval").body
    return first_output(Formula(bars, week_with_last_bar).value(tree))


def first_output(value):
    return next(iter(value.values())) if isinstance(value, dict) else value


def constant(node):
    """The number that a node writes, or None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = constant(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value if isinstance(node.value, int) else Fraction(repr(node.value))
    return None


class Formula:
    """One file's bars, with every part that was worked out before."""

    def __init__(self, bars, week_with_last_bar):
        self.bars = bars
        self.week_with_last_bar = week_with_last_bar

    def value(self, node):
        key = (ast.dump(node), self.week_with_last_bar)
        if key not in self.bars.memory:
            self.bars.memory[key] = getattr(self, type(node).__name__.lower())(node)
        return self.bars.memory[key]

    def column(self, node):
        return first_output(self.value(node))

    def constant(self, node):
        return [Fraction(constant(node))] * len(self.bars)

    def name(self, node):
        bars, name = self.bars, node.id
        if name in FIELDS:
            return bars[name]
        if name in CALENDAR:
            return [Fraction(CALENDAR[name](m)) for m in bars.time]
        if name == "bar_index":
            return [Fraction(t) for t in range(len(bars))]
        high, low, close = bars["high"], bars["low"], bars["close"]
        if name == "hl2":
            return lift(lambda h, l: (h + l) / 2, high, low)
        if name == "hlc3":
            return typical(bars)
        if name == "ohlc4":
            return lift(lambda o, h, l, c: (o + h + l + c) / 4, bars["open"], high, low, close)
        raise ValueError(f"unknown name {name}")

    def subscript(self, node):
        return history(self.column(node.value), constant(node.slice))

    def attribute(self, node):
        return self.value(node.value)[node.attr]

    def unaryop(self, node):
        column = self.column(node.operand)
        return lift(operator.not_ if isinstance(node.op, ast.Not) else operator.neg, column)

    def boolop(self, node):
        join = logic.both if isinstance(node.op, ast.And) else logic.either
        out = self.column(node.values[0])
        for part in node.values[1:]:
            out = join(out, self.column(part))
        return out

    def binop(self, node):
        a, b = self.column(node.left), self.column(node.right)
        if isinstance(node.op, ast.Div):
            return [ratio(x, y) for x, y in zip(a, b)]
        return lift(ARITHMETIC[type(node.op)], a, b)

    def compare(self, node):
        (op,), (right,) = node.ops, node.comparators
        return lift(RELATIONS[type(op)], self.column(node.left), self.column(right))

    def call(self, node):
        if node.func.id == "tf":
            return self.weekly(node.args[1])
        function = FUNCTIONS[node.func.id]
        names = list(inspect.signature(function).parameters.values())[1:]
        if names and names[0].kind is inspect.Parameter.VAR_POSITIONAL:
            return function(self.bars, *(self.column(a) for a in node.args))
        given = list(node.args)
        if names and names[0].default == CLOSE and (not given or constant(given[0]) is not None):
            given.insert(0, ast.Name(CLOSE))
        bound = dict(zip((n.name for n in names), given)) | {k.arg: k.value for k in node.keywords}
        values = {n: self.column(v) if n in SERIES else constant(v) for n, v in bound.items()}
        return function(self.bars, **values)

    def weekly(self, node):
        """The inner formula on weeks, seen by the bars after the week has closed."""
        table, of = weeks(self.bars)
        inner = first_output(Formula(table, False).value(node))
        out = []
        for t, week in enumerate(of):
            done = self.week_with_last_bar and t + 1 < len(of) and of[t + 1] != week
            seen = week if done else week - 1
            out.append(inner[seen] if seen >= 0 else None)
        return out

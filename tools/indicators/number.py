"""Numbers of the reference: fractions, with None for undefined.

Additions, products and quotients are exact. A state that feeds itself (an exponential average) would
grow without end, so `settle` cuts it after 512 binary places: an error below 1e-150, far under
anything that is compared. Roots and logarithms are taken to more than 100 and 60 digits. This
module must not know bars or indicators.
"""

from decimal import Context, Decimal
from fractions import Fraction
from math import isqrt, lcm

PLACES = 512
ONE = 1 << PLACES


def settle(x):
    """The same number with a bounded denominator."""
    if x is None or x.denominator.bit_length() <= PLACES + 128:
        return x
    return Fraction((x.numerator << PLACES) // x.denominator, ONE)


def ratio(a, b):
    """a / b; undefined when either is, or when b is zero."""
    if a is None or b is None or b == 0:
        return None
    return a / b if isinstance(a, Fraction) else Fraction(a) / b


def root(x):
    """The square root; undefined below zero."""
    if x is None or x < 0:
        return None
    x = Fraction(x)
    top, bottom = isqrt(x.numerator), isqrt(x.denominator)
    if top * top == x.numerator and bottom * bottom == x.denominator:
        return Fraction(top, bottom)
    return Fraction(isqrt((x.numerator << 2 * PLACES) // x.denominator), ONE)


def log(x):
    """The natural logarithm; undefined at and below zero."""
    if x is None or x <= 0:
        return None
    context = Context(prec=60)
    return Fraction(context.ln(context.divide(Decimal(x.numerator), Decimal(x.denominator))))


def lift(f, *columns):
    """Applies f bar by bar; undefined wherever an argument is."""
    return [None if any(v is None for v in row) else f(*row) for row in zip(*columns)]


def common(xs):
    """The column as whole numbers over one denominator, where that denominator stays moderate:
    (numbers, denominator). Whole numbers add up much faster than fractions."""
    denominator = 1
    for x in xs:
        if x is not None and denominator % x.denominator:
            denominator = lcm(denominator, x.denominator)
            if denominator.bit_length() > 3 * PLACES:
                return xs, 1
    return [None if x is None else x.numerator * (denominator // x.denominator) for x in xs], denominator

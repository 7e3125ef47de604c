"""Where an axis has its marks and what stands beside them."""

import math
from datetime import date

from generator.notation import formats

STEPS = (1, 2, 5, 10)
SI = {0: "", 3: "k", 6: "M", 9: "G"}
MONTHS = (1, 2, 3, 6, 12)
FEW_DECADES = 2.2
"""A log axis shorter than this has marks between its powers of ten."""

Tick = tuple[float, str]
"""Place on the axis, in its own units, and text."""


def linear(low: float, high: float, about: int, *, step: float = 0, suffix: str = "") -> list[Tick]:
    """Round values between low and high, about as many as asked; `step` sets their distance."""
    step = step or _round_step(abs(high - low) / max(about, 1))
    low, high = sorted((low, high))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return [(at * step, _number(at * step, decimals) + suffix) for at in range(first, last + 1)]


def values(places: list[float], suffix: str = "") -> list[Tick]:
    """Marks at given values."""
    return [(place, f"{place:g}".replace("-", formats.MINUS) + suffix) for place in places]


def log(low: float, high: float, *, suffix: str = "", si: bool = False) -> list[Tick]:
    """Powers of ten between low and high (exponents), and 2 and 5 between them where they are few."""
    steps = (1, 2, 5) if high - low < FEW_DECADES else (1,)
    found = []
    for power in range(math.floor(low), math.ceil(high) + 1):
        for step in steps:
            place = power + math.log10(step)
            if low - 1e-9 <= place <= high + 1e-9:
                found.append((place, _power(step, power, si) + suffix))
    return found


def months(low: float, high: float, about: int) -> list[Tick]:
    """First days of months between two days (proleptic ordinals), at most `about` of them."""
    start, end = date.fromordinal(math.ceil(low)), date.fromordinal(math.floor(high))
    count = 12 * (end.year - start.year) + end.month - start.month + 1
    every = next((each for each in MONTHS if count / each <= about), 12)
    numbers = range(12 * start.year + start.month - 1, 12 * end.year + end.month)
    days = [date(number // 12, number % 12 + 1, 1) for number in numbers if number % every == 0]
    return [(day.toordinal(), f"{day:%b %Y}") for day in days if low <= day.toordinal() <= high]


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough or 1))
    return next(step * power for step in STEPS if step * power >= rough * (1 - 1e-9))


def _number(value: float, decimals: int) -> str:
    return f"{value + 0.0:,.{decimals}f}".replace("-", formats.MINUS)


def _power(step: int, power: int, si: bool) -> str:
    if si and power >= 0:
        sign = SI[3 * (power // 3)]
        return f"{step * 10 ** (power % 3)}{sign}"
    return f"{step * 10.0**power:,.{max(0, -power)}f}"

"""The only place that rounds: full-precision values in, the text a reader sees out.

Every function here is a Jinja filter of the same name, and marks the numbers it writes for the claim ledger. Numbers
and their unit are joined by a narrow no-break space, so that a line never ends between them; negative numbers carry a
true minus sign.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from generator.notation.marks import mark
from generator.records.features import Feature
from generator.records.results import Estimate

LEVEL = "95\u202f%"
"""Confidence of every interval in the records."""
JOIN = "\u202f"
"""Narrow no-break space."""
MINUS = "\u2212"
BYTES = ("bytes", "KB", "MB", "GB", "TB")
MARKUP = re.compile(r"[^\w\s,.;/%()\u0080-\U0010ffff]|_")
"""Every character that Markdown or HTML could read as its own; ASCII only, letters and digits never."""


def number(value: float, decimals: int = 2) -> str:
    """Fixed decimals, thousands separated by commas; what rounds to zero has no sign."""
    return mark("number", _number(value, decimals), value)


def signed(value: float, decimals: int = 2) -> str:
    """As `number`, with a plus before what is above zero after rounding."""
    return mark("signed", _signed(value, decimals), value)


def percent(value: float, decimals: int = 1) -> str:
    """A share between 0 and 1 as a percentage."""
    return mark("percent", f"{_number(100 * value, decimals)}{JOIN}%", value)


def setting(share: float) -> str:
    """A share that somebody set, such as that of false alarms, as a percentage with every digit that it has."""
    return mark("percent", f"{round(100 * share, 10):,.10g}{JOIN}%", share)


def points(value: float, decimals: int = 1) -> str:
    """A difference of two shares in percentage points, always with its sign."""
    return mark("points", f"{_signed(100 * value, decimals)} points", value)


def loss(value: float, decimals: int = 1) -> str:
    """A loss in percentage points: what is lost has no sign, what is gained instead has a minus."""
    return mark("loss", f"{_number(100 * value, decimals)} points", value)


def beside(said: float, proved: float, kind: str = "percent", currency: str = "") -> str:
    """What is proved, to stand behind what an attack says, with the gap: `proved: 27.4 %, 54.8 points less`.

    Args:
        kind: `percent`; `loss` for a share lost, in points; `count`, or `money` in a currency.
    """
    write = _writer(kind, currency)
    size = loss if kind == "percent" else write
    return f"proved: {write(proved)}, {size(abs(said - proved))} {'more' if proved > said else 'less'}"


def doubted(said: float, proved: float, kind: str = "percent", currency: str = "") -> str:
    """What an attack says where it may not stand alone: `82.2 %; proved: 27.4 %, 54.8 points less`."""
    return f"{_writer(kind, currency)(said)}; {beside(said, proved, kind, currency)}"


def money(value: float, currency: str, decimals: int = 0) -> str:
    """An amount, behind its currency, if it has one."""
    return mark("money", f"{currency}{JOIN * bool(currency)}{_number(value, decimals)}", value)


def score(value: float) -> str:
    """A score or a cut of one, where the third decimal still separates rows."""
    return mark("score", _number(value, 4), value)


def significant(value: float) -> str:
    """Three significant digits, where values of one table differ in size by orders of magnitude."""
    decimals = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return mark("significant", _number(value, decimals), value)


def rough(value: float) -> str:
    """Two significant digits, for what is itself known no better."""
    decimals = max(0, 1 - math.floor(math.log10(abs(value)))) if value else 0
    digits = 1 - math.floor(math.log10(abs(value))) if value else 0
    return mark("rough", _number(round(value, digits), decimals), value)


def shift(value: float) -> str:
    """A move in standard deviations, with its sign."""
    return mark("shift", f"{_signed(value, 2)}{JOIN}σ", value)


def count(value: float) -> str:
    """A whole number of things."""
    return mark("count", _number(value, 0), value)


def size(value: float) -> str:
    """Bytes, in the unit that leaves three significant digits."""
    power = min(len(BYTES) - 1, max(0, math.floor(math.log10(value) / 3))) if value >= 1 else 0
    scaled = value / 1000**power
    decimals = max(0, 2 - math.floor(math.log10(scaled))) if power else 0
    return mark("size", f"{_number(scaled, decimals)}{JOIN}{BYTES[power]}", value)


def position(value: int) -> str:
    """A place in a list on the page: no finding, so it has no source."""
    return str(value)


def epsilon(value: float) -> str:
    """An attack budget in standard deviations."""
    return mark("epsilon", f"{value:g}{JOIN}σ", value)


def interval(estimate: Estimate, kind: str = "percent", currency: str = "") -> str:
    """The two ends of the 95 % interval; the unit is written once.

    Raises:
        KeyError: `kind` is not one of percent, points, loss, count, money, number.
    """
    return between(estimate.low, estimate.high, kind, currency)


def between(low: float, high: float, kind: str = "percent", currency: str = "") -> str:
    """Two values of one kind, joined by `to`; money is in that currency."""
    write: Callable[[float], str] = {
        "percent": lambda value: _number(100 * value, 1),
        "points": lambda value: _signed(100 * value, 1),
        "loss": lambda value: _number(100 * value, 1),
        "count": lambda value: _number(value, 0),
        "money": lambda value: _number(value, 0),
        "number": lambda value: _number(value, 2),
    }[kind]
    before, after = {
        "percent": ("", f"{JOIN}%"),
        "points": ("", " points"),
        "loss": ("", " points"),
        "money": (f"{currency}{JOIN * bool(currency)}", ""),
    }.get(kind, ("", ""))
    return mark(f"{kind} interval", f"{before}{write(low)} to {write(high)}{after}", low, high)


def give_or_take(estimate: Estimate, kind: str = "percent") -> str:
    """A value with the longer arm of its 95 % interval, `24.9 ± 2.9 %`, for tables that are full of them.

    Raises:
        KeyError: `kind` is not one of percent, points, loss, count.
    """
    write, factor, decimals, unit = {
        "percent": (_number, 100, 1, f"{JOIN}%"), "points": (_signed, 100, 1, " points"),
        "loss": (_number, 100, 1, " points"), "count": (_number, 1, 0, ""),
    }[kind]  # fmt: skip
    longer = max(estimate.high - estimate.value, estimate.value - estimate.low)
    value, size = write(factor * estimate.value, decimals), _number(factor * longer, decimals)
    text = f"{value}{JOIN}±{JOIN}{size}{unit}"
    return mark(f"{kind} interval", text, estimate.value, estimate.low, estimate.high)


def arm(estimate: Estimate) -> str:
    """The longer arm of the 95 % interval of a share, `± 2.9 points`, beside a value that stands alone."""
    size = max(estimate.high - estimate.value, estimate.value - estimate.low)
    return mark(
        "points", f"±{JOIN}{_number(100 * size, 1)} points", estimate.value, estimate.low, estimate.high
    )


def raw(value: float, feature: Feature) -> str:
    """A value of a feature in the unit a person uses."""
    return mark("raw", _with_unit(_number(value, feature.decimals), feature), value)


def raw_moved(value: float, feature: Feature) -> str:
    """As `raw`, for means and attacked values: a count may then have a fraction, so one digit shows it."""
    return mark("raw", _with_unit(_number(value, feature.decimals or 1), feature), value)


def raw_between(low: float, high: float, feature: Feature) -> str:
    """A range of a feature, as `raw_moved`; the unit is written once."""
    ends = (_number(value, feature.decimals or 1) for value in (low, high))
    return mark("raw interval", _with_unit(" to ".join(ends), feature), low, high)


def raw_change(value: float, feature: Feature) -> str:
    """A change of a feature in the unit a person uses, with its sign; counts may change by a fraction."""
    return mark("raw change", _with_unit(_signed(value, feature.decimals or 1), feature), value)


def raw_spread(feature: Feature) -> str:
    """The standard deviation of a feature in its own unit; two digits where a unit has none."""
    value = feature.standard_deviation
    return mark("raw", _with_unit(_number(value, feature.decimals or 2), feature), value)


def raw_epsilon(budget: float, feature: Feature) -> str:
    """What a budget in standard deviations is in the feature's own unit; two digits where a unit has none."""
    value = budget * feature.standard_deviation
    return mark("raw", _with_unit(f"±{_number(value, feature.decimals or 2)}", feature), value)


def fact(value: float, kind: str) -> str:
    """A fact of an anomaly or of a check: percent, points, count, number or days."""
    return {
        "percent": percent,
        "points": loss,
        "count": count,
        "number": number,
        "days": lambda days: mark("days", f"{_number(days, 1)} days", days),
    }[kind](value)


@dataclass(frozen=True)
class Statement:
    """What is said of something a record holds facts about."""

    title: str
    sentence: str
    """With {name} where a fact goes."""
    kinds: Mapping[str, str]
    """How each fact is written; see `fact`."""

    def about(self, facts: Mapping[str, float]) -> str:
        """The sentence with the facts written in; KeyError if one is missing."""
        return self.sentence.format(**{name: fact(facts[name], kind) for name, kind in self.kinds.items()})


def sha(text: str) -> str:
    """The first twelve digits of a hash: enough to compare by eye."""
    return text[:12]


def listed(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *head, last = parts
    return f"{', '.join(head)} and {last}" if head else last


def capital(text: str) -> str:
    """First letter in upper case, the rest as it is."""
    return text[:1].upper() + text[1:]


def md(text: str) -> str:
    """Text from data as it stands: characters of HTML and Markdown become entities, line breaks become spaces."""
    return MARKUP.sub(lambda sign: f"&#{ord(sign[0])};", " ".join(text.split()))


def _number(value: float, decimals: int) -> str:
    text = f"{abs(value):,.{decimals}f}"
    negative = value < 0 and any(digit in text for digit in "123456789")
    return MINUS + text if negative else text


def _signed(value: float, decimals: int) -> str:
    text = _number(value, decimals)
    positive = value > 0 and any(digit in text for digit in "123456789")
    return f"+{text}" if positive else text


def _with_unit(text: str, feature: Feature) -> str:
    return f"{text}{JOIN}{feature.unit}" if feature.unit else text


def _writer(kind: str, currency: str) -> Callable[[float], str]:
    writers = {"percent": percent, "loss": loss, "count": count, "money": partial(money, currency=currency)}
    return writers[kind]


FILTERS = (
    number, signed, percent, setting, points, loss, doubted, money, score, significant, rough, shift, count, size,
    position, epsilon, interval, between, give_or_take, arm, raw, raw_moved, raw_between, raw_change, raw_spread,
    raw_epsilon, sha, listed, capital, md,
)  # fmt: skip

"""Break-even shares and a day's money in words; `docs/assets/calculator-output.js` writes the same ones."""

from generator.impact.bands import Band
from generator.impact.breakeven import BreakEven, Verdict
from generator.impact.whatif import Answer
from generator.notation import formats
from generator.notation.tracing import derived
from generator.records.impact import Scenario


def share(value: float) -> str:
    """A break-even share; what lies outside 0 to 1 is said, not printed."""
    if value > 1:
        return f"over {formats.percent(derived(1.0, value), 0)}"
    return formats.percent(derived(max(0.0, value), value))


def share_range(found: Band) -> str:
    return f"{share(found.low)} to {share(found.high)}"


def rate(value: float) -> str:
    """A share that may be as small as one in twenty thousand."""
    return f"{formats.significant(100 * value)}{formats.JOIN}%"


def money(value: float, currency: str) -> str:
    """Three digits that matter, for a day's sums run from cents to millions; round sums as they are."""
    write = formats.count if float(value).is_integer() else formats.significant
    return f"{currency}{formats.JOIN * bool(currency)}{write(value)}"


def money_range(found: Band, currency: str) -> str:
    """A sum with its interval."""
    return f"{money(found.value, currency)} ({money(found.low, currency)} to {money(found.high, currency)})"


def pays(found: BreakEven) -> str:
    """The verdict in a table cell."""
    return {
        "pays above": f"from {share(found.prevalence.value)} ({share_range(found.prevalence)})",
        "pays below": f"up to {share(found.limit)}: not more robust",
        "always pays": f"at any share ({share_range(found.prevalence)})",
        "never pays": f"at no share ({share_range(found.prevalence)})",
        "not more robust": "at no share: not more robust",
        "catching does not pay": "at no share: a review costs more than a fraud",
    }[found.verdict]


def verdict_sentence(found: Answer, scenario: Scenario, title: str) -> str:
    """What the scenario says, then what the reader's own share of attackers means for a day."""
    share_set = f"You set {formats.percent(scenario.attack_prevalence)}"
    return f"{pays_sentence(found.break_even, title)} {share_set}: {net_sentence(found)}"


def opening_sentence(found: Answer, scenario: Scenario, title: str, attacker: str) -> str:
    """The same where nobody has set anything yet, about one attacker."""
    assumed = f"If {formats.percent(scenario.attack_prevalence)} attack, as assumed here"
    told = pays_sentence(found.break_even, title, f"Against {attacker}")
    return f"{told} {assumed}, {net_sentence(found)}"


def pays_sentence(found: BreakEven, title: str, start: str = "At these values") -> str:
    span = f"{formats.LEVEL} interval {share_range(found.prevalence)}"
    return {
        "pays above": f"{start}, the switch to {title} breaks even when "
        f"{share(found.prevalence.value)} of fraudsters attack ({span}).",
        "pays below": f"{start}, the switch to {title} pays while at most {share(found.limit)} "
        "of fraudsters attack: it is not more robust, but saves elsewhere.",
        "always pays": f"{start}, the switch to {title} pays whatever the share of attacking fraudsters ({span}).",
        "never pays": f"{start}, the switch to {title} does not pay even if every fraudster attacks ({span}).",
        "not more robust": f"{start}, attacks are no reason for a switch to {title}: it gains nothing as more "
        "fraudsters attack.",
        "catching does not pay": f"{start}, reviewing an alert costs more than a caught fraud saves: no model pays.",
    }[found.verdict]


def net_sentence(found: Answer) -> str:
    """Half a sentence: what a day with the model switched to saves or costs."""
    net = found.benefit["net_usd"]
    word = "saves" if net.value > 0 else "costs"
    ends = f"{formats.LEVEL} interval {money(net.low, found.currency)} to {money(net.high, found.currency)}"
    noise = ", no measurable difference from zero" if net.low <= 0 <= net.high else ""
    return f"the switch {word} {money(abs(net.value), found.currency)} a day (net benefit, {ends}){noise}."


def assumptions(scenario: Scenario, currency: str) -> str:
    """The scenario in one sentence part."""
    s = scenario
    return (
        f"{formats.count(s.transactions_per_day)} transactions a day, {rate(s.fraud_share)} of them "
        f"fraud, {money(s.loss_per_fraud, currency)} lost per missed fraud of which "
        f"{formats.setting(s.recovered_share)} comes back, {money(s.review_cost, currency)} per alert and "
        f"{money(s.friction_cost, currency)} per customer stopped"
    )


def alone(said: Verdict, value: float) -> str:
    """As `pays`, for rates that have no draws; `value` is the share from, or up to, which it pays."""
    return {
        "pays above": f"from {share(value)}",
        "pays below": f"up to {share(value)}: not more robust",
        "always pays": "at any share",
        "never pays": "at no share",
        "not more robust": "at no share: not more robust",
        "catching does not pay": "at no share: a review costs more than a fraud",
    }[said]

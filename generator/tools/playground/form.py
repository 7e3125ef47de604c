"""The playground as HTML, whole before a script has run: what a reader chooses, and room for the answers."""

import html
from collections.abc import Sequence

from generator.notation import formats, palette
from generator.tools.calculator.form import TYPED as NUMBER
from generator.tools.calculator.form import said
from generator.tools.playground.offer import Offer, PlayFeature, Transaction

EPSILON_STEP = 0.01
MOST_STEPS = 100
ATTACKS = (("pgd", "PGD: many small steps"), ("fgsm", "FGSM: one large step"))
LABELS = (("fraud", "a fraud"), ("genuine", "a genuine payment"))
GROUPS = (("fraud", "Frauds"), ("genuine", "Genuine payments"))
TYPED = "typed"
"""Value of the choice of a transaction when its inputs were typed."""
SLIDER = 200
"""Steps of the slider of an input that moves continuously."""


def page(offers: Sequence[Offer]) -> str:
    """One block of HTML without empty lines, which would end it in Markdown; it opens as the first offer says."""
    offer = offers[0]
    example = offer.example
    hardened = offer.model(example.hardened)
    names = " ".join(each.dataset for each in offers)
    transaction = (
        _select("dataset", "Data", [(o.dataset, o.title) for o in offers], offer.dataset)
        + _field(
            "transaction", "Transaction",
            f'<select id="playground-transaction" name="transaction" aria-describedby="playground-transaction-said">'
            f"{_transactions(offer)}</select>",
        )
        + _select("label", "It is", LABELS, example.transaction.label)
    )  # fmt: skip
    defence = _select(
        "hardened", "Compared with", [(m.name, m.title) for m in offer.models[1:]], example.hardened
    ) + _select("cut", "A payment is stopped at", [(c.name, c.title) for c in offer.cuts], example.cut)
    attack = (
        _select("tier", "Who attacks", [(t.name, f"{t.name}: {t.title}") for t in offer.tiers], example.tier)
        + _select("attack", "How", ATTACKS, example.attack)
        + _slider("steps", "Steps of PGD", 1, MOST_STEPS, 1, offer.pgd_steps, str(offer.pgd_steps))
    )
    budget = _slider(
        "epsilon", "Budget ε", 0, offer.largest, EPSILON_STEP, example.epsilon, formats.epsilon(example.epsilon)
    )  # fmt: skip
    buttons = (
        ("standard", f"Copy the example against {offer.standard.title}"),
        ("hardened", f"Copy the example against {hardened.title}"),
        ("undo", "Undo my try"),
        ("miss", "Find an attack that misses"),
        ("link", "Copy link"),
        ("reset", "Reset"),
    )
    return "\n".join(
        [
            f'<section class="playground" id="playground" data-datasets="{names}" style="{_colours(offer)}" '
            'aria-label="Attack playground">',
            '<p class="playground-off">The playground needs JavaScript: the models run in your browser. The example '
            "below was worked out by the study itself.</p>",
            '<form class="playground-form" autocomplete="off">',
            _fieldset("Choose a transaction", transaction),
            _fieldset("Choose the attacker", attack),
            _fieldset("Choose the defence", defence),
            "</form>",
            f'<form class="playground-form playground-budget" autocomplete="off">{budget}</form>',
            '<p class="playground-raw"></p>',
            '<div class="playground-models">',
            _model("standard", offer.standard.title),
            _model("hardened", hardened.title),
            "</div>",
            _inputs(offer, hardened.title),
            '<p class="playground-try"></p>',
            f'<p class="playground-tools">{"".join(_button(*each) for each in buttons)}</p>',
            f'<p class="playground-source">{source_line(offer)}</p>',
            '<p class="playground-status" role="status"></p>',
            "</section>",
        ]
    )


def source_line(offer: Offer) -> str:
    """Where the transactions come from, and under which licence."""
    what = "Stand-in data, simulated; not the real file." if offer.stand_in else "Transactions:"
    return f"{what} {_text(offer.origin)}. Licence: {_text(offer.licence)}."


def _text(text: str) -> str:
    return html.escape(text)


def _colours(offer: Offer) -> str:
    """The two models in their colours; the script changes the second with the model."""
    known = palette.colours()
    things = {
        "standard": offer.standard.name,
        "hardened": offer.example.hardened,
        "proved": "exact",
        "broken": "warm",
    }
    return ";".join(f"--{name}:light-dark({','.join(known[token])})" for name, token in things.items())


def _fieldset(title: str, fields: str) -> str:
    return f'<fieldset><legend>{title}</legend><div class="playground-grid">{fields}</div></fieldset>'


def _button(act: str, title: str) -> str:
    return f'<button type="button" data-act="{act}">{_text(title)}</button>'


def _field(name: str, title: str, control: str) -> str:
    return (
        f'<div class="playground-field"><label for="playground-{name}">{_text(title)}</label>{control}'
        f"{said(f'playground-{name}')}</div>"
    )


def _options(options: Sequence[tuple[str, str]], chosen: str) -> str:
    return "".join(
        f'<option value="{_text(value)}"{" selected" if value == chosen else ""}>{_text(text)}</option>'
        for value, text in options
    )


def _select(name: str, title: str, options: Sequence[tuple[str, str]], chosen: str) -> str:
    body = _options(options, chosen)
    control = f'<select id="playground-{name}" name="{name}" aria-describedby="playground-{name}-said">{body}</select>'
    return _field(name, title, control)


def _slider(name: str, title: str, low: float, high: float, step: float, value: float, written: str) -> str:
    return (
        f'<div class="playground-field"><label for="playground-{name}">{title}: '
        f'<output for="playground-{name}" data-output="{name}">{written}</output></label>'
        f'<input type="range" id="playground-{name}" name="{name}" min="{low:g}" max="{high:g}" step="{step:g}" '
        f'value="{value:g}" aria-valuetext="{written}" aria-describedby="playground-{name}-said">'
        f"{said(f'playground-{name}')}</div>"
    )


def _transactions(offer: Offer) -> str:
    groups = (
        f'<optgroup label="{title}">'
        + _options(
            [(t.id, described(offer, t)) for t in offer.transactions if t.label == label],
            offer.example.transaction.id,
        )
        + "</optgroup>"
        for label, title in GROUPS
    )
    return "".join(groups) + f'<option value="{TYPED}">typed in below</option>'


def described(offer: Offer, transaction: Transaction) -> str:
    """A transaction in a list: its id and its first input, which is the amount."""
    return f"{transaction.id}, {formats.number(transaction.raw[0], 2)}{formats.JOIN}{offer.features[0].unit}"


def _model(side: str, title: str) -> str:
    return (
        f'<div class="playground-model" data-side="{side}" role="group" aria-label="{_text(title)}">'
        f'<p class="playground-name">{_text(title)}</p>'
        '<p class="playground-verdict"><strong></strong> <span></span></p>'
        '<div class="playground-plot" role="img" aria-label="Fraud score against the budget"></div>'
        '<p class="playground-scores"></p><p class="playground-limit"></p></div>'
    )


def _inputs(offer: Offer, hardened: str) -> str:
    example = offer.example.transaction
    rows = "".join(
        _row(i, feature, value)
        for i, (feature, value) in enumerate(zip(offer.features, example.raw, strict=True))
    )
    heads = ("Input", "Transaction", "May move within")
    return (
        '<table class="playground-table"><caption>What may change, and what the attack makes of it</caption><thead><tr>'
        + "".join(f'<th scope="col">{head}</th>' for head in heads)
        + f'<th scope="col" data-head="standard">Against {_text(offer.standard.title)}</th>'
        f'<th scope="col" data-head="hardened">Against {_text(hardened)}</th>'
        f'<th scope="col">Your own try</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _row(place: int, feature: PlayFeature, value: float) -> str:
    title, name = _text(feature.title), f"playground-raw-{place}"
    unit = f" ({_text(feature.unit)})" if feature.unit else ""
    return (
        f'<tr data-feature="{place}"><th scope="row">{title}{unit}</th>'
        f'<td data-cell="raw"><input id="{name}" {NUMBER} value="{value:.10g}" aria-label="{title}{unit}" '
        f'aria-describedby="{name}-said">{said(name)}</td>'
        '<td data-cell="range" data-label="May move within"></td>'
        '<td data-cell="standard"></td><td data-cell="hardened"></td>'
        f'<td data-cell="mine" data-label="Your own try"><input id="playground-mine-{place}" type="range" min="0" '
        f'max="{SLIDER}" step="1" value="0" aria-label="{title}: your own try" '
        f'aria-describedby="playground-mine-{place}-said"><output></output>{said(f"playground-mine-{place}")}</td></tr>'
    )

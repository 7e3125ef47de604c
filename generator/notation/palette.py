"""The one home of names, order, colours, dashes and markers: the same thing looks the same on every page.

A chart never writes a colour; it writes a token, `@pgd_ramp` or, see-through, `@pgd_ramp/0.15`. A drawing turns it
into a class of `palette.css`, which is made here; `charts.js` turns it into the colour of the scheme the reader uses.
Hues follow Okabe and Ito (2008), darkened or lightened until every mark has a contrast of 3:1 with the page; dash,
marker and the pattern of a bar repeat what colour says.

    python -m generator.notation.palette > docs/assets/palette.css
"""

from dataclasses import dataclass

PAGE_LIGHT, PAGE_DARK = "#ffffff", "#1e2129"
"""Backgrounds of the page in the two schemes of the theme."""


@dataclass(frozen=True)
class Look:
    """How one thing is called and drawn."""

    title: str
    light: str
    dark: str
    dash: str = "solid"
    symbol: str = "circle"
    pattern: str = ""
    """Strokes on a bar, as Plotly names them."""


@dataclass(frozen=True, kw_only=True)
class ModelLook(Look):
    """How a model is called and drawn, within a sentence too, and how it was made."""

    phrase: str
    made: str


MODELS = {
    "standard": ModelLook(
        "Standard", "#1f2933", "#e6eaf0",
        phrase="the standard model",
        made="Trained on clean rows only.",
    ),
    "accumulating_fgsm": ModelLook(
        "Original recipe", "#00815e", "#2cc295", "solid", "square",
        phrase="the original recipe",
        made="Each round makes FGSM examples against the model as it stands. It then trains on the clean rows, "
             "these examples and those of all earlier rounds. Of the readings of the original, this one comes "
             "closest to the figures it reported.",
    ),
    "current_round_fgsm": ModelLook(
        "Clean + this round", "#0b7a99", "#4cc3e0", "dash", "diamond",
        phrase="the reading that keeps only this round",
        made="As above, but the examples of earlier rounds are thrown away.",
    ),
    "half_batch_fgsm": ModelLook(
        "Half of each batch", "#857400", "#e8d93e", "dashdot", "triangle-up",
        phrase="the reading that attacks half of each batch",
        made="Half of every training batch is turned into FGSM examples on the fly.",
    ),
    "extra_epochs": ModelLook(
        "Extra epochs, no attack", "#94561f", "#d9a066", "longdash", "triangle-down",
        phrase="training longer without attack",
        made="The control: as many training steps as the original recipe, all on clean rows.",
    ),
    "pgd_ramp": ModelLook(
        "PGD training", "#4b4fc4", "#a3a8ff", "solid", "star",
        phrase="PGD training",
        made="Every batch is attacked with PGD while training; the budget rises from zero, round by round "
             "(after Madry and others).",
    ),
    "fgsm_random_start": ModelLook(
        "FGSM, random start", "#7d5a86", "#c3a0cc", "dashdot", "hexagon",
        phrase="FGSM with random start",
        made="Every batch takes one FGSM step from a random point of the budget, with the same rising budget "
             "(after Wong, Rice and Kolter).",
    ),
    "trades": ModelLook(
        "TRADES", "#6a1fb0", "#c58cff", "longdash", "pentagon",
        phrase="TRADES",
        made="Clean loss, plus a penalty for any change of the answer within the rising budget (after Zhang "
             "and others).",
    ),
    "crown_ibp": ModelLook(
        "Certified training (IBP)", "#123f8c", "#7aa5ff", "dash", "hexagram",
        phrase="certified training",
        made="Trained on a bound that holds for the whole budget, not on single attacked examples (interval "
             "bounds and CROWN, after Zhang and others).",
    ),
    "pgd_tier1": ModelLook(
        "Threat-matched PGD", "#c2185b", "#ff6fa8", "longdashdot", "star-diamond",
        phrase="threat-matched training",
        made="PGD training in which only frauds move, only in the inputs anybody can change, and only in the "
             "direction that helps a fraudster.",
    ),
    "monotone_net": ModelLook(
        "Monotone FraudNet", "#a4133c", "#ff8fa3", "dash", "diamond-tall",
        phrase="the monotone FraudNet",
        made="FraudNet with weights kept within signs, so that it looks at every input with a direction of risk in "
             "that direction only (after Runje and Shankaranarayana). It trains on frauds at the worst corner of what "
             "anybody can change.",
    ),
    "logistic_regression": ModelLook(
        "Logistic regression", "#a3320b", "#ff9e7a", "dot", "cross",
        phrase="logistic regression",
        made="A weight for each standardised input, trained on clean rows only.",
    ),
    "boosted_trees": ModelLook(
        "Boosted trees", "#4d6b00", "#b7d35a", "solid", "triangle-left",
        phrase="the boosted tree ensemble",
        made="An ensemble of decision trees, each fitted to what those before it left over. Trained on "
             "clean rows only.",
    ),
    "monotone_trees": ModelLook(
        "Monotone trees", "#006d77", "#5fd3dd", "solid", "triangle-right",
        phrase="the monotone tree ensemble",
        made="Boosted trees that may look at every input with a direction of risk in that direction only. They train "
             "on frauds that already stand at the worst corner of what anybody can change.",
    ),
    "monotone_trees_widest": ModelLook(
        "Monotone trees, insider", "#8a4fff", "#c9a8ff", "dash", "hourglass",
        phrase="the monotone tree ensemble hardened against an insider",
        made="As before, on frauds at the worst corner of what the most capable fraudster can change.",
    ),
    "trees_left_out": ModelLook(
        "Trees without attackable inputs", "#7c3a2d", "#e0917f", "dashdot", "bowtie",
        phrase="the tree ensemble without attackable inputs",
        made="Boosted trees that never see an input that anybody can change.",
    ),
    "approve_everything": ModelLook(
        "Approve everything", "#68717c", "#98a2ae", "dot", "x",
        phrase="approving everything",
        made="No model: every transaction passes and every fraud is missed.",
    ),
}  # fmt: skip
"""Models by name, in the order every chart and table shows them."""

ATTACKS = {
    "clean": Look("Clean", "#0072b2", "#56b4e9"),
    "fgsm": Look("FGSM", "#b26a00", "#f0a30a", "solid", "circle-open", "/"),
    "pgd": Look("PGD", "#a83c7c", "#e293c2", "dash", "diamond", "\\"),
    "exact": Look("Exact (proved)", "#14532d", "#a3e6a0", "solid", "square", "x"),
}
"""What is done to the rows, in the order every chart and table shows it; `exact` is a proof."""

BOUNDS = {
    "limit": Look("Limit: best any classifier", "#5b4b8a", "#b9a9ee", "longdashdot", "cross"),
    "monotone_limit": Look("Limit: best monotone rule", "#7a6200", "#e3c94a", "dot", "triangle-down-open"),
    "rule": Look("The labelling rule itself", "#7a4a00", "#e0b36a", "longdash", "triangle-up-open"),
}
"""What no model passes, what no monotone one passes, and what the rule behind the labels reaches."""

CLASSES = {
    "legitimate": Look("Legitimate", "#5b6b7b", "#93a5b8", "dash"),
    "fraud": Look("Fraud", "#c84f00", "#ff8a47", "solid", "diamond", "/"),
}

BATTERY = {
    "noise": "Random noise",
    "transfer": "Examples of another model",
    "fgsm": "FGSM",
    "tree_copy": "Decision-tree attack on a copy (sees answers only)",
    "hop_skip_jump": "HopSkipJump (sees answers only)",
    "zoo": "ZOO (sees scores only)",
    "block_search": "Random search (sees scores only)",
    "corners": "Every corner of the box",
    "pgd_cross_entropy": "PGD on cross-entropy",
    "pgd_margin": "PGD on the margin, with restarts",
    "apgd": "Auto-PGD",
    "nearest_boundary": "Nearest boundary",
    "worst_case": "Worst of all on each row",
    "exact": "Exact (proved)",
}
"""Attacks of the battery, in the order pages show them."""

INK = {
    "text": ("#27303a", "#d7dce4"),
    "muted": ("#59636f", "#a7b0bd"),
    "grid": ("#e3e7ec", "#363b47"),
    "page": (PAGE_LIGHT, PAGE_DARK),
    "accent": ("#0072b2", "#56b4e9"),
    "cold": ("#0072b2", "#56b4e9"),
    "neutral": ("#f4f5f7", "#2b303b"),
    "warm": ("#c84f00", "#ff8a47"),
    "black": ("#000000", "#000000"),
    "white": ("#ffffff", "#ffffff"),
}
"""What is not a thing of the study: text, lines, the ends and the middle of colour scales, the text on them."""


def model(name: str) -> ModelLook:
    """Look of a model; ValueError names the known ones."""
    return _look(MODELS, "model", name)


def attack(name: str) -> Look:
    """Look of an attack, `clean` among them; ValueError names the known ones."""
    return _look(ATTACKS, "attack", name)


def bound(name: str) -> Look:
    """Look of the limit or of the rule; ValueError names the known ones."""
    return _look(BOUNDS, "bound", name)


def battery(name: str) -> str:
    """Title of an attack of the battery; one without an entry is called what the records call it."""
    return BATTERY.get(name, name.replace("_", " ").capitalize())


def label_class(name: str) -> Look:
    """Look of a class of the label; ValueError names the known ones."""
    return _look(CLASSES, "class", name)


def colours() -> dict[str, tuple[str, str]]:
    """Every token without its @, with its colour in light and in dark."""
    things = {**MODELS, **ATTACKS, **BOUNDS, **CLASSES}
    return {**{name: (look.light, look.dark) for name, look in things.items()}, **INK}


def stylesheet() -> str:
    """`palette.css`: a variable and a class for every token, right for the scheme of the element that uses it."""
    known = colours()
    variables = "".join(
        f"  --c-{name}: light-dark({light}, {dark});\n" for name, (light, dark) in known.items()
    )
    classes = "".join(f".c-{name} {{ color: var(--c-{name}); }}\n" for name in known)
    return f"/* Made from generator/notation/palette.py; change it there. */\n\n:root {{\n{variables}}}\n{classes}"


def in_order(names) -> list[str]:
    """The given models in the order of `MODELS`; ValueError for an unknown one."""
    given = list(names)
    for name in given:
        model(name)
    return [name for name in MODELS if name in given]


def _look(looks: dict[str, Look], kind: str, name: str) -> Look:
    if name not in looks:
        raise ValueError(f"unknown {kind} {name!r} has no colour; known: {', '.join(looks)}")
    return looks[name]


if __name__ == "__main__":
    print(stylesheet(), end="")

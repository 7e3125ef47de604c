"""Tokens of the palette as classes and CSS colours."""

import itertools

from generator.notation.palette import colours


def name(token: str) -> str:
    """ "@pgd/0.2" -> "pgd"; ValueError for what is no token."""
    bare = token.removeprefix("@").partition("/")[0]
    if not token.startswith("@") or bare not in colours():
        raise ValueError(f"{token!r} is no token of the palette; known: {', '.join(colours())}")
    return bare


def alpha(token: str) -> str:
    """ "@pgd/0.2" -> "0.2"; empty for one that hides what is behind it."""
    return token.partition("/")[2]


def kind(token: str) -> str:
    """The class that gives an element the colour of a token, as its `color`."""
    return f"c-{name(token)}"


def blend(scale: list, share: float) -> str:
    """CSS colour of a place between 0 and 1 on a scale of [place, token] pairs."""
    for (low, one), (high, other) in itertools.pairwise(scale):
        if share <= high:
            part = round(100 * (share - low) / (high - low))
            if part in (0, 100):
                return f"var(--c-{name(other if part else one)})"
            return f"color-mix(in srgb,var(--c-{name(other)}) {part}%,var(--c-{name(one)}))"
    return f"var(--c-{name(scale[-1][1])})"


def rgb(scale: list, share: float, dark: bool) -> tuple[float, ...]:
    """The same colour in one scheme, each part between 0 and 255."""
    known = colours()
    for (low, one), (high, other) in itertools.pairwise(scale):
        if share <= high:
            part = (share - low) / (high - low)
            ends = [_parts(known[name(token)][dark]) for token in (one, other)]
            return tuple(a + part * (b - a) for a, b in zip(*ends, strict=True))
    return _parts(known[name(scale[-1][1])][dark])


def _parts(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def luminance(parts: tuple[float, ...]) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in (part / 255 for part in parts)
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ink(scale: list, share: float) -> tuple[str, str]:
    """Token of the text that is read best on a place of the scale, in light and in dark."""
    known = colours()

    def best(dark: bool) -> str:
        under = rgb(scale, share, dark)
        return max(("black", "white"), key=lambda token: contrast(_parts(known[token][dark]), under))

    return best(False), best(True)


def written(inks: tuple[str, str]) -> str:
    """Attribute of text in these inks."""
    light, dark = inks
    if light == dark:
        return f'class="c-{light}"'
    return f'style="color:light-dark(var(--c-{light}),var(--c-{dark}))"'

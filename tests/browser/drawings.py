"""What a browser shows of the figures of a page: drawings first, live ones on demand."""

import re

from browser import Browser, soon

from generator.notation.palette import INK

STOPS = 4
"""Views, plot and tools: a reader with a keyboard passes a figure in four steps at most."""


def ink(scheme: str) -> str:
    """Colour of the labels as the browser writes it."""
    colour = INK["text"][scheme == "dark"]
    return "rgb({}, {}, {})".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))


def assert_drawn(figures: list[dict], scheme: str):
    """Every drawing is there, within its box and in the colours of the scheme."""
    for figure in figures:
        assert figure["panels"], figure
        assert figure["smallest"] > 30, figure
        assert 0 < figure["drawing"] <= figure["box"] + 1, figure
        assert figure["height"] > 100, figure
        assert figure["label"] in (None, ink(scheme)), figure


def assert_live(figures: list[dict], scheme: str):
    """Every live chart lies in its place, in the colours of the scheme."""
    for figure in figures:
        assert figure["state"] == "live", figure
        assert abs(figure["width"] - figure["place"]) <= 1, figure
        assert set(figure["ink"]) <= {ink(scheme)}, figure


def assert_all(browser: Browser, scheme: str):
    """Every drawing and every live chart is there in the colours of the scheme, once they had time to follow."""

    def follow():
        figures = browser.figures()
        assert_drawn(figures, scheme)
        assert_live(figures, scheme)

    soon(follow)


def bundle(urls: list[str]) -> list[str]:
    """Those of the addresses that only a live chart needs."""
    return [url for url in urls if "plotly" in url or re.search(r"/data/(checks|kaggle)-[a-z-]+\.js$", url)]

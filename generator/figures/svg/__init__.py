"""Figures as SVG, without a browser: what a page shows before anybody asks for more, and what goes on paper.

    axes       ranges, marks and categories from traces and layout; Plotly is told the same
    ticks      round numbers, powers of ten, months
    text       width, line breaks, elements
    symbols    marks as paths
    contours   outlines of a surface
    paint      tokens of the palette as classes and colours
    marks      what is drawn of one trace
    legend     what lines, marks and colours mean
    frame      grid, labels, titles, margins
    drawing    all of it together
    document   a drawing as a file of its own

A drawing has no width of its own: see `drawing`.
"""

from generator.figures.svg.axes import settled
from generator.figures.svg.document import document
from generator.figures.svg.drawing import drawing

__all__ = ["document", "drawing", "settled"]

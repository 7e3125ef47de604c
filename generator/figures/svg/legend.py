"""What lines, marks and colours mean: a row above the plot that breaks where it must."""

import html
from typing import Any

from generator.figures.svg import paint
from generator.figures.svg.axes import Figure, shown
from generator.figures.svg.marks import Names, scale


def entries(figure: Figure, view: str) -> list[dict[str, Any]]:
    """The traces that a legend names; none where a single one needs no telling apart."""
    named = [
        trace
        for trace in shown(figure, view)
        if trace["type"] in ("scatter", "bar") and trace.get("name") and trace.get("showlegend", True)
    ]
    asked = any(trace.get("showlegend") for trace in named)
    return named if len(named) > 1 or asked else []


def legend(figure: Figure, view: str, names: Names) -> str:
    """The legend, or the colour scale of a surface; empty where the plot needs neither."""
    parts = [
        f'<span data-name="{html.escape(trace["name"])}">{_key(trace, names)}{html.escape(trace["name"])}</span>'
        for trace in entries(figure, view)
    ]
    surfaces = [trace for trace in shown(figure, view) if trace["type"] in ("heatmap", "contour")]
    if surfaces and scale(surfaces[0], figure)["bar"] is not None:
        parts.append(_scale(surfaces[0], figure))
    return f'<p class="chart-legend">{"".join(parts)}</p>' if parts else ""


def _key(trace: dict[str, Any], names: Names) -> str:
    drawn = []
    if trace["type"] == "bar":
        token = trace["marker"]["color"]
        pattern = trace["marker"].get("pattern", {}).get("shape", "")
        look = (
            f'fill="url(#{names.pattern(token, pattern)})"' if pattern else f'class="{paint.kind(token)} f"'
        )
        drawn.append(f'<rect {look} x="6" width="16" height="12"/>')
    else:
        line = trace.get("line", {})
        if "fill" in trace:
            fill = trace["fillcolor"]
            drawn.append(
                f'<path class="{paint.kind(fill)} f" fill-opacity="{paint.alpha(fill)}" d="M0 0h28v12H0z"/>'
            )
        if "lines" in trace["mode"] and line.get("width", 2):
            look = f"{paint.kind(line['color'])} l {line.get('dash', 'solid')}"
            drawn.append(f'<path class="{look}{"" if line.get("width", 2) > 2 else " two"}" d="M0 6h28"/>')
        if "markers" in trace["mode"]:
            marker = trace["marker"]
            symbol = marker.get("symbol", "circle")
            name = names.symbol(symbol, min(10, marker["size"]))
            look = f"{paint.kind(marker['color'])} {'o' if symbol.endswith('-open') else 'm'}"
            drawn.append(f'<use class="{look}" href="#{name}" x="14" y="6"/>')
    return f'<svg width="28" height="12">{"".join(drawn)}</svg>'


def _scale(trace: dict[str, Any], figure: Figure) -> str:
    found = scale(trace, figure)
    bar, low, high = found["bar"], found["low"], found["high"]
    stops = ",".join(f"{paint.blend(found['scale'], at / 8)} {100 * at / 8:g}%" for at in range(9))
    title = html.escape(bar.get("title", {}).get("text", ""))
    suffix = bar.get("ticksuffix", "")
    ends = [f"{value:,.0f}".replace("-", "\u2212") + suffix for value in (low, high)]
    return (
        f"<span>{title} {ends[0]}</span>"
        f'<i class="chart-scale" style="background:linear-gradient(90deg,{stops})"></i><span>{ends[1]}</span>'
    ).replace("<span> ", "<span>")

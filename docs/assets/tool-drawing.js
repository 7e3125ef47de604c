/* The charts of the calculator and the playground are inline SVG, small and quick: a slider redraws them while it moves.
   Here is what they are made of. Colours are classes and CSS variables, so that they follow the scheme of the page. */
window.studyDrawing = (() => {
  "use strict";

  const { shape, size } = window.study;

  /* A drawing as large as its box, which it takes the place of once it is done; `add` puts a shape on top. */
  function canvas(box) {
    const [width, height] = size(box);
    const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
    const add = (name, attributes, text) => svg.appendChild(shape(name, attributes, text));
    return { width, height, add, done: () => box.replaceChildren(svg) };
  }

  /* About `count` round values between low and high. */
  function ticks(low, high, count) {
    const rough = (high - low) / count || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((each) => each >= rough);
    const found = [];
    for (let at = Math.ceil(low / step); at * step <= high + step * 1e-9; at++) found.push(at * step);
    return found;
  }

  /* From a value to its place. */
  function scale(low, high, from, to, log = false) {
    const place = log ? Math.log : (x) => x;
    const [a, b] = [place(low), place(high)];
    return (value) => from + (to - from) * (place(value) - a) / (b - a || 1);
  }

  /* Grid and labels of an axis; `area` is { left, right, top, bottom } of what is drawn. */
  function yAxis(add, area, Y, values, text) {
    for (const at of values) {
      add("line", { class: "grid", x1: area.left, x2: area.right, y1: Y(at), y2: Y(at) });
      add("text", { x: area.left - 5, y: Y(at) + 4, "text-anchor": "end" }, text(at));
    }
  }

  /* Labels at the ends stay within the area if they are `kept` there. */
  function xAxis(add, area, X, values, text, kept = true) {
    for (const at of values) {
      const anchor = kept && X(at) > area.right - 14 ? "end" : kept && X(at) < area.left + 10 ? "start" : "middle";
      add("line", { class: "grid", x1: X(at), x2: X(at), y1: area.top, y2: area.bottom });
      add("text", { x: X(at), y: area.bottom + 15, "text-anchor": anchor }, text(at));
    }
  }

  /* The d of a <path> through points [x, y]. */
  const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

  /* A line across the area at a place of the x axis. */
  const upright = (add, area, name, x) => add("line", { class: name, x1: x, x2: x, y1: area.top, y2: area.bottom });

  return { canvas, ticks, scale, xAxis, yAxis, path, upright };
})();

/* The five charts of the calculator, drawn with tool-drawing.js. */
(() => {
  "use strict";

  const FONT = 11;
  const LEGEND = 86; // px from one entry to the next
  const { canvas, path, scale, ticks, upright, xAxis, yAxis } = window.studyDrawing;
  const format = (...given) => window.studyOutput.format(...given);

  // ---------------------------------------------------------------- pieces

  /* Axes with their labels; x and y turn values into places. */
  function frame(box, { x, y, xTicks, yTicks, xText, yText, log = false }) {
    const { width, height, add, done } = canvas(box);
    const left = 8 + Math.max(...yTicks.map((at) => yText(at).length)) * FONT * 0.58;
    const area = { left, right: width - 10, top: 8, bottom: height - 22 };
    const X = scale(...x, area.left, area.right, log);
    const Y = scale(...y, area.bottom, area.top);
    yAxis(add, area, Y, yTicks, yText);
    xAxis(add, area, X, xTicks, xText);
    return { X, Y, add, done, area };
  }

  function strip(add, xs, bands, X, Y) {
    const up = xs.map((x, i) => [X(x), Y(bands[i].high)]);
    const down = xs.map((x, i) => [X(x), Y(bands[i].low)]).reverse();
    add("path", { class: "band", d: `${path([...up, ...down])}Z` });
  }

  function label(add, area, x, y, text) {
    const anchor = x > (area.left + area.right) / 2 ? "end" : "start";
    add("text", { class: "strong", x: x + (anchor === "end" ? -5 : 5), y, "text-anchor": anchor }, text);
  }

  // ---------------------------------------------------------------- the charts

  /* xs in 0..1, bands of net benefit, the break-even share and the reader's own. */
  function net(box, { xs, bands, share, own, ownNet }) {
    const low = Math.min(0, ...bands.map((each) => each.low));
    const high = Math.max(0, ...bands.map((each) => each.high));
    const { X, Y, add, done, area } = frame(box, {
      x: [0, 1], y: [low, high], xTicks: [0, 0.25, 0.5, 0.75, 1], yTicks: ticks(low, high, 5),
      xText: (at) => format(at, "percent", 0), yText: (at) => format(at, "short"),
    });
    strip(add, xs, bands, X, Y);
    add("line", { class: "zero", x1: area.left, x2: area.right, y1: Y(0), y2: Y(0) });
    add("path", { class: "line", d: path(xs.map((x, i) => [X(x), Y(bands[i].value)])) });
    if (share > 0 && share <= 1) {
      upright(add, area, "mark", X(share));
      label(add, area, X(share), area.top + 10, `breaks even at ${format(share, "share")}`);
    }
    add("circle", { class: "own", cx: X(own), cy: Y(ownNet), r: 5 });
    done();
  }

  function prior(box, { xs, bands, own, ownShare }) {
    const clip = (value) => Math.min(1, Math.max(0, value));
    const decades = [0.0001, 0.001, 0.01, 0.1].filter((at) => at >= xs[0] && at <= xs.at(-1));
    const { X, Y, add, done } = frame(box, {
      x: [xs[0], xs.at(-1)], y: [0, 1], xTicks: decades, yTicks: [0, 0.25, 0.5, 0.75, 1], log: true,
      xText: (at) => format(at, "percent", at < 0.01 ? (at < 0.001 ? 2 : 1) : 0),
      yText: (at) => format(at, "percent", 0),
    });
    if (bands.every((each) => !Number.isNaN(each.value))) {
      const shown = bands.map(({ value, low, high }) => ({ value: clip(value), low: clip(low), high: clip(high) }));
      strip(add, xs, shown, X, Y);
      add("path", { class: "line", d: path(xs.map((x, i) => [X(x), Y(shown[i].value)])) });
      add("circle", { class: "own", cx: X(own), cy: Y(clip(ownShare)), r: 5 });
    }
    done();
  }

  /* Rows with a title at the left, an axis below, and above them what the colours mean. */
  function bars(box, { titles, x, meanings = {} }) {
    const { width, height, add, done } = canvas(box);
    const keys = Object.entries(meanings);
    const left = 10 + Math.max(...titles.map((title) => title.length)) * FONT * 0.56;
    const area = { left, right: width - 14, top: keys.length ? 26 : 6, bottom: height - 22 };
    const X = scale(...x, area.left, area.right);
    const step = (area.bottom - area.top) / titles.length;
    xAxis(add, area, X, ticks(...x, 4), (at) => format(at, "short"), false);
    titles.forEach((title, i) => {
      add("text", { x: left - 6, y: area.top + (i + 0.5) * step + 4, "text-anchor": "end" }, title);
    });
    keys.forEach(([name, text], i) => {
      add("rect", { class: name, x: 8 + i * LEGEND, y: 4, width: 10, height: 10 });
      add("text", { x: 8 + i * LEGEND + 15, y: 13 }, text);
    });
    const bar = (side, i, from, to) => {
      const [a, b] = [X(from), X(to)].sort((one, other) => one - other);
      add("rect", { class: side, x: a, y: area.top + (i + 0.2) * step, width: b - a, height: step * 0.6 });
    };
    const arm = (i, { low, high }) => {
      const y = area.top + (i + 0.5) * step;
      add("path", { class: "arm", d: `M${X(low)} ${y}H${X(high)}M${X(low)} ${y - 4}v8M${X(high)} ${y - 4}v8` });
    };
    const rule = (name, at) => upright(add, area, name, X(at));
    return { bar, arm, rule, done };
  }

  /* rows: { title, half, more } of net benefit at half and at one and a half times an input. */
  function tornado(box, { rows, base }) {
    const ends = [base, ...rows.flatMap((row) => [row.half, row.more])];
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    const { bar, rule, done } = bars(box, {
      titles: rows.map((row) => row.title), x: [low, high], meanings: { half: "half", more: "one and a half" },
    });
    rows.forEach((row, i) => {
      for (const side of ["half", "more"]) bar(side, i, base, row[side]);
    });
    rule("zero", base);
    if (low < 0 && high > 0) rule("mark", 0);
    done();
  }

  /* rows: { title, parts: { lost, review, friction }, band }. */
  function cost(box, { rows }) {
    const meanings = { lost: "lost", review: "reviews", friction: "customers" };
    const { bar, arm, done } = bars(box, {
      titles: rows.map((row) => row.title), x: [0, Math.max(...rows.map((row) => row.band.high), 1e-9)], meanings,
    });
    rows.forEach((row, i) => {
      let from = 0;
      for (const name of Object.keys(meanings)) bar(name, i, from, from += row.parts[name]);
      arm(i, row.band);
    });
    done();
  }

  function alerts(box, { rows, capacity }) {
    const high = Math.max(capacity, ...rows.map((row) => row.band.high)) * 1.05;
    const { bar, arm, rule, done } = bars(box, { titles: rows.map((row) => row.title), x: [0, high] });
    rows.forEach((row, i) => {
      bar(row.side, i, 0, row.band.value);
      arm(i, row.band);
    });
    rule("mark", capacity);
    done();
  }

  window.studyImpactCharts = { net, prior, tornado, cost, alerts };
})();

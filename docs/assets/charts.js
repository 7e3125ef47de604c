/* Draws every <figure class="chart">: Plotly and the figure's own script are loaded when it comes near the
   viewport, colours follow the scheme of the page, the plot follows the width of its box. Without this script
   the figure still has its title, caption, summary, table and CSV. Works from http and from file://. */
(() => {
  "use strict";

  const PLOTLY = "plotly-cartesian-4.1.1.min.js";
  const CONFIG = { displayModeBar: false, displaylogo: false, showSendToCloud: false };
  const PHONE = "(max-width: 44.9375em)"; // extra.css gives figures their narrow height at the same width
  const PAPER = 660; // px of width that fit on a printed page; a style gives a figure less as --paper
  const assets = document.currentScript.src; // empty where everything is inline, and then nothing is loaded

  const specs = new Map(); // slug -> what <slug>.js registered
  const drawn = new Map(); // figure -> { spec, plot, view }
  const loading = new Map(); // url -> promise
  let printing = false;

  window.studyChart = (slug, spec) => specs.set(slug, spec);

  // ---------------------------------------------------------------- loading

  function load(path) {
    const url = new URL(path, assets).href;
    if (!loading.has(url)) {
      loading.set(url, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = url;
        script.onload = resolve;
        script.onerror = () => reject(new Error(`${path} did not load`));
        document.head.append(script);
      }));
    }
    return loading.get(url);
  }

  async function obtain(slug) {
    const waiting = [];
    if (!window.Plotly) waiting.push(load(PLOTLY));
    if (!specs.has(slug)) waiting.push(load(`../data/${slug}.js`));
    await Promise.all(waiting);
    if (!specs.has(slug)) throw new Error(`${slug}.js holds no figure of that name`);
    return specs.get(slug);
  }

  // ---------------------------------------------------------------- what a figure looks like now

  function isDark() {
    const scheme = document.body.dataset.mdColorScheme;
    return scheme ? scheme === "slate" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  /* "@pgd" and "@pgd/0.2" become the colour of that token; everything else stays as it is. */
  function coloured(value, colours, dark) {
    if (typeof value === "string" && value[0] === "@") {
      const [name, alpha] = value.slice(1).split("/");
      if (!Object.hasOwn(colours, name)) return value;
      const hex = colours[name][dark ? 1 : 0];
      if (!alpha) return hex;
      const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
      return `rgba(${r},${g},${b},${alpha})`;
    }
    if (Array.isArray(value)) return value.map((part) => coloured(part, colours, dark));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, coloured(part, colours, dark)]));
    }
    return value;
  }

  /* patch {"xaxis2.title.text": "x"} into the layout, making what is not there yet. */
  function patched(layout, patch) {
    for (const [path, value] of Object.entries(patch)) {
      const keys = path.split(".");
      const last = keys.pop();
      let place = layout;
      for (const key of keys) place = place[key] ??= {};
      place[last] = value;
    }
    return layout;
  }

  function current({ spec, view }, { width, height, dark = false, narrow = false }) {
    const { data, layout } = coloured(spec.figure, spec.colours, dark);
    const shown = data.filter((trace) => !trace.meta?.view || trace.meta.view === view);
    const size = { width, height, autosize: false, uirevision: view, dragmode: coarse() ? false : "zoom" };
    return { data: shown, layout: patched({ ...layout, ...size }, narrow ? spec.narrow : {}) };
  }

  const coarse = () => matchMedia("(pointer: coarse)").matches;

  function render(figure) {
    const state = drawn.get(figure);
    const paper = Number(getComputedStyle(state.plot).getPropertyValue("--paper")) || PAPER;
    const width = printing ? paper : state.plot.clientWidth;
    if (!width) return; // in a closed <details> or tab: the ResizeObserver calls again
    const { data, layout } = current(state, {
      width,
      height: state.plot.clientHeight,
      dark: isDark() && !printing,
      narrow: printing ? paper < PAPER : matchMedia(PHONE).matches,
    });
    window.Plotly.react(state.plot, data, layout, CONFIG);
  }

  // ---------------------------------------------------------------- one figure

  async function draw(figure) {
    if (drawn.has(figure) || figure.dataset.state) return;
    figure.dataset.state = "loading";
    const plot = figure.querySelector(".chart-plot");
    try {
      const spec = await obtain(figure.dataset.chart);
      drawn.set(figure, { spec, plot, view: spec.views[0] });
      render(figure);
      offerViews(figure);
      resized.observe(plot);
      figure.dataset.state = "drawn";
    } catch (error) {
      figure.dataset.state = "failed";
      plot.removeAttribute("role"); // its text must be read now
      plot.textContent = `This chart could not be drawn (${error.message}). The table below has its numbers.`;
      console.error(error);
    }
  }

  function button(text, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", () => act(made));
    return made;
  }

  function offerViews(figure) {
    const state = drawn.get(figure);
    const buttons = [...figure.querySelectorAll(".chart-views button")];
    buttons.forEach((each, i) => {
      each.disabled = false;
      each.addEventListener("click", () => {
        state.view = state.spec.views[i];
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === each));
        render(figure);
      });
    });
  }

  /* The picture has the title on it and is always light: it goes into papers and slides. */
  async function download(figure, format) {
    await draw(figure);
    const state = drawn.get(figure);
    if (!state) return;
    const { width, height } = { width: 1000, height: state.plot.clientHeight + 60 };
    const { data, layout } = current(state, { width, height });
    const title = { text: state.spec.title, x: 0.01, xanchor: "left", y: 0.98, yanchor: "top", font: { size: 18 } };
    const picture = { ...layout, title, paper_bgcolor: "#ffffff", margin: { ...layout.margin, t: 60, l: 20, r: 20, b: 20 } };
    const filename = figure.dataset.chart;
    await window.Plotly.downloadImage({ data, layout: picture, config: CONFIG }, { format, filename, width, height, scale: format === "png" ? 2 : 1 });
  }

  async function copyLink(figure, pressed) {
    const here = `${location.href.split("#")[0]}#${figure.id}`;
    const label = pressed.textContent;
    try {
      await navigator.clipboard.writeText(here);
      pressed.textContent = "Copied";
    } catch {
      location.hash = figure.id; // no clipboard on this page: the address bar has the link
      pressed.textContent = "In the address bar";
    }
    setTimeout(() => { pressed.textContent = label; }, 2000);
  }

  function equip(figure) {
    figure.querySelector(".chart-tools").append(
      button("PNG", () => download(figure, "png")),
      button("SVG", () => download(figure, "svg")),
      button("Copy link", (pressed) => copyLink(figure, pressed)),
    );
    near.observe(figure);
  }

  // ---------------------------------------------------------------- when to draw

  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      draw(target).then(drawRestWhenIdle);
    }
  }, { rootMargin: "400px" });

  const widths = new WeakMap();
  const resized = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const before = widths.get(target);
      widths.set(target, contentRect.width);
      const figure = target.closest("figure");
      if (before !== contentRect.width && !printing) requestAnimationFrame(() => render(figure));
    }
  });

  /* Once Plotly is here, the figures further down are drawn in idle moments, so that printing finds them ready. */
  const idle = window.requestIdleCallback ?? ((act) => setTimeout(act, 200));
  let resting = false;
  function drawRestWhenIdle() {
    if (resting) return;
    const next = [...document.querySelectorAll("figure.chart:not([data-state])")].find((each) => each.offsetParent);
    if (!next) return;
    resting = true;
    idle(async () => {
      near.unobserve(next);
      await draw(next);
      resting = false;
      drawRestWhenIdle();
    });
  }

  function renderAll() {
    for (const figure of drawn.keys()) render(figure);
  }

  function start() {
    document.querySelectorAll("figure.chart").forEach(equip);
    new MutationObserver(renderAll).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", renderAll);
    addEventListener("beforeprint", () => { printing = true; renderAll(); });
    addEventListener("afterprint", () => { printing = false; renderAll(); });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

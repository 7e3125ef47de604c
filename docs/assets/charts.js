/* Every <figure class="chart"> is a drawing first. When a reader turns to one (points at it, taps it, comes to it
   with the keyboard), Plotly and the figure's own script are loaded and the live chart is laid over the drawing: same
   place, same size, same colours. Without this script the figure still has its title, drawing, caption, summary, table,
   CSV and workbook. Works from http and from file://. */
(() => {
  "use strict";

  const PLOTLY = "plotly-cartesian-4.1.1.min.js";
  const CONFIG = { displayModeBar: false, displaylogo: false, showSendToCloud: false };
  const NARROW = 600; // px of a figure below which it is drawn as on a phone; extra.css has the same number
  const MOST = 400; // rows of a table that its script holds; embedding.py has the same number
  const DWELL = 120; // ms a pointer rests on a chart before that means something: a page scrolls under it, too
  // records/spreadsheet.py has the same three, and their reasons
  const PARTS = ";,|\t\r\n"; // cells, somewhere
  const ACTIVE = /(?=[\s"]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20'])/g; // before what a spreadsheet would run
  const THREE = /\.\d{3}(?=$|e)/; // decimals that some countries take for thousands
  const HINT = "Arrow keys read the points, Escape leaves.";
  const assets = document.currentScript.src; // empty where everything is inline, and then nothing is loaded
  const { number, trimmed } = window.study;

  const specs = new Map(); // slug -> what <slug>.js registered
  const following = new Map(); // slug -> what <slug>-at.js registered: the fields that follow the attacker
  const states = new Map(); // figure -> { figure, box, view, spec, live, waking, at }
  let attacker = null; // whom the reader chose for the whole site, if anybody

  window.studyChart = (slug, spec) => specs.set(slug, spec);
  window.studyChartAt = (slug, fields) => following.set(slug, fields);

  // ---------------------------------------------------------------- loading

  const load = (path) => window.study.load(path, assets);

  /* The drawing of a figure far down the page. */
  async function draw(state) {
    if (!state.box.querySelector("[data-later]")) return;
    await obtain(state);
    const place = state.box.querySelector("[data-later]");
    if (!place) return;
    place.removeAttribute("data-later");
    place.append(...parsed(state.spec.drawings[state.spec.views[0] ?? ""]));
    follow(state);
  }

  const parsed = (markup) => new DOMParser().parseFromString(markup, "text/html").body.childNodes;

  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      const state = states.get(target.closest("figure"));
      draw(state).catch((error) => failed(state, error));
    }
  }, { rootMargin: "800px" });

  async function obtain(state) {
    const slug = state.figure.dataset.chart;
    if (!specs.has(slug)) await load(`../data/${slug}.js`);
    if (!specs.has(slug)) throw new Error(`${slug}.js holds no figure of that name`);
    state.spec ??= specs.get(slug);
    state.view ??= state.spec.views[0];
  }

  const plotly = async () => window.Plotly ?? (await load(PLOTLY));

  /* When the page is at rest come the drawings further down, so that paper and pictures of the page find them; once the
     reader does anything at all, the bundle in advance. */
  function foresee() {
    if (window.study.frugal()) return;
    const far = [...states.values()].filter(({ box }) => box.querySelector("[data-later]"));
    window.study.atRest(() => {
      for (const state of far) obtain(state).catch(() => {}); // on their way together; `draw` tells what fails
    });
    for (const state of far) window.study.atRest(() => draw(state));
    if (!assets || !location.protocol.startsWith("http")) return;
    window.study.awake(() => window.study.atRest(() => {
      if (window.Plotly) return;
      const link = document.createElement("link");
      Object.assign(link, { rel: "prefetch", as: "script", href: new URL(PLOTLY, assets).href });
      document.head.append(link);
    }));
  }

  // ---------------------------------------------------------------- what a figure looks like now

  /* As the styles have it: in the colours of the system, its own scheme goes before that of the page. */
  function isDark() {
    const scheme = !matchMedia("(forced-colors: active)").matches && document.body.dataset.mdColorScheme;
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

  const shown = ({ spec, view }) => spec.figure.data.filter((trace) => !trace.meta?.view || trace.meta.view === view);

  function current(state, { width, height, dark = false, narrow = false }) {
    const { spec, view } = state;
    const { data, layout } = coloured({ data: shown(state), layout: spec.figure.layout }, spec.colours, dark);
    const size = { width, height, autosize: false, uirevision: view, dragmode: coarse() ? false : "zoom" };
    return { data, layout: patched({ ...layout, ...size }, narrow ? spec.narrow : {}) };
  }

  const coarse = () => matchMedia("(pointer: coarse)").matches;

  /* Titles, legend and colour scale stay those of the drawing, and the plots take the places of its plots. */
  function bare({ data, layout }, place) {
    const px = (name) => parseFloat(place.getPropertyValue(name));
    layout.margin = { l: px("--left"), r: px("--right"), t: px("--top"), b: px("--below"), pad: 0, autoexpand: false };
    layout.showlegend = false;
    for (const [name, axis] of Object.entries(layout)) {
      if (/^[xy]axis\d*$/.test(name)) Object.assign(axis, { automargin: false, title: {} });
    }
    if (layout.coloraxis) layout.coloraxis.showscale = false;
    for (const trace of data) if (trace.type === "heatmap") trace.showscale = false;
    return { data, layout };
  }

  function render(state) {
    const plots = state.box.querySelector(".chart-view:not([hidden]) .chart-plots");
    const { clientWidth: width, clientHeight: height } = plots;
    if (!state.live || !width) return; // in a closed <details> or tab: the ResizeObserver calls again
    const asked = { width, height, dark: isDark(), narrow: state.box.clientWidth < NARROW };
    const { data, layout } = bare(current(state, asked), getComputedStyle(plots));
    if (state.live.parentNode !== plots) {
      state.live.parentNode?.classList.remove("live");
      plots.append(state.live);
    }
    window.Plotly.react(state.live, data, layout, CONFIG);
    plots.classList.add("live");
    follow(state);
  }

  /* The drawing shows at once. What lies over it takes longer, and comes back when there is time. */
  function renderLater(state) {
    if (!state.live) return;
    state.live.parentNode?.classList.remove("live");
    state.due ??= window.study.later(() => {
      state.due = undefined;
      render(state);
    });
  }

  // ---------------------------------------------------------------- from drawing to live chart

  function wake(figure) {
    const state = states.get(figure);
    return (state.waking ??= (async () => {
      figure.dataset.state = "loading";
      try {
        await Promise.all([draw(state), obtain(state), plotly()]);
        state.live = document.createElement("div");
        state.live.className = "chart-live";
        render(state);
        state.live.on("plotly_relayout", () => follow(state));
        resized.observe(state.box);
        figure.dataset.state = "live";
        figure.querySelector(".chart-note")?.remove();
      } catch (error) {
        failed(state, error);
      }
    })());
  }

  function failed(state, error) {
    const { figure } = state;
    figure.dataset.state = "failed";
    state.waking = undefined; // the next touch tries again
    if (!figure.querySelector(".chart-note")) {
      const note = document.createElement("p");
      note.className = "chart-note";
      note.setAttribute("role", "status");
      note.textContent = `The live chart could not be loaded (${error.message}). Picture, table, CSV and workbook are complete.`;
      figure.querySelector("figcaption").after(note);
    }
    console.error(error);
  }

  const widths = new WeakMap();
  const resized = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const before = widths.get(target);
      widths.set(target, contentRect.width);
      if (before !== contentRect.width) requestAnimationFrame(() => render(states.get(target.closest("figure"))));
    }
  });

  function renderAll() {
    for (const state of states.values()) if (state.live) render(state);
  }

  // ---------------------------------------------------------------- views

  async function show(state, view) {
    await turn(state, view);
    await wake(state.figure);
    render(state);
  }

  async function turn(state, view) {
    await draw(state);
    await obtain(state);
    state.view = view;
    state.at = undefined;
    const views = state.box.querySelectorAll(".chart-view");
    let wanted = [...views].find((each) => (each.dataset.view ?? state.spec.views[0]) === state.view);
    if (!wanted) {
      wanted = document.createElement("div");
      wanted.className = "chart-view";
      wanted.dataset.view = state.view;
      wanted.ariaHidden = "true";
      wanted.append(...parsed(state.spec.drawings[state.view]));
      state.box.append(wanted);
    }
    for (const each of state.box.querySelectorAll(".chart-view")) each.hidden = each !== wanted;
    press(state);
    follow(state);
  }

  /* The row of views as things are: one is shown, and those that this attacker does not have cannot be. */
  function press({ figure, spec, view }) {
    for (const button of figure.querySelectorAll(".chart-views button")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
      button.disabled = !spec.views.includes(button.dataset.view);
    }
  }

  function offerViews(state) {
    const row = state.figure.querySelector(".chart-views");
    if (!row) return;
    const buttons = [...row.querySelectorAll("button")];
    for (const each of buttons) {
      each.disabled = false;
      each.addEventListener("click", () => show(state, each.dataset.view).catch((error) => failed(state, error)));
    }
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "View");
    rove(row, buttons);
  }

  /* One tab stop for a row: arrow keys go from one control to the next. */
  function rove(row, controls) {
    controls.forEach((each, i) => { each.tabIndex = i ? -1 : 0; });
    row.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const from = controls.indexOf(document.activeElement);
      if (!step || from < 0) return;
      event.preventDefault();
      controls[(from + step + controls.length) % controls.length].focus();
    });
    row.addEventListener("focusin", ({ target }) => {
      if (controls.includes(target)) for (const each of controls) each.tabIndex = each === target ? 0 : -1;
    });
  }

  // ---------------------------------------------------------------- reading with the keyboard

  /* Series of points: a trace each, of a surface a row each. */
  function series(state) {
    const found = [];
    shown(state).forEach((trace, curveNumber) => {
      if (trace.hoverinfo === "skip") return;
      if (trace.z) {
        trace.y.forEach((y, row) => found.push(trace.x.map((x, column) => ({
          curveNumber, pointNumber: [row, column], trace, x, y, z: trace.z[row][column],
        }))));
      } else {
        found.push(trace.x.map((x, pointNumber) => ({ curveNumber, pointNumber, trace, x, y: trace.y[pointNumber] })));
      }
    });
    return found;
  }

  /* Text from data has its signs of markup as entities, for Plotly; a reader hears the signs. */
  const plain = (text) => new DOMParser().parseFromString(text, "text/html").body.textContent;

  function told(state, { trace, x, y, z }) {
    const axis = (letter) => state.spec.figure.layout[`${letter}axis${(trace[`${letter}axis`] ?? letter).slice(1)}`] ?? {};
    const written = (letter, value) => `${typeof value === "number" ? trimmed(number(value, 3)) : plain(value)}${axis(letter).ticksuffix ?? ""}`;
    const parts = [written("x", x), written("y", y), ...(z === undefined ? [] : [String(z ?? "nothing")])];
    return `${trace.name ? `${trace.name}: ` : ""}${parts.join(", ")}`;
  }

  function read(state, key) {
    const every = series(state);
    if (!every.length) return;
    const [row, column] = state.at ?? [0, -1];
    const along = { ArrowRight: 1, ArrowLeft: -1 }[key] ?? 0;
    const across = { ArrowDown: 1, ArrowUp: -1 }[key] ?? 0;
    const next = Math.min(Math.max(row + across, 0), every.length - 1);
    const place = key === "Home" ? 0 : key === "End" ? every[next].length - 1 : Math.max(column, along ? -1 : 0) + along;
    state.at = [next, Math.min(Math.max(place, 0), every[next].length - 1)];
    const point = every[state.at[0]][state.at[1]];
    state.said.textContent = told(state, point);
    const { curveNumber, pointNumber } = point;
    window.Plotly?.Fx.hover(state.live, [{ curveNumber, pointNumber }]);
  }

  function listen(state) {
    const { box, figure } = state;
    let resting;
    box.addEventListener("pointerenter", ({ pointerType }) => {
      if (pointerType === "mouse") resting = setTimeout(() => wake(figure), DWELL);
    });
    box.addEventListener("pointerleave", () => clearTimeout(resting));
    box.addEventListener("pointerdown", () => wake(figure));
    box.addEventListener("focus", () => wake(figure));
    box.addEventListener("blur", () => {
      state.said.textContent = "";
      if (state.live && state.at) window.Plotly.Fx.unhover(state.live);
    });
    box.addEventListener("keydown", async (event) => {
      if (event.key === "Escape") box.blur();
      if (!/^(Arrow\w+|Home|End)$/.test(event.key)) return;
      event.preventDefault();
      await wake(figure);
      if (state.live) read(state, event.key);
    });
  }

  // ---------------------------------------------------------------- one attacker for the whole site

  /* The figure as it is for the attacker: what does not follow him is as the study quotes it. */
  async function restate(state) {
    const slug = state.figure.dataset.chart, wanted = attacker;
    await obtain(state);
    const quoted = specs.get(slug);
    if (!wanted.quoted) await load(`../data/${slug}-at.js`);
    if (wanted !== attacker) return;
    const own = wanted.quoted ? [] : Object.entries(following.get(slug));
    const told = Object.fromEntries(own.map(([name, made]) => [name, joined(made, wanted)]));
    const same = (one, other) => Object.keys(one).every((name) => one[name] === other[name]);
    const before = state.told ?? {};
    if (same(told, before) && same(before, told)) return;
    state.told = told;
    state.spec = withOwn(quoted, told);
    say(state);
    tabulate(state);
    if (told.drawings !== before.drawings) redraw(state);
  }

  /* One of the texts of a field, as generator/figures/variants.py has parted them. */
  function joined(made, { budget, tier }) {
    let text = "";
    for (const each of made) {
      const own = typeof each === "string" ? each : each[budget];
      text += typeof own === "string" ? own : own[tier];
    }
    return text;
  }

  /* The figure with fields of its own, each read out of its text when it is asked for. */
  function withOwn(quoted, texts) {
    const spec = Object.create(quoted);
    for (const [name, text] of Object.entries(texts)) {
      let value;
      Object.defineProperty(spec, name, { get: () => (value ??= JSON.parse(text)) });
    }
    return spec;
  }

  /* Caption and summary; on the way back, the words of the page with all that is attached to them. */
  function say(state) {
    const { figure, box, spec } = state, caption = figure.querySelector("figcaption");
    state.words ??= [...caption.childNodes];
    const place = state.words.findIndex((node) => node.className === "chart-summary"), summary = state.words[place];
    const said = spec.summary ? Object.assign(document.createElement("span"), { className: "chart-summary", textContent: spec.summary }) : summary;
    caption.replaceChildren(...(spec.caption ? [`${spec.caption} `] : state.words.slice(0, place)), said, ...state.words.slice(place + 1));
    box.setAttribute("aria-label", `${said.textContent} ${HINT}`);
  }

  /* The table behind the figure, where it is open, and its CSV. */
  function tabulate(state) {
    const { figure, told } = state, details = figure.querySelector(".chart-table");
    const link = figure.querySelector(".chart-tools a[download]"), rest = details.querySelector("p[data-rows]");
    if (!state.table) {
      state.table = { rows: [...details.querySelectorAll("tbody tr")], href: link.href };
      details.addEventListener("toggle", () => tabulate(state));
      for (const sign of ["pointerdown", "focus"]) link.addEventListener(sign, () => save(state, link));
    }
    if (!told.table) link.href = state.table.href;
    const book = figure.querySelector(".chart-tools a[href$='.xlsx']");
    if (!book.ariaDisabled) book.title = told.table ? "The quoted budget, and on the second sheet every budget" : "";
    if (!details.open || state.table.text === told.table) return;
    state.table.text = told.table;
    const body = details.querySelector("tbody");
    body.replaceChildren(...(told.table ? [] : state.table.rows));
    if (told.table) fill(body, state.spec.table);
    if (rest) rest.hidden = Boolean(told.table);
  }

  /* Before a reader takes the CSV of another attacker, the link gets it. */
  function save(state, link) {
    if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
    if (!state.told.table) return;
    link.href = URL.createObjectURL(new Blob([csv(state, state.spec.table)], { type: "text/csv" }));
    link.download = `${state.figure.dataset.chart}.csv`;
  }

  /* A copy of the site without the file, whose link is off, makes it of the table; unless that is longer than what is there. */
  function offerCsv(state) {
    const { figure } = state, link = figure.querySelector(".chart-tools a[download]");
    const total = Number(figure.querySelector("p[data-rows]")?.dataset.rows ?? 0);
    if (!link.ariaDisabled || total > MOST) return;
    link.removeAttribute("aria-disabled");
    link.removeAttribute("title");
    const own = [...figure.querySelectorAll(".chart-table tbody tr")].map((row) => [...row.cells].map(({ textContent, className }) =>
      (className || !textContent ? textContent : Number(textContent.replaceAll(",", "").replace("\u2212", "-")))));
    const make = async () => {
      await obtain(state);
      const rows = [...own, ...specs.get(figure.dataset.chart).rows];
      Object.assign(link, { href: URL.createObjectURL(new Blob([csv(state, rows)], { type: "text/csv" })), download: `${figure.dataset.chart}.csv` });
    };
    link.addEventListener("click", (event) => {
      if (link.href.startsWith("blob:")) return; // of another attacker, or made before
      event.preventDefault();
      make().then(() => link.click()).catch(console.error);
    });
  }

  function csv({ figure }, rows) {
    const heads = [...figure.querySelectorAll(".chart-table th")].map((head) => head.textContent);
    const disarmed = (text) => text.replace(ACTIVE, (_, at) => (!at || PARTS.includes(text[at - 1]) ? "'" : ""));
    const safe = (cell) => (typeof cell === "string" ? `"${disarmed(cell).replaceAll('"', '""')}"` : String(cell).replace(THREE, "$&00"));
    return [heads, ...rows].map((row) => `${row.map(safe).join(",")}\r\n`).join("");
  }

  function redraw(state) {
    const { box, figure, spec } = state;
    if (spec.views.length && !spec.views.includes(state.view)) state.view = spec.views[0];
    const [shown, ...others] = [...box.querySelectorAll(".chart-view")].sort((a, b) => a.hidden - b.hidden);
    for (const other of others) other.remove();
    if (!shown.hasAttribute("data-later")) shown.replaceChildren(...parsed(spec.drawings[state.view ?? ""]));
    if (state.view) shown.dataset.view = state.view;
    const [height, narrow] = spec.heights ?? [];
    state.style ??= figure.getAttribute("style");
    figure.setAttribute("style", height ? `--plot:${height}px;--plot-narrow:${narrow}px` : state.style);
    press(state);
    renderLater(state);
    follow(state);
  }

  /* Figures near the reader follow at once, the others when he comes. */
  const catchUp = (state) => window.study.whenNear(state.figure, () => {
    (state.figure.dataset.follows === "view" ? turnTo(state, attacker.by) : restate(state)).catch((error) => failed(state, error));
  });

  async function turnTo(state, tier) {
    await obtain(state);
    if (state.spec.views.includes(tier) && tier !== state.view) await turn(state, tier);
    renderLater(state);
  }

  /* Put the cursor of every drawing that has one to the budget; a live chart that is zoomed has its own ends. */
  function follow(state) {
    for (const line of state.box.querySelectorAll(".cursor")) {
      const [low, high] = state.live?.layout?.xaxis?.range ?? [line.dataset.low, line.dataset.high].map(Number);
      const share = (attacker?.epsilon - low) / (high - low);
      const inside = share >= 0 && share <= 1;
      for (const end of ["x1", "x2"]) {
        if (inside) line.setAttribute(end, `${100 * share}%`);
        else line.removeAttribute(end);
      }
    }
  }

  document.addEventListener("study:attacker", ({ detail }) => {
    attacker = detail;
    for (const state of states.values()) {
      follow(state);
      if (state.figure.dataset.follows) catchUp(state);
    }
  });

  // ---------------------------------------------------------------- tools

  function button(text, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", () => act(made));
    return made;
  }

  /* The picture has the title on it and is always light: it goes into papers and slides. */
  async function download(figure, format) {
    await wake(figure);
    const state = states.get(figure);
    if (!state.live) return;
    const { width, height } = { width: 1000, height: state.box.clientHeight + 60 };
    const { data, layout } = current(state, { width, height });
    const title = { text: state.spec.title, x: 0.01, xanchor: "left", y: 0.98, yanchor: "top", font: { size: 18 } };
    const picture = { ...layout, title, paper_bgcolor: "#ffffff", margin: { ...layout.margin, t: 60, l: 20, r: 20, b: 20 } };
    const filename = figure.dataset.chart;
    await window.Plotly.downloadImage({ data, layout: picture, config: CONFIG }, { format, filename, width, height, scale: format === "png" ? 2 : 1 });
  }

  const labels = new WeakMap(); // button that says something for a moment -> what it says else

  async function copyLink(figure, pressed) {
    const here = `${location.href.split("#")[0]}#${figure.id}`;
    if (!labels.has(pressed)) labels.set(pressed, [...pressed.childNodes]);
    try {
      await navigator.clipboard.writeText(here);
      pressed.textContent = "Copied";
    } catch {
      location.hash = figure.id; // no clipboard on this page: the address bar has the link
      pressed.textContent = "In the address bar";
    }
    setTimeout(() => pressed.replaceChildren(...labels.get(pressed)), 2000);
  }

  function unfold(figure, pressed) {
    const table = figure.querySelector(".chart-table");
    table.open = !table.open;
    pressed.setAttribute("aria-expanded", String(table.open));
    const rest = table.querySelector(".rest");
    if (table.open && rest) complete(states.get(figure), table, rest).catch(() => {}); // what there is says what is missing
  }

  /* The rows that are not on the page. */
  async function complete(state, table, rest) {
    await obtain(state);
    const body = table.querySelector("tbody");
    if (!rest.isConnected || rest.hidden) return;
    fill(body, state.spec.rows);
    const [total, there] = [Number(rest.dataset.rows), body.rows.length];
    if (there === total) rest.remove();
    else rest.querySelector("span").textContent = there;
    rest.classList.remove("rest");
  }

  function fill(body, rows) {
    const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 20 });
    for (const row of rows) {
      const made = body.insertRow();
      for (const cell of row) {
        const place = made.insertCell();
        place.textContent = typeof cell === "number" ? exact.format(cell).replace("-", "\u2212") : cell;
        if (typeof cell === "string" && cell) place.className = "t";
      }
    }
  }

  function equip(figure) {
    const box = figure.querySelector(".chart-plot");
    const said = document.createElement("p");
    said.className = "chart-said";
    said.ariaLive = "polite";
    const state = { figure, box, said };
    states.set(figure, state);
    box.tabIndex = 0;
    box.setAttribute("role", "application");
    box.setAttribute("aria-roledescription", "chart");
    box.setAttribute("aria-label", `${box.getAttribute("aria-label")} ${HINT}`);
    box.after(said);
    const tools = figure.querySelector(".chart-tools");
    const table = button("Table", (pressed) => unfold(figure, pressed));
    table.setAttribute("aria-expanded", "false");
    tools.append(
      table,
      button("PNG", () => download(figure, "png")),
      button("SVG", () => download(figure, "svg")),
      button("Copy link", (pressed) => copyLink(figure, pressed)),
    );
    tools.setAttribute("role", "toolbar");
    tools.setAttribute("aria-label", "Tools of the figure");
    rove(tools, [...tools.querySelectorAll("a, button")]);
    offerViews(state);
    listen(state);
    follow(state);
    if (box.querySelector("[data-later]")) near.observe(box);
    offerCsv(state);
    if (figure.dataset.follows) window.study.near(figure);
  }

  function start() {
    const figures = document.querySelectorAll("figure.chart");
    figures.forEach(equip);
    if (figures.length) foresee();
    new MutationObserver(renderAll).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
    for (const asked of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(asked).addEventListener("change", renderAll);
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

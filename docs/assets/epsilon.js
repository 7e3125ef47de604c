/* One budget for the whole site: the control on a page picks it, and what follows it is put in place: parts of the page
   from data/at-<page>.js, where they are written out for every measured budget, and whoever listens to study:epsilon
   (charts). It is kept in the address (#place&at=0.25&of=kaggle) and, from page to page, in this tab. Without this
   script the page reads at the budget the study quotes. Works from http and from file://. */
(() => {
  "use strict";

  const form = document.querySelector("form.at");
  if (!form) return;

  const KEPT = "study-at";
  const assets = document.currentScript.src;
  const { page, budgets, home, datasets } = JSON.parse(form.dataset.at);
  const slider = form.elements.at;
  const which = form.elements.of; // missing where there is one dataset
  const back = form.querySelector("button");
  const parts = new Map([...document.querySelectorAll("[data-follow]")].map((part) => [part.dataset.follow, part]));
  const quotedText = [...form.elements.said.childNodes];
  const quoted = new Map(); // part -> its own nodes, kept with all that is attached to them
  let written = null; // what at-<page>.js registered
  let shown = home;

  window.studyAt = (registered) => { written = registered; };

  async function load() {
    await window.study.load(`../data/at-${page}.js`, assets);
    if (window.studyClaims) window.study.load(`../data/claims-at-${page}.js`, assets).catch(() => {}); // shown all the same
  }

  // ---------------------------------------------------------------- the parts of this page

  /* Links in a part are those of the Markdown; where a page really lies, the links around it know. */
  function linked(root) {
    const others = [...document.querySelectorAll("a[href]")].filter((link) => !root.contains(link));
    for (const link of root.querySelectorAll("a[href]")) {
      const [, name, place] = /^([a-z-]+)\.md(#.*)?$/.exec(link.getAttribute("href")) ?? [];
      const there = others.find((each) => new RegExp(`/${name}(/|\\.html)$`).test(each.pathname));
      if (there) link.href = there.href.split("#")[0] + (place ?? "");
    }
  }

  function put(at) {
    for (const [name, part] of parts) {
      const text = at === home ? null : written.parts[name]?.[at];
      if (!quoted.has(name)) quoted.set(name, [...part.childNodes]);
      if (text == null) {
        part.replaceChildren(...quoted.get(name));
      } else {
        part.innerHTML = text;
        linked(part);
      }
      part.toggleAttribute("data-moved", text != null);
    }
    shown = at;
  }

  // ---------------------------------------------------------------- the control

  function say(at) {
    const asQuoted = at === home && !which?.value;
    if (asQuoted) form.elements.said.replaceChildren(...quotedText);
    else {
      const size = document.createElement("strong");
      const units = document.createElement("span");
      size.textContent = written.said[at];
      units.textContent = Object.keys(datasets).filter((name) => !which?.value || which.value === name)
        .map((name) => written.units[name][at]).join("; ");
      form.elements.said.replaceChildren(size, " ", units);
    }
    slider.ariaValueText = form.elements.said.querySelector("strong").textContent;
    back.disabled = asQuoted;
  }

  async function show(at) {
    if (at !== home || which?.value) await load();
    if (at !== Number(slider.value)) return; // moved on meanwhile
    say(at);
    if (at !== shown) put(at);
    filter();
    document.dispatchEvent(new CustomEvent("study:epsilon", { detail: { epsilon: budgets[at], quoted: at === home } }));
  }

  // ---------------------------------------------------------------- one dataset

  /* What a page says of one dataset: sections under its heading, its figures, tables, lines and cards. */
  function belongs(element, name, title) {
    if (element.matches("figure.chart")) return element.dataset.chart.startsWith(`${name}-`);
    if (element.matches("[data-follow]")) return element.dataset.follow.startsWith(`${name}-`);
    if (element.matches("[aria-label]")) return element.getAttribute("aria-label").endsWith(`: ${title}`);
    const start = element.textContent.trimStart();
    return element.matches("p, li") && (start.startsWith(`${title}.`) || start.startsWith(`${title}:`) || start === title);
  }

  function filter() {
    const article = document.querySelector("article");
    for (const element of article.querySelectorAll("[data-other]")) element.removeAttribute("data-other");
    if (!which?.value) return;
    for (const [name, title] of Object.entries(datasets)) {
      if (name === which.value) continue;
      for (const element of article.querySelectorAll("p, li, figure.chart, [data-follow], .table-scroll")) {
        if (belongs(element, name, title)) element.setAttribute("data-other", "");
      }
      for (const heading of article.querySelectorAll("h2, h3")) {
        const said = heading.firstChild?.textContent.trim() ?? "";
        if (said !== title && !said.startsWith(`${title}:`) && !heading.id.startsWith(`${name}-`)) continue;
        for (const part of [heading, ...window.study.section(heading)]) part.setAttribute("data-other", "");
      }
    }
  }

  // ---------------------------------------------------------------- address and memory

  function asked() {
    const [place, ...given] = location.hash.slice(1).split("&");
    const words = new URLSearchParams((place.includes("=") ? [place, ...given] : given).join("&"));
    if (words.has("at") || words.has("of")) {
      if (!place.includes("=")) document.getElementById(place)?.scrollIntoView();
      return { at: Number(words.get("at") ?? budgets[home]), of: words.get("of") ?? "" };
    }
    try {
      return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
    } catch {
      return {}; // no storage for this page
    }
  }

  function keep() {
    const at = Number(slider.value);
    const words = [...(at === home ? [] : [`at=${budgets[at]}`]), ...(which?.value ? [`of=${which.value}`] : [])];
    const [place] = location.hash.slice(1).split("&");
    const hash = [...(place && !place.includes("=") ? [place] : []), ...words].join("&");
    history.replaceState(history.state, "", hash ? `#${hash}` : location.pathname + location.search);
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ at: budgets[at], of: which?.value ?? "" }));
    } catch {
      // no storage for this page: the address has it
    }
  }

  function update() {
    keep();
    show(Number(slider.value)).catch((error) => {
      slider.value = shown;
      if (which) which.value = "";
      form.elements.said.append(` (${error.message})`);
      console.error(error);
    });
  }

  function start() {
    const { at, of } = asked();
    const place = budgets.indexOf(at);
    slider.value = place < 0 ? home : place;
    if (which && Object.hasOwn(datasets, of ?? "")) which.value = of;
    slider.disabled = false;
    for (const event of ["input", "change"]) form.addEventListener(event, update);
    form.addEventListener("submit", (event) => event.preventDefault());
    back.addEventListener("click", () => {
      slider.value = home;
      if (which) which.value = "";
      update();
      slider.focus();
    });
    if (Number(slider.value) !== home || which?.value) update();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

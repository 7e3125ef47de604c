/* One attacker for the whole site: the control on a page picks budget and tier, and what data/at-<page>.js holds for him is
   put into the places of the page that follow; whoever else follows listens to study:attacker (charts). The choice is kept
   in the address (#place&at=0.25&by=T2) and, from page to page, in this tab. Without this script the page reads as the study quotes it. Works from http and from file://. */
(() => {
  "use strict";

  const form = document.querySelector("form.at");
  if (!form) return;

  const TOOL = /^#(calculator|playground)&/; // an address that holds the state of a tool, and with it this one
  const assets = document.currentScript.src;
  const { page, budgets, home, tiers, tier } = JSON.parse(form.dataset.at);
  const names = Object.keys(tiers);
  const { at: slider, by: who, said } = form.elements; // a choice of one thing is missing
  const units = form.nextElementSibling;
  const aside = units.nextElementSibling; // for what a link says that cannot be
  const back = form.querySelector("button");
  const parts = new Map([...document.querySelectorAll("[data-follow]")].map((part) => [part.dataset.follow, { part }]));
  const quoted = { said: said.textContent, units: [...units.childNodes] };
  let written = null; // what at-<page>.js registered
  let shown = { at: home, by: tier };

  window.studyAt = (registered) => { written = registered; };

  const load = () => window.study.load(`../data/at-${page}.js`, assets);

  const now = () => ({ at: Number(slider.value), by: who?.value ?? tier });
  const asQuoted = ({ at, by }) => at === home && by === tier;

  // ---------------------------------------------------------------- the parts of this page

  /* Those the reader sees come first: the browser may show them before the others are there. */
  let rest = [];

  function put(wanted) {
    const every = [...parts.values()];
    for (const each of every) if (window.study.near(each.part)) place(each, wanted);
    const busy = rest.length;
    rest = every.filter(({ part }) => !window.study.near(part));
    if (!busy) window.study.later(placeRest);
  }

  function placeRest() {
    for (const each of rest) place(each, now());
    rest = [];
  }

  /* The places of a part stand in the page in the order of what is written for them; their own nodes are kept, with all that
     is attached to them. */
  function place(each, wanted) {
    const { part } = each;
    each.places ??= [...part.querySelectorAll("[data-place]")].map((spot) => ({ spot, text: null }));
    each.places.forEach((at, i) => {
      const text = textOf(part.dataset.follow, i, wanted);
      if (text === at.text) return;
      at.nodes ??= [...at.spot.childNodes];
      at.text = text;
      if (text === null) at.spot.replaceChildren(...at.nodes);
      else at.spot.innerHTML = text;
      at.spot.toggleAttribute("data-moved", text !== null);
      if (text?.includes("data-of")) window.study.sift(at.spot);
    });
    part.toggleAttribute("data-moved", each.places.some(({ text }) => text !== null));
  }

  /* What stands in a place, null where that is what the page says. */
  function textOf(part, i, wanted) {
    if (asQuoted(wanted)) return null;
    const found = told(written.parts[part][i], wanted);
    return found === told(written.parts[part][i], { at: home, by: tier }) ? null : found;
  }

  /* Once for all, or for each budget; and there once, or for each tier. */
  function told(given, { at, by }) {
    const own = typeof given === "string" ? given : given[at];
    return typeof own === "string" ? own : own[names.indexOf(by)];
  }

  /* In tables whose last columns are the tiers, that of the picked one. */
  function mark(root, by) {
    for (const part of root.querySelectorAll("[data-tiers]")) {
      const behind = part.dataset.tiers.split(" ").reverse().indexOf(by) + 1; // columns up to the end, from it on
      for (const row of part.querySelectorAll("tr")) {
        [...row.cells].forEach((cell, i) => cell.toggleAttribute("data-chosen", behind > 0 && i === row.cells.length - behind));
      }
    }
  }

  // ---------------------------------------------------------------- the control

  function say({ at, by }) {
    said.textContent = at === home ? quoted.said : written.said[at];
    if (at === home) units.replaceChildren(...quoted.units);
    else units.innerHTML = written.units[at];
    window.study.sift(units.parentNode);
    slider.ariaValueText = said.textContent;
    if (who) who.title = `${by}: ${tiers[by]}`;
    back.disabled = asQuoted({ at, by });
  }

  async function show() {
    const wanted = now();
    if (!asQuoted(wanted)) await load();
    if (JSON.stringify(wanted) !== JSON.stringify(now())) return; // moved on meanwhile
    say(wanted);
    if (wanted.at !== shown.at || wanted.by !== shown.by) put(wanted);
    if (wanted.by !== shown.by) mark(document, wanted.by);
    shown = wanted;
    document.body.toggleAttribute("data-moved", !asQuoted(wanted));
    const place = { budget: wanted.at, tier: names.indexOf(wanted.by) };
    const detail = { epsilon: budgets[wanted.at], by: wanted.by, ...place, quoted: asQuoted(wanted) };
    document.dispatchEvent(new CustomEvent("study:attacker", { detail }));
  }

  // ---------------------------------------------------------------- address and memory

  function asked() {
    const [place, ...given] = location.hash.slice(1).split("&");
    const words = new URLSearchParams((place.includes("=") ? [place, ...given] : given).join("&"));
    if (TOOL.test(location.hash) || !["at", "by"].some((name) => words.has(name))) return window.study.chosen();
    if (!place.includes("=")) document.getElementById(place)?.scrollIntoView();
    const wanted = { at: window.study.parse(words.get("at") ?? String(budgets[home])).value, by: words.get("by") ?? tier };
    const fits = { at: Number.isFinite(wanted.at), by: Object.hasOwn(tiers, wanted.by) };
    const kinds = { at: "a budget", by: "an attacker" };
    const wrong = Object.keys(kinds).filter((name) => !fits[name]);
    aside.textContent = wrong.map((name) => `In the link, \u201c${words.get(name).slice(0, 24)}\u201d is not ${kinds[name]} of this study; what is shown counts.`).join(" ");
    return wanted;
  }

  /* Put the control to a choice, whose budget may lie between the measured ones. */
  function set({ at, by }) {
    const far = (place) => Math.abs(budgets[place] - at);
    slider.value = Number.isFinite(at) ? [...budgets.keys()].reduce((best, each) => (far(each) < far(best) ? each : best)) : home;
    if (who) who.value = Object.hasOwn(tiers, by ?? "") ? by : tier;
  }

  let keeping = 0;
  function keep() {
    clearTimeout(keeping);
    keeping = setTimeout(() => {
      if (TOOL.test(location.hash)) return;
      const { at, by } = now();
      const words = Object.entries({ at: at === home ? "" : budgets[at], by: by === tier ? "" : by });
      const [place] = location.hash.slice(1).split("&");
      const hash = [...(place && !place.includes("=") ? [place] : []), ...words.filter(([, value]) => value !== "").map((word) => word.join("="))];
      history.replaceState(history.state, "", hash.length ? `#${hash.join("&")}` : location.pathname + location.search);
    }, 100);
  }

  function update() {
    keep();
    show().catch((error) => {
      set({ at: budgets[shown.at], by: shown.by });
      said.append(` (${error.message})`);
      console.error(error);
    });
  }

  const choose = (changes) => window.study.choose(changes);

  function start() {
    if (JSON.stringify(now()) === JSON.stringify(shown)) set(asked()); // else the reader was faster than this script
    for (const { part } of parts.values()) window.study.near(part);
    form.addEventListener("input", () => {
      aside.textContent = "";
      const { at, by } = now();
      choose({ at: budgets[at], by });
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    back.addEventListener("click", () => {
      choose({ at: budgets[home], by: tier });
      slider.focus();
    });
    document.addEventListener("study:choose", ({ detail }) => {
      set(detail);
      update();
    });
    addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      set(asked()); // the reader comes back, and may have picked another one meanwhile
      update();
    });
    addEventListener("hashchange", () => { // a link that is pasted while the page is open
      if (!/[#&](at|by)=/.test(location.hash) || TOOL.test(location.hash)) return;
      set(asked());
      const { at, by } = now();
      choose({ at: budgets[at], by });
    });
    mark(document, tier);
    const { at, by } = now();
    if (!asQuoted({ at, by })) choose({ at: budgets[at], by });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

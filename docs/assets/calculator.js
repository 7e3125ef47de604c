/* The what-if calculator: reads its form, asks calculator-model.js, writes tables, sentence and charts. The page holds
   its opening state without any script; study.js brings this one at the first sign of a reader, and it wakes the
   calculator up when that comes near. Attacker and data are those of the whole site. Works from http and from file://. */
(() => {
  "use strict";

  const root = document.querySelector(".calculator");
  if (!root) return;

  const assets = document.currentScript.src;
  const PARTS = ["calculator-model.js", "calculator-charts.js", "calculator-output.js"];
  const CHOSEN = ["dataset", "hardened", "tier", "epsilon", "point"];
  const PREFIX = "#calculator&";

  const studies = new Map(); // dataset -> mean rates
  const draws = new Map(); // dataset/tier -> { models, count, arrays }
  const form = root.querySelector("form");
  const field = (name) => form.elements[name];
  const sliders = new Map([...form.querySelectorAll("input[type=range]")].map((each) => [each.dataset.for, each]));
  const names = [...sliders.keys()];
  let cached = null; // decoded rates of the last choice

  // ---------------------------------------------------------------- loading

  window.studyRates = (dataset, study) => studies.set(dataset, study);
  window.studyDraws = (dataset, tier, packed) => {
    const arrays = Object.fromEntries(Object.entries(packed.arrays).map(([name, text]) => {
      const bytes = atob(text), size = bytes.length / 2; // hundredths of a percent: low bytes, then high ones
      return [name, Float32Array.from({ length: size }, (_, i) => (bytes.charCodeAt(i) + 256 * bytes.charCodeAt(size + i)) / 10000)];
    }));
    draws.set(`${dataset}/${tier}`, { models: packed.models, count: packed.count, arrays });
  };

  const load = (path) => window.study.load(path, assets);

  async function obtain(dataset, tier) {
    const files = [`../data/calculator-${dataset}.js`, `../data/calculator-${dataset}-${tier}.js`];
    await Promise.all([...PARTS, ...files].map(load));
  }

  // ---------------------------------------------------------------- the state

  function choice() {
    const found = Object.fromEntries(CHOSEN.map((name) => [name, field(name).value]));
    return { ...found, epsilon: Number(found.epsilon) };
  }

  /* What is typed, in natural units, within its range. */
  function scenario() {
    return Object.fromEntries(names.map((name) => {
      const { low, high } = range(name);
      const typed = Number(field(name).value) / Number(field(name).dataset.factor);
      return [name, Math.min(high, Math.max(low, Number.isFinite(typed) ? typed : low))];
    }));
  }

  function range(name) {
    const { low, high, scale, step } = sliders.get(name).dataset;
    return { low: Number(low), high: Number(high), scale, step: Number(step) };
  }

  function set(name, value) {
    const { low, high, scale } = range(name);
    const within = Math.min(high, Math.max(low, value));
    const part = (within - low) / (high - low);
    const place = { linear: part, square: Math.sqrt(part), log: Math.log(within / low) / Math.log(high / low) }[scale];
    field(name).value = Number((within * Number(field(name).dataset.factor)).toPrecision(10));
    const slider = sliders.get(name);
    slider.value = Math.round(place * slider.max);
    slider.ariaValueText = field(name).value;
  }

  function slide(name) {
    const { low, high, scale, step } = range(name);
    const place = sliders.get(name).value / sliders.get(name).max;
    const value = { linear: low + place * (high - low), square: low + place ** 2 * (high - low), log: low * (high / low) ** place }[scale];
    const fine = scale === "log" ? Number(value.toPrecision(2)) : Math.round(value / step) * step;
    field(name).value = Number((Math.min(high, Math.max(low, fine)) * Number(field(name).dataset.factor)).toPrecision(10));
    sliders.get(name).ariaValueText = field(name).value;
  }

  function options(name, entries, wanted) {
    const select = field(name);
    select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
    const values = entries.map(([value]) => value);
    if (values.includes(wanted)) select.value = wanted;
  }

  /* The options that a dataset has; what both have stays chosen. */
  function follow(dataset, wanted) {
    const study = studies.get(dataset);
    const known = (name, values, fallback) => (values.includes(wanted[name]) ? wanted[name] : String(fallback));
    const hardened = study.models.filter((each) => each.name !== "standard");
    const budgets = study.epsilons.map(String);
    field("dataset").value = dataset;
    options("hardened", hardened.map((m) => [m.name, m.title]),
      known("hardened", hardened.map((m) => m.name), study.opening.hardened));
    options("tier", study.tiers.map((t) => [t.name, `${t.name}: ${t.title}`]),
      known("tier", study.tiers.map((t) => t.name), study.opening.tier));
    options("epsilon", study.epsilons.map((e) => [String(e), `${e}\u202fσ`]),
      known("epsilon", budgets, study.opening.epsilon));
    const points = study.points.map((p) => [p.name, p.title]);
    const budget = [...field("point").options].at(-1);
    options("point", [...points, [budget.value, budget.textContent]],
      known("point", [...points.map(([name]) => name), budget.value], study.opening.point));
  }

  // ---------------------------------------------------------------- out

  let last = null; // what the tables show: for the JSON

  function redraw() {
    const chosen = choice(), s = scenario();
    const study = studies.get(chosen.dataset), packed = draws.get(`${chosen.dataset}/${chosen.tier}`);
    if (!study || !packed) return;
    const began = performance.now();
    const key = JSON.stringify(chosen);
    const budget = chosen.point === window.studyImpact.ALERT_BUDGET;
    if (!cached || cached.key !== key || budget) cached = { key, ...window.studyImpact.detections(study, packed, chosen, s) };
    const found = window.studyImpact.answer(study, cached, s);
    window.studyOutput.show(root, study, chosen, s, cached, found, range("fraud_share"));
    last = { study_key: study.study_key, choice: chosen, scenario: s, ...found };
    root.dataset.redraw = (performance.now() - began).toFixed(1);
    root.dataset.state = "live";
  }

  let waiting = 0;
  function soon() {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      redraw();
    });
  }

  async function refresh(wanted = {}) {
    const before = choice();
    const dataset = wanted.dataset ?? before.dataset;
    try {
      await obtain(dataset, wanted.tier ?? before.tier);
      follow(dataset, { ...before, epsilon: String(before.epsilon), ...wanted });
      window.study.whenNear(root, redraw);
    } catch (error) {
      say(`The calculator could not load its data (${error.message}). The figures shown are those of the opening state.`);
      console.error(error);
    }
  }

  // ---------------------------------------------------------------- link, JSON, status

  function hash() {
    const state = { ...choice(), ...scenario() };
    return PREFIX + new URLSearchParams(Object.entries(state).map(([name, value]) => [name, String(value)]));
  }

  let remembering = 0, speaking = 0;
  function changed() {
    clearTimeout(remembering);
    remembering = setTimeout(() => history.replaceState(null, "", hash()), 250);
    clearTimeout(speaking);
    speaking = setTimeout(() => say(root.querySelector(".calculator-verdict").textContent), 1000);
  }

  function say(text) {
    root.querySelector(".calculator-status").textContent = text;
  }

  function restore() {
    if (!location.hash.startsWith(PREFIX)) return null;
    const state = Object.fromEntries(new URLSearchParams(location.hash.slice(PREFIX.length)));
    const known = [...field("dataset").options].some((each) => each.value === state.dataset);
    if (known) field("dataset").value = state.dataset;
    for (const name of names) if (Number.isFinite(parseFloat(state[name]))) set(name, Number(state[name]));
    const tiers = [...field("tier").options].map((each) => each.value);
    return Object.fromEntries(CHOSEN.filter((name) => state[name] !== undefined
      && (name !== "dataset" || known) && (name !== "tier" || tiers.includes(state.tier))).map((name) => [name, state[name]]));
  }

  async function copy(text, done, otherwise) {
    try {
      await navigator.clipboard.writeText(text);
      say(done);
    } catch {
      otherwise();
    }
  }

  const acts = {
    link() {
      history.replaceState(null, "", hash());
      copy(location.href, "Link copied.", () => say("The link is in the address bar."));
    },
    json() {
      const shown = (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);
      const text = JSON.stringify(last ?? { choice: choice(), scenario: scenario() }, shown, 1);
      const place = root.querySelector(".calculator-json");
      copy(text, "Scenario copied as JSON.", () => {
        place.value = text;
        place.hidden = false;
        place.select();
        say("Copy the marked text.");
      });
    },
    reset() {
      const { scenario: opening, opening: chosen } = studies.get(choice().dataset) ?? {};
      if (!opening) return;
      for (const name of names) set(name, opening[name]);
      clearTimeout(remembering);
      history.replaceState(null, "", location.pathname + location.search);
      refresh({ ...chosen, epsilon: String(chosen.epsilon) });
    },
  };

  // ---------------------------------------------------------------- what the reader does

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target }) => {
    if (CHOSEN.includes(target.name)) return;
    if (target.type === "range") slide(target.dataset.for);
    else if (target.value !== "") {
      const typed = target.value;
      set(target.name, Number(typed) / Number(target.dataset.factor));
      target.value = typed; // a reader in the middle of a number is not corrected
    }
    soon();
    changed();
  });
  form.addEventListener("change", async ({ target }) => {
    if (target.type === "number") set(target.name, scenario()[target.name]);
    if (!CHOSEN.includes(target.name)) return;
    if (target.name === "dataset") await moved(target.value);
    else if (target.name === "tier") await refresh();
    else redraw();
    changed();
    share(target.name);
  });
  form.addEventListener("click", ({ target }) => {
    if (!target.dataset.preset) return;
    for (const [name, value] of new URLSearchParams(target.dataset.values)) set(name, Number(value));
    soon();
    changed();
  });
  root.querySelector(".calculator-tools").addEventListener("click", ({ target }) => acts[target.dataset.act]?.());

  /* The loss per fraud follows the data unless the reader has set another. */
  let shownDataset = field("dataset").value;
  async function moved(dataset, wanted = {}) {
    const before = studies.get(shownDataset)?.scenario.loss_per_fraud ?? Number(field("loss_per_fraud").defaultValue);
    await refresh({ ...wanted, dataset });
    const after = studies.get(dataset)?.scenario.loss_per_fraud;
    if (after !== undefined && scenario().loss_per_fraud === before) set("loss_per_fraud", after);
    shownDataset = dataset;
    redraw();
  }

  // ---------------------------------------------------------------- one attacker for the whole site

  const SHARED = { dataset: "of", tier: "by", epsilon: "at" }; // a choice here -> its name for the whole site

  function share(...fields) {
    const given = fields.filter((name) => SHARED[name]).map((name) => [SHARED[name], name === "epsilon" ? Number(field(name).value) : field(name).value]);
    if (given.length) window.study.choose(Object.fromEntries(given));
  }

  /* What the whole site has, as far as this form can. */
  function picked() {
    const { at, by, of } = window.study.chosen();
    const offered = (name, fits) => [...field(name).options].some((each) => fits(each.value));
    return {
      ...(offered("dataset", (value) => value === of) && { dataset: of }),
      ...(offered("tier", (value) => value === by) && { tier: by }),
      ...(offered("epsilon", (value) => Number(value) === at) && { epsilon: String(at) }),
    };
  }

  const take = (wanted) => (wanted.dataset && wanted.dataset !== shownDataset ? moved(wanted.dataset, wanted) : refresh(wanted));

  document.addEventListener("study:choose", async () => {
    const wanted = picked();
    const news = Object.entries(wanted).filter(([name, value]) => field(name).value !== value);
    if (!news.length || !root.dataset.state) return;
    await take(wanted);
    if (location.hash.startsWith(PREFIX)) changed();
  });

  // ---------------------------------------------------------------- when to wake up

  /* A link with a state in it, also one that is pasted while the page is open. */
  function arrive() {
    const wanted = restore();
    if (!wanted) return false;
    shownDataset = field("dataset").value;
    refresh(wanted).then(() => share("tier", "epsilon", ...(wanted.dataset ? ["dataset"] : [])));
    root.scrollIntoView();
    return true;
  }

  addEventListener("hashchange", arrive);
  if (!arrive()) {
    const near = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      take(picked());
    }, { rootMargin: "600px" });
    near.observe(root);
  }
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return;
    width = contentRect.width;
    soon();
  }).observe(root);
})();

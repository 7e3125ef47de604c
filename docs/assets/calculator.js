/* The what-if calculator: reads its form, asks calculator-model.js, writes tables, sentence and charts. The page holds
   its opening state without any script; study.js brings this one at the first sign of a reader, and it wakes the
   calculator up when that comes near. Attacker and data are those of the whole site. Works from http and from file://. */
(async () => {
  "use strict";

  const root = document.querySelector(".calculator");
  if (!root) return;

  const assets = document.currentScript.src;
  const load = (path) => window.study.load(path, assets);
  try {
    await Promise.all(["tool.js", "tool-drawing.js"].map(load));
  } catch (error) {
    unavailable(error);
    return;
  }

  const { compare, digits, numberField, say: sayBeside, strangers } = window.studyFields;
  const PARTS = ["calculator-model.js", "calculator-charts.js", "calculator-output.js"];
  const CHOSEN = ["dataset", "hardened", "tier", "epsilon", "point"];
  const PREFIX = "#calculator&";

  const studies = new Map(); // dataset -> mean rates
  const draws = new Map(); // dataset/tier -> { models, count, arrays }
  const form = root.querySelector("form");
  const field = (name) => form.elements[name];
  const sliders = new Map([...form.querySelectorAll("input[type=range]")].map((each) => [each.dataset.for, each]));
  const names = [...sliders.keys()];
  const fields = new Map(names.map((name) => [name, numberField(field(name), () => limits(name))]));
  const apart = "apart" in root.dataset; // its attackers are not those of the site
  let cached = null; // decoded rates of the last choice

  // ---------------------------------------------------------------- loading

  window.studyRates = (dataset, study) => studies.set(dataset, study);
  window.studyDraws = (dataset, tier, packed) => {
    const arrays = Object.fromEntries(Object.entries(packed.arrays).map(([name, text]) => {
      if (Array.isArray(text)) return [name, text]; // ends of intervals: few
      const bytes = atob(text), size = bytes.length / 2; // hundredths of a percent: low bytes, then high ones
      return [name, Float32Array.from({ length: size }, (_, i) => (bytes.charCodeAt(i) + 256 * bytes.charCodeAt(size + i)) / 10000)];
    }));
    draws.set(`${dataset}/${tier}`, { ...packed, arrays });
  };

  let whole = false; // data may come before the scripts that show them

  async function obtain(dataset, tier) {
    const files = [`../data/calculator-${dataset}.js`, ...(apart ? [] : [`../data/calculator-${dataset}-${tier}.js`])];
    await Promise.all([...PARTS, ...files].map(load));
    whole = true;
  }

  // ---------------------------------------------------------------- the state

  function choice() {
    const found = Object.fromEntries(CHOSEN.map((name) => [name, field(name).value]));
    return { ...found, epsilon: Number(found.epsilon) };
  }

  const factor = (name) => Number(field(name).dataset.factor); // of what the field shows to the natural unit

  /* What counts, in natural units: what is typed, or what the field held before where that is no number within the range. */
  const scenario = () => Object.fromEntries(names.map((name) => [name, fields.get(name).value() / factor(name)]));

  function range(name) {
    const { low, high, scale, step } = sliders.get(name).dataset;
    return { low: Number(low), high: Number(high), scale, step: Number(step) };
  }

  function limits(name) {
    const { low, high } = range(name);
    return { low: low * factor(name), high: high * factor(name), unit: field(name).dataset.unit };
  }

  /* Put the slider where the field is. */
  function place(name) {
    const { low, high, scale } = range(name), shown = fields.get(name).value(), value = shown / factor(name);
    const part = (value - low) / (high - low);
    const at = { linear: part, square: Math.sqrt(part), log: Math.log(value / low) / Math.log(high / low) }[scale];
    const slider = sliders.get(name);
    slider.value = Math.round(at * slider.max);
    slider.ariaValueText = digits(shown);
  }

  function set(name, value) {
    const { low, high } = range(name), within = Math.min(high, Math.max(low, value));
    fields.get(name).set(Number((within * factor(name)).toPrecision(10)));
    place(name);
  }

  function slide(name) {
    const { low, high, scale, step } = range(name);
    const place = sliders.get(name).value / sliders.get(name).max;
    const value = { linear: low + place * (high - low), square: low + place ** 2 * (high - low), log: low * (high / low) ** place }[scale];
    const fine = scale === "log" ? Number(value.toPrecision(2)) : Math.round(value / step) * step;
    fields.get(name).set(Number((Math.min(high, Math.max(low, fine)) * factor(name)).toPrecision(10)));
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
    const hardened = study.models.filter((each) => each.name !== study.baseline);
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
    if (!whole || !study || !packed) return;
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

  /* Show a choice; `asked` is what a link asks for, which may not be there. */
  async function refresh(wanted = {}, asked = {}) {
    const before = choice();
    const offered = (name) => [...field(name).options].some((each) => each.value === wanted[name]);
    const [dataset, tier] = ["dataset", "tier"].map((name) => (offered(name) ? wanted[name] : before[name]));
    try {
      await obtain(dataset, tier);
      follow(dataset, { ...before, epsilon: String(before.epsilon), ...wanted, tier });
      compare(CHOSEN.map(field), asked);
      window.study.whenNear(root, redraw);
    } catch (error) {
      unavailable(error);
    }
  }

  function unavailable(error) {
    say(`The calculator could not load its data (${error.message}). The figures shown are those of the opening state.`);
    console.error(error);
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

  /* What a link asks for, by name; null if the address has no state in it. */
  function linked() {
    if (!location.hash.startsWith(PREFIX)) return null;
    const state = Object.fromEntries(new URLSearchParams(location.hash.slice(PREFIX.length)));
    const budget = window.study.parse(state.epsilon ?? "").value;
    return { ...state, ...(!Number.isNaN(budget) && { epsilon: String(budget) }) };
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
    else place(target.name);
    soon();
    changed();
  });
  form.addEventListener("change", async ({ target }) => {
    if (!CHOSEN.includes(target.name)) return;
    sayBeside(target, "");
    if (target.name === "dataset") await moved(target.value);
    else if (target.name === "tier") await refresh();
    else redraw();
    changed();
    share(target.name);
  });
  form.addEventListener("click", ({ target }) => {
    const preset = target.closest("[data-preset]"); // what is pressed may be an element in the button
    if (!preset) return;
    for (const [name, value] of new URLSearchParams(preset.dataset.values)) set(name, Number(value));
    soon();
    changed();
  });
  root.querySelector(".calculator-tools").addEventListener("click", ({ target }) => acts[target.closest("[data-act]")?.dataset.act]?.());

  /* The loss per fraud follows the data unless the reader has set another, or is about to. */
  let shownDataset = field("dataset").value;
  async function moved(dataset, wanted = {}) {
    const loss = field("loss_per_fraud");
    const before = studies.get(shownDataset)?.scenario.loss_per_fraud ?? Number(loss.defaultValue);
    await refresh({ ...wanted, dataset });
    const after = studies.get(dataset)?.scenario.loss_per_fraud;
    const own = scenario().loss_per_fraud !== before || document.activeElement === loss;
    if (after !== undefined && !own) set("loss_per_fraud", after);
    shownDataset = dataset;
    redraw();
  }

  // ---------------------------------------------------------------- one attacker for the whole site

  const SHARED = { dataset: "of", tier: "by", epsilon: "at" }; // a choice here -> its name for the whole site

  function share(...fields) {
    const given = fields.filter((name) => SHARED[name] && !apart).map((name) => [SHARED[name], name === "epsilon" ? Number(field(name).value) : field(name).value]);
    if (given.length) window.study.choose(Object.fromEntries(given));
  }

  /* What the whole site has, as far as this form can. */
  function picked() {
    const { at, by, of } = apart ? {} : window.study.chosen();
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

  /* A link with a state in it, also one that is pasted while the page is open. Its numbers are there at once, before a
     reader could be typing; what the data give comes with them. */
  function arrive() {
    const state = linked();
    if (!state) return false;
    const taken = names.filter((name) => fields.get(name).follow(state[name], factor(name)));
    for (const name of names) place(name);
    const wanted = Object.fromEntries(CHOSEN.filter((name) => state[name] !== undefined).map((name) => [name, state[name]]));
    open(wanted, state, taken).then(() => share("tier", "epsilon", ...(wanted.dataset ? ["dataset"] : [])));
    root.scrollIntoView();
    return true;
  }

  async function open(wanted, state, taken) {
    await refresh(wanted, wanted);
    const { dataset } = choice(), loss = "loss_per_fraud", study = studies.get(dataset);
    if (study && dataset !== shownDataset && !taken.includes(loss) && document.activeElement !== field(loss)) {
      set(loss, study.scenario[loss]);
      fields.get(loss).follow(state[loss], factor(loss)); // the words name what counts now
    }
    shownDataset = dataset;
    const odd = strangers(state, [...CHOSEN, ...names]);
    if (odd) say(odd);
    redraw();
  }

  addEventListener("hashchange", arrive);
  if (!arrive()) {
    // asked once, so that it is known from then on
    for (const each of [root, ...root.querySelectorAll(".calculator-plot")]) window.study.near(each);
    requestAnimationFrame(() => window.study.whenNear(root, () => take(picked())));
  }
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return;
    width = contentRect.width;
    soon();
  }).observe(root);
})();

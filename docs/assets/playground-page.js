/* What a reader does in the attack playground: reads its forms, asks playground-model.js and playground-proof.js, shows
   what they say through playground-output.js. Proofs run in slices between frames, so the page never stands still. */
(() => {
  "use strict";

  const root = document.querySelector(".playground");
  const SIDES = ["standard", "hardened"];
  const CLEAR = 0.1; // logits by which an attack has to miss, to be worth showing
  const CHOSEN = ["dataset", "transaction", "label", "tier", "attack", "steps", "hardened", "cut", "epsilon"];
  const PREFIX = "#playground&", TYPED = "typed", SLICE = 5, POINTS = 50; // ms of proof in a frame; budgets of a curve

  const { compare, numberField, quoted, say: sayBeside, slideTo, strangers } = window.studyFields;
  const fields = new Map(CHOSEN.map((name) => [name, root.querySelector(`[name=${name}]`)]));
  const field = (name) => fields.get(name);
  const body = root.querySelector(".playground-table tbody");

  let study = null;
  let start = null; // shows a dataset, once it is loaded
  let raw = []; // the transaction, raw units
  let mine = null; // the reader's own try, raw units; null while it is the transaction itself
  let inputs = []; // the fields of the transaction, one a row of the table
  let sides = null; // what is known of the two models
  let jobs = []; // { steps, done }: generators to be run in slices
  let known = ""; // what `sides` belongs to

  // ---------------------------------------------------------------- the state

  const chosen = () => Object.fromEntries(CHOSEN.map((name) => [name, field(name).value]));
  const whole = (i) => study.features[i].integer && study.tiers.find((t) => t.name === field("tier").value).limited;
  const fieldsOfRows = () => [...body.querySelectorAll("[data-cell=raw] input")];
  const ownSlider = (i) => body.rows[i].querySelector("[data-cell=mine] input");
  const offered = (id) => study.transactions.find((each) => each.id === id);

  /* Fill a choice with [value, title]; what was wanted stays chosen where there is such a thing. */
  function options(name, entries, wanted, otherwise) {
    const select = field(name);
    const made = ([value, title]) => (Array.isArray(title)
      ? Object.assign(document.createElement("optgroup"), { label: value }) : new Option(title, value));
    select.replaceChildren(...entries.map((entry) => {
      const option = made(entry);
      if (Array.isArray(entry[1])) option.append(...entry[1].map(made));
      return option;
    }));
    const fits = [...select.options].some((each) => each.value === wanted);
    select.value = fits ? wanted : otherwise;
  }

  /* The choices that a dataset has, in a state. */
  function follow(offer, wanted) {
    study = offer;
    known = "";
    const { number, unit } = window.studyPlayOutput, { example, features } = study;
    const listed = (label) => study.transactions.filter((each) => each.label === label)
      .map((each) => [each.id, `${each.id}, ${unit(features[0], number(each.raw[0], 2))}`]);
    const transactions = [["Frauds", listed("fraud")], ["Genuine payments", listed("genuine")], [TYPED, "typed in below"]];
    field("dataset").value = study.dataset;
    options("transaction", transactions, wanted.transaction, example.transaction.id);
    options("hardened", study.models.slice(1).map((m) => [m.name, m.title]), wanted.hardened, example.hardened);
    options("tier", study.tiers.map((t) => [t.name, `${t.name}: ${t.title}`]), wanted.tier, example.tier);
    options("cut", study.cuts.map((c) => [c.name, c.title]), wanted.cut, example.cut);
    field("epsilon").max = study.largest;
    rows();
    take(field("transaction").value);
    const what = study.stand_in ? "Stand-in data, simulated; not the real file." : "Transactions:";
    root.querySelector(".playground-source").textContent = `${what} ${study.origin}. Licence: ${study.licence}.`;
  }

  /* The numbers of a link, a text for each input; null where their number is another. */
  function parted(text) {
    const parts = text?.split(",");
    return parts?.length === study.features.length ? parts : null;
  }

  /* A transaction that was typed, out of a link; what is not understood is that of the example. */
  function typedIn({ values, label }) {
    const parts = parted(values);
    if (!parts) return;
    parts.forEach((part, i) => inputs[i].follow(part));
    type(inputs.map((each) => each.value()), label === "genuine" ? label : "fraud");
  }

  /* The reader's own try out of a link, within what may move. */
  function tried(text) {
    const parts = parted(text), epsilon = Number(field("epsilon").value);
    if (!parts) return;
    const asked = parts.map((part) => window.study.parse(part).value);
    const { place } = models(chosen(), raw)[0];
    mine = within(asked.map((value, i) => (Number.isNaN(value) ? raw[i] : value)), place, place.box(epsilon));
    asked.forEach((value, i) => {
      if (Math.abs(value - mine[i]) <= 1e-6 * Math.max(1, Math.abs(value))) return; // links hold eight digits at least
      const why = Number.isNaN(value) ? "is not a number" : "is out of this attacker's reach", feature = study.features[i];
      const counts = window.studyPlayOutput.raw(feature, mine[i], whole(i));
      sayBeside(ownSlider(i), `In the link, ${quoted(parts[i])} ${why}; ${counts} counts.`);
    });
  }

  /* A row of the table for each input; their number may differ between datasets. */
  function rows() {
    const first = body.rows[0];
    while (body.rows.length < study.features.length) body.append(first.cloneNode(true));
    while (body.rows.length > study.features.length) body.lastElementChild.remove();
    inputs.length = Math.min(inputs.length, body.rows.length);
    study.features.forEach((feature, i) => {
      const row = body.rows[i], title = feature.unit ? `${feature.title} (${feature.unit})` : feature.title;
      row.dataset.feature = i;
      row.querySelector("th").textContent = title;
      const input = row.querySelector("[data-cell=raw] input"), slider = row.querySelector("input[type=range]");
      const keys = feature.low < 0 ? "text" : "decimal"; // the decimal keys of a phone lack the minus
      Object.assign(input, { id: `playground-raw-${i}`, ariaLabel: title, inputMode: keys });
      Object.assign(slider, { id: `playground-mine-${i}`, ariaLabel: `${feature.title}: your own try` });
      for (const control of [input, slider]) {
        control.parentElement.querySelector(".tool-said").id = `${control.id}-said`;
        control.setAttribute("aria-describedby", `${control.id}-said`);
      }
      inputs[i] ??= numberField(input, () => limits(i));
    });
  }

  const limits = (i) => {
    const { low, high, integer: whole, unit = "" } = study.features[i];
    return { low, high, whole, unit };
  };

  function take(id) {
    const transaction = offered(id) ?? study.example.transaction;
    field("transaction").value = transaction.id;
    field("label").value = transaction.label;
    raw = [...transaction.raw];
    attempt(null);
    inputs.forEach((each, i) => each.set(raw[i]));
  }

  /* Another try of the reader's own; what a link asked for is past. */
  function attempt(values) {
    mine = values;
    study.features.forEach((_, i) => sayBeside(ownSlider(i), ""));
  }

  /* Put back what a reader typed while the data were on their way. */
  function retype(i, text) {
    const input = fieldsOfRows()[i];
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* A transaction of the reader's own. */
  function type(values, label = field("label").value) {
    raw = values;
    attempt(null);
    field("transaction").value = TYPED;
    field("label").value = label;
  }

  // ---------------------------------------------------------------- the work

  /* What hangs on everything but the budget: the signed networks, the place, and jobs for the curve and the limit. */
  function prepare(state) {
    jobs = [];
    sides = models(state, raw);
    for (const made of sides) {
      const limit = made.kind.radius(made.net, made.place, study.largest, study.tolerance, made.rule);
      if (!made.wrong && !made.still) jobs.push({ steps: limit, done: (found) => { made.radius = found; } });
      jobs.push({ steps: curve(made), done: (points) => { made.curve = points; } });
    }
  }

  /* The two models at one transaction: their nets or trees, positive where they are right, place, attack, cut. */
  function models(state, values) {
    const fraud = state.label === "fraud", place = window.studyModel.reach(study, state.tier, values, fraud);
    const rule = { tau: study.tau, limit: study.box_limit };
    return SIDES.map((side) => {
      const name = side === "standard" ? study.models[0].name : state.hardened;
      const model = study.models.find((each) => each.name === name);
      const kind = window.studyKinds[model.kind], attack = kind.attack(state.attack);
      model.made ??= kind.make(model, study);
      const cut = study.cuts.find((each) => each.name === state.cut).margins[name];
      const net = kind.towardsRight(model.made, fraud, cut), point = kind.point(study, values), before = kind.margin(net, point);
      const recorded = state.transaction !== TYPED && state.tier === study.example.tier && state.cut === "own" && study.exact[name]
        ? offered(state.transaction)?.found[name] : null;
      return {
        side, model, kind, cut, net, fraud, place, point, rule, recorded, still: place.still, wrong: kind.wrong(net, before),
        before, by: attack, attack: (epsilon) => attack.run(net, place, epsilon, Number(state.steps), study.pgd_share),
        curve: null, radius: null, verdict: null,
      };
    });
  }

  function* curve({ attack }) {
    const points = [];
    for (let at = 0; at <= POINTS; at++) {
      const epsilon = (study.largest * at) / POINTS;
      points.push([epsilon, attack(epsilon).margin]);
      yield;
    }
    return points;
  }

  /* Run jobs for one slice; the rest waits for the next turn. */
  let turning = 0;
  function work() {
    const until = performance.now() + SLICE;
    while (jobs.length && performance.now() < until) {
      const { value, done } = jobs[0].steps.next();
      if (done) jobs.shift().done(value);
    }
    clearTimeout(turning);
    if (jobs.length) turning = setTimeout(() => { work(); show(); });
  }

  function show() {
    window.studyPlayOutput.show(root, { study, state: chosen(), raw, mine, sides, whole });
    root.dataset.state = jobs.length ? "working" : "settled";
  }

  function redraw() {
    if (!study) return;
    const began = performance.now(), state = chosen();
    const { epsilon: _, ...rest } = state, key = JSON.stringify([rest, raw]);
    if (key !== known) {
      known = key;
      prepare(state);
    }
    const epsilon = Number(state.epsilon);
    if (mine) mine = within(mine, sides[0].place, sides[0].place.box(epsilon));
    jobs = jobs.filter((each) => !each.verdict); // of another budget
    for (const each of sides) {
      each.attacked = each.attack(epsilon);
      each.verdict = null;
      const asked = performance.now();
      jobs.unshift({ verdict: true, steps: each.kind.settle(each.net, each.place.box(epsilon), each.place, each.rule),
        done: (found) => { each.verdict = { ...found, ms: performance.now() - asked }; } });
    }
    work();
    show();
    root.dataset.frame = (performance.now() - began).toFixed(1);
  }

  /* An own try stays within the budget; what may not move stays the transaction's. */
  function within(values, place, { lower, upper }) {
    const { low, high } = place.region({ lower, upper });
    return values.map((value, i) => (upper[i] - lower[i] > 1e-7 ? Math.min(high[i], Math.max(low[i], value)) : raw[i]));
  }

  /* The next transaction of the list that a model loses and the attack clearly misses, as the choices stand: [id, budget]
     or null. Budgets are tried in steps from the limit on. */
  function* missed(state) {
    const ids = study.transactions.map((each) => each.id), from = ids.indexOf(state.transaction) + 1;
    for (const id of [...ids.slice(from), ...ids.slice(0, from)]) {
      const { raw: values, label } = offered(id), now = { ...state, label, transaction: id };
      for (const each of models(now, values)) {
        if (each.wrong || each.still) continue;
        const { broken } = yield* each.kind.radius(each.net, each.place, study.largest, study.tolerance, each.rule);
        for (let epsilon = Math.ceil(20 * (broken + 0.01)) / 20; epsilon <= study.largest; epsilon += 0.05) {
          if (each.attack(epsilon).margin > CLEAR) return [id, Number(epsilon.toFixed(2))];
          yield;
        }
      }
    }
    return null;
  }

  let waiting = 0;
  function soon() {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      redraw();
    });
  }

  // ---------------------------------------------------------------- link, status

  function hash() {
    const { transaction, label, ...rest } = chosen(), state = { dataset: "", transaction, ...rest };
    if (transaction === TYPED) Object.assign(state, { label, values: raw.join(",") });
    const digits = Math.max(...(sides ?? []).map(({ kind }) => kind.digits), 8); // trees part numbers that look the same
    if (mine) state.mine = mine.map((each) => Number(each.toPrecision(digits))).join(",");
    return PREFIX + new URLSearchParams(state).toString().replaceAll("%2C", ",");
  }

  function say(words) {
    root.querySelector(".playground-status").textContent = words;
  }

  let remembering = 0, speaking = 0;
  function changed() {
    clearTimeout(remembering);
    remembering = setTimeout(() => history.replaceState(null, "", hash()), 250);
    clearTimeout(speaking);
    speaking = setTimeout(() => say([...root.querySelectorAll(".playground-model")].map((card) =>
      `${card.ariaLabel}: ${card.querySelector(".playground-verdict").textContent}`).join(" ")), 1000);
  }

  const acts = {
    standard: () => copy(0),
    hardened: () => copy(1),
    undo: () => attempt(null),
    miss() {
      say("Looking for one …");
      jobs.push({
        steps: missed(chosen()),
        done: (found) => {
          if (!found) return say("None in the list is missed clearly, as the choices stand.");
          take(found[0]);
          field("epsilon").value = found[1];
          changed();
          return soon();
        },
      });
      work();
    },
    link() {
      history.replaceState(null, "", hash());
      navigator.clipboard.writeText(location.href).then(() => say("Link copied."), () => say("The link is in the address bar."));
    },
    reset() {
      clearTimeout(remembering);
      history.replaceState(null, "", location.pathname + location.search);
      for (const each of root.querySelectorAll("form")) each.reset();
      start({ dataset: field("dataset").value });
    },
  };

  function copy(side) {
    attempt(sides[side].kind.raw(study, window.studyPlayOutput.ending(sides[side])));
  }

  // ---------------------------------------------------------------- what the reader does

  for (const each of root.querySelectorAll("form")) each.addEventListener("submit", (event) => event.preventDefault());
  root.addEventListener("input", ({ target }) => {
    if (!study) return;
    const row = target.closest("[data-feature]"), i = Number(row?.dataset.feature);
    if (row && target.type === "range") {
      mine ??= [...raw];
      sayBeside(target, "");
      const low = Number(target.dataset.low), high = Number(target.dataset.high);
      mine[i] = low + ((high - low) * target.value) / target.max;
    } else if (row) {
      const value = inputs[i].value();
      if (value === raw[i]) return; // what is typed does not count, or changes nothing
      type(raw.map((each, k) => (k === i ? value : each)));
    } else if (!["epsilon", "steps"].includes(target.name)) return;
    else sayBeside(target, "");
    soon();
    changed();
  });
  root.addEventListener("change", ({ target }) => {
    if (!study) return;
    if (target.closest("[data-cell=raw]")) return;
    if (fields.has(target.name)) sayBeside(target, "");
    if (target.name === "dataset") {
      const { tier, cut, attack, steps, epsilon } = chosen();
      window.study.choose({ of: target.value });
      return start({ dataset: target.value, tier, cut, attack, steps, epsilon }).then(changed);
    } else if (target.name === "transaction") {
      if (target.value !== TYPED) take(target.value);
    } else if (target.name === "label") field("transaction").value = TYPED;
    else if (target.name === "epsilon") return window.study.choose({ at: Number(target.value) });
    else if (!["tier", "attack", "hardened", "cut"].includes(target.name)) return;
    if (target.name === "tier") window.study.choose({ by: target.value });
    soon();
    changed();
  });
  root.querySelector(".playground-tools").addEventListener("click", ({ target }) => {
    const act = target.closest("[data-act]")?.dataset.act;
    if (!acts[act] || !study) return;
    acts[act]();
    if (["link", "miss", "reset"].includes(act)) return;
    soon();
    changed();
  });

  /* Show a dataset in a state, the opening one where that says nothing. What a link asks for and does not get is said. */
  function open(offer, wanted, restart, byLink) {
    start = restart;
    const first = !study && !byLink && field("dataset").value === offer.dataset;
    const early = first ? fieldsOfRows().map((input) => input.value !== input.defaultValue && input.value) : [];
    follow(offer, wanted);
    if ([...field("attack").options].some((each) => each.value === wanted.attack)) field("attack").value = wanted.attack;
    const asked = byLink ? wanted : {}, own = asked.transaction === TYPED;
    for (const name of ["steps", "epsilon"]) {
      sayBeside(field(name), "");
      if (asked[name] !== undefined) slideTo(field(name), asked[name]);
      else if (wanted[name] !== undefined) field(name).value = wanted[name];
    }
    if (own) typedIn(asked);
    early.forEach((text, i) => { if (text !== false) retype(i, text); });
    compare(CHOSEN.filter((name) => field(name).options).map(field), { ...asked, label: own ? asked.label : undefined });
    if (asked.mine) tried(asked.mine);
    const short = (name, counts) => `In the link, ${quoted(name)} is not ${study.features.length} numbers; ${counts} still counts.`;
    const transaction = field("transaction"), odd = [];
    if (own && !parted(asked.values)) sayBeside(transaction, short("values", quoted(transaction.selectedOptions[0].text)));
    if (asked.mine && !parted(asked.mine)) odd.push(short("mine", "the transaction itself"));
    odd.push(strangers(asked, [...CHOSEN, "values", "mine"]));
    if (odd.some(Boolean)) say(odd.join(" ").trim());
    redraw();
  }

  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return;
    width = contentRect.width;
    soon();
  }).observe(root);

  window.studyPlayPage = { open };
})();

/* What the playground says and draws: numbers written as generator/notation/formats.py writes them, its sentences, and the
   chart of one model, drawn with tool-drawing.js. */
(() => {
  "use strict";

  // ---------------------------------------------------------------- numbers, as formats.py writes them

  const GAP = "\u202f";
  const { number, significant, trimmed } = window.study;
  const { canvas, path, scale, upright, xAxis, yAxis } = window.studyDrawing;

  const sigma = (value, decimals) => `${decimals ? number(value, decimals) : trimmed(significant(value, 6))}${GAP}σ`;
  /* A score: where one decimal would say none or all of it, how close it is. */
  function percent(p) {
    if (p > 0.9995) return `over 99.9${GAP}%`;
    return p < 0.0005 ? `under 0.1${GAP}%` : `${number(100 * p, 1)}${GAP}%`;
  }
  const tick = (p) => `${trimmed(significant(100 * p, 6))}${GAP}%`;
  const unit = (feature, text) => (feature.unit ? `${text}${GAP}${feature.unit}` : text);
  const digits = (feature, whole) => (whole && feature.integer ? 0 : feature.decimals || 1);
  /* A value of an input, with its unit; `whole` where it moves in whole steps. */
  const raw = (feature, value, whole) => unit(feature, number(value, digits(feature, whole)));
  function change(feature, value, whole) {
    const text = number(value, digits(feature, whole));
    return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
  }

  // ---------------------------------------------------------------- sentences

  /* The answer about one model: a word that is seen first, and the sentence behind it. */
  function verdict({ fraud, wrong, still, outcome }, epsilon, { tiers, box_limit: limit }) {
    const budget = sigma(epsilon), [what, passes] = fraud ? ["fraud", "through"] : ["payment", "stopped"];
    if (wrong) {
      return ["Wrong already", fraud ? "This model lets the fraud through although nobody attacks."
        : "A false alarm: this model stops the payment although nobody attacks."];
    }
    if (still) {
      const everyone = tiers.find((each) => !each.frauds_only);
      const choose = everyone ? ` Choose ${everyone.name} to move genuine payments as well.` : "";
      return ["Safe", `Genuine customers do not attack, so nothing moves.${choose}`];
    }
    return {
      proved: ["Proved", `No change within ${budget} can get this ${what} ${passes}.`],
      broken: ["Broken", `Here is a change within ${budget} that gets this ${what} ${passes}.`],
      unresolved: ["Left open", `${number(limit, 0)} boxes did not settle it within ${budget}: neither proved nor broken.`],
    }[outcome] ?? ["Proving", "The search is still running."];
  }

  /* What the attack made of the score, and whether it found what the proof says. */
  function scores({ before, after, cut, found, outcome, wrong, still }, { title: attack, instead }) {
    const start = `Fraud score ${percent(before)}`, end = `Stopped above ${percent(cut)}.`;
    if (wrong || still) return `${start}. ${end}`;
    const why = instead ? " Trees have no gradient to follow: greedy search moves one input at a time." : "";
    const moved = `${start}, after ${instead ? attack.toLowerCase() : attack} ${percent(after)}. ${end}${why}`;
    if (found) return `${moved} ${attack} finds it.`;
    if (outcome === "broken") return `${moved} ${attack} misses it: the example is from the proof.`;
    return outcome === "proved" ? `${moved} ${attack} fails, as it must.` : moved;
  }

  /* The limit no attack passes, and what the study recorded for the same question. */
  function limit(radius, { largest, wrong, still, recorded, tolerance }) {
    if (wrong || still) return "";
    if (!radius) return "Looking for the exact limit …";
    const ended = radius.broken - radius.proved <= 1.01 * tolerance || radius.broken === Infinity;
    let said = radius.broken === Infinity && radius.proved >= largest ? `Holds beyond ${sigma(largest)}: no attack here gets so far.`
      : radius.proved > 0 ? `Exact limit ${sigma(radius.proved, 3)}. Below it every attack fails; beyond it one works.`
        : "Held by a hair: almost any change flips it.";
    if (!ended) said = `Holds up to ${sigma(radius.proved, 3)} at least; the search gave up beyond.`;
    if (!recorded) return said;
    const same = Math.abs(recorded.proved - radius.proved) <= 2 * tolerance;
    return `${said} ${same ? "The study recorded the same." : `The study recorded ${sigma(recorded.proved, 3)}.`}`;
  }

  // ---------------------------------------------------------------- the chart

  const EDGE = 10; // logits: beyond it a score is 0 or 100 % to any eye, and the axis ends
  const SCORES = [0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999];
  const logit = (p) => Math.log(p / (1 - p));

  /* What is drawn, margins in logits, budgets in standard deviations:
     largest; cut; curve [[budget, margin]] or null; radius { proved, broken } or null; epsilon; attacked, the margin at
     epsilon; mine { distance, margin } or null; above and below, what the two sides of the cut are called. */
  function draw(box, { largest, cut, curve, radius, epsilon, attacked, mine, above, below }) {
    const { width, height, add, done } = canvas(box);
    if (!width || height < 100) return; // not laid out
    const area = { left: 52, right: width - 12, top: 20, bottom: height - 34 };
    const along = scale(0, largest, area.left, area.right), up = scale(-EDGE, EDGE, area.bottom, area.top);
    const X = (e) => along(Math.min(e, largest)), Y = (m) => up(Math.min(EDGE, Math.max(-EDGE, m)));

    const words = []; // on top of every line
    const word = (name, x, y, anchor, said) => words.push([{ class: `word ${name}`, x, y, "text-anchor": anchor }, said]);
    const end = radius && radius.proved > 0 ? X(radius.proved) : null, middle = (area.left + area.right) / 2;
    if (end !== null) {
      add("rect", { class: "safe", x: area.left, y: area.top, width: end - area.left, height: area.bottom - area.top });
      if (end - area.left > 130) word("safe-word", area.left + 6, area.bottom - 7, "start", "no attack can flip it");
    }
    yAxis(add, area, (score) => Y(logit(score)), SCORES, tick);
    xAxis(add, area, X, [0, 1, 2, 3, 4].map((part) => (largest * part) / 4), (at) => sigma(at));
    add("text", { x: middle, y: height - 5, "text-anchor": "middle" }, "budget of the attacker");
    add("text", { x: 2, y: 11 }, "fraud score after the attack");

    const y = Y(cut);
    add("line", { class: "cut", x1: area.left, x2: area.right, y1: y, y2: y });
    word("", area.right - 4, y - 5, "end", above);
    word("", area.right - 4, y + 13, "end", below);
    if (end !== null && radius.broken < Infinity) {
      upright(add, area, "limit", end);
      const left = end > middle;
      word("limit-word", end + (left ? -6 : 6), area.top + 12, left ? "end" : "start", `limit ${sigma(radius.proved, 3)}`);
    }
    if (curve) add("path", { class: "line", d: path(curve.map(([e, m]) => [X(e), Y(m)])) });
    upright(add, area, "now", X(epsilon));
    for (const [attributes, said] of words) add("text", attributes, said);
    add("circle", { class: "dot", cx: X(epsilon), cy: Y(attacked), r: 5.5 });
    if (mine && mine.distance <= largest) {
      const x = X(mine.distance), at = Y(mine.margin);
      add("path", { class: "mine", d: `M${x} ${at - 8}L${x + 8} ${at}L${x} ${at + 8}L${x - 8} ${at}Z` });
    }
    done();
  }

  // ---------------------------------------------------------------- the two models

  const SLIDER = 200; // steps of an input that moves continuously

  /* Whether a signed margin is on the right side; as in the study, a transaction at the cut itself passes. */
  const right = (each, m) => (each.fraud ? m > 0 : m >= 0);
  const unsigned = (each, m) => (each.fraud ? 1 : -1) * m + each.cut;

  /* The input that is shown for a model: what the attack found, else what the proof found, else the attack's best try. */
  function ending(each) {
    if (each.wrong || each.still) return each.point;
    if (right(each, each.attacked.margin) && each.verdict?.outcome === "broken") return each.verdict.witness;
    return each.attacked.point;
  }

  function text(element, value) {
    if (element.textContent !== value) element.textContent = value;
  }

  function card(root, each, { study, state, mine }) {
    const { probability } = window.studyModel, epsilon = Number(state.epsilon);
    const place = root.querySelector(`.playground-model[data-side=${each.side}]`), outcome = each.verdict?.outcome;
    const answer = verdict({ ...each, outcome }, epsilon, study);
    const holds = limit(each.radius, { ...each, largest: study.largest, tolerance: study.tolerance });
    const [word, sentence] = place.querySelectorAll(".playground-verdict > *");
    text(word, answer[0]);
    text(sentence, answer[1]);
    place.dataset.outcome = each.wrong ? "wrong" : each.still ? "proved" : outcome ?? "working";
    place.ariaLabel = each.model.title;
    text(place.querySelector(".playground-name"), each.model.title);
    text(place.querySelector(".playground-scores"), scores({
      before: probability(unsigned(each, each.before)), after: probability(unsigned(each, each.attacked.margin)),
      cut: probability(each.cut), found: !right(each, each.attacked.margin), outcome, wrong: each.wrong, still: each.still,
    }, each.by));
    text(place.querySelector(".playground-limit"), holds);
    const plot = place.querySelector(".playground-plot"), tried = mine && each.kind.point(study, mine);
    plot.ariaLabel = `Fraud score against the budget. ${answer.join(": ")} ${holds}`;
    draw(plot, {
      largest: study.largest, cut: each.cut, epsilon, attacked: unsigned(each, each.attacked.margin), radius: each.radius,
      curve: each.curve?.map(([e, m]) => [e, unsigned(each, m)]),
      mine: mine && {
        distance: each.place.distance(each.kind.standardised(each.place, tried)),
        margin: unsigned(each, each.kind.margin(each.net, tried)),
      },
      above: "stopped", below: "passes",
    });
  }

  // ---------------------------------------------------------------- the inputs

  /* What this attacker may do to an input, in its own unit. */
  function reachable(feature, i, { place, box, lower, upper, epsilon, whole }) {
    const decimals = digits(feature, whole);
    if (box.upper[i] - box.lower[i] > 1e-7) return unit(feature, `${number(lower[i], decimals)} to ${number(upper[i], decimals)}`);
    if (place.still) return "locked: does not attack";
    if (!(place.down[i] + place.up[i])) return `locked: ${feature.control}`;
    return epsilon ? "no room at this budget" : "nothing yet";
  }

  function table(root, { study, state, raw: transaction, mine, sides, whole }) {
    const { decode } = window.studyModel, { place } = sides[0], epsilon = Number(state.epsilon);
    const box = place.box(epsilon), [lower, upper] = [decode(study, box.lower), decode(study, box.upper)];
    const ends = sides.map((each) => each.kind.raw(study, ending(each)));
    study.features.forEach((feature, i) => {
      const row = root.querySelector(`[data-feature="${i}"]`), cell = (kind) => row.querySelector(`[data-cell=${kind}]`);
      const moves = box.upper[i] - box.lower[i] > 1e-7, steps = whole(i);
      row.classList.toggle("locked", !moves);
      text(cell("range"), reachable(feature, i, { place, box, lower, upper, epsilon, whole: steps }));
      sides.forEach((each, s) => {
        const shown = moves && !each.wrong, moved = change(feature, ends[s][i] - transaction[i], steps);
        text(cell(each.side), shown ? `${raw(feature, ends[s][i], steps)} (${moved})` : "\u2013");
        cell(each.side).dataset.label = `Against ${each.model.title}`;
      });
      const slider = row.querySelector("input[type=range]"), value = mine ? mine[i] : transaction[i];
      slider.disabled = !moves;
      slider.max = steps ? Math.max(1, Math.round(upper[i] - lower[i])) : SLIDER;
      slider.value = moves ? Math.round((slider.max * (value - lower[i])) / (upper[i] - lower[i])) : 0;
      Object.assign(slider.dataset, { low: lower[i], high: upper[i] });
      slider.ariaValueText = raw(feature, value, steps);
      text(row.querySelector("output"), raw(feature, value, steps));
    });
    text(root.querySelector("[data-head=hardened]"), `Against ${sides[1].model.title}`);
    text(root.querySelector("[data-act=hardened]"), `Copy the example against ${sides[1].model.title}`);
  }

  function controls(root, { study, state, sides }) {
    const epsilon = Number(state.epsilon);
    for (const [name, value] of [["epsilon", sigma(epsilon)], ["steps", state.steps]]) {
      text(root.querySelector(`[data-output=${name}]`), value);
      root.querySelector(`[name=${name}]`).ariaValueText = value;
    }
    root.querySelector("[name=steps]").disabled = state.attack === "fgsm";
    const sizes = study.features.map((feature, i) =>
      `${feature.title} ${unit(feature, number(epsilon * study.scales[i], feature.decimals || 2))}`);
    text(root.querySelector(".playground-raw"), `${sigma(epsilon)} is: ${sizes.join(", ")}.`);
    root.style.setProperty("--hardened", `light-dark(${sides[1].model.light},${sides[1].model.dark})`);
  }

  /* What the models make of the reader's own try. */
  function tries(root, { study, mine, sides }) {
    const { probability } = window.studyModel, place = root.querySelector(".playground-try");
    if (!mine) return text(place, "Move the sliders of your own try: can you flip an answer that is proved?");
    const said = sides.map((each) => {
      const m = each.kind.margin(each.net, each.kind.point(study, mine)), ok = right(each, m), stopped = ok === each.fraud;
      const ends = each.wrong ? "" : ok ? ", as before" : ": you flipped it";
      return `${each.model.title} ${percent(probability(unsigned(each, m)))}, ${stopped ? "stopped" : "passes"}${ends}`;
    });
    return text(place, `Your try: ${said.join(". ")}.`);
  }

  /* Everything that hangs on the state: { study, state, raw, mine, sides, whole }. */
  function show(root, view) {
    for (const each of view.sides) card(root, each, view);
    table(root, view);
    controls(root, view);
    tries(root, view);
  }

  window.studyPlayOutput = { number, raw, unit, ending, show };
})();

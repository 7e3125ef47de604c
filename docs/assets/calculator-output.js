/* What the calculator says: numbers written as generator/notation/formats.py writes them, its sentence, its tables, its charts. */
(() => {
  "use strict";

  const GAP = "\u202f", MINUS = "\u2212";
  const { number, significant: digits, trimmed, whenNear } = window.study;
  const MOVING = {
    transactions_per_day: "Volume", fraud_share: "Fraud share", attack_prevalence: "Attackers",
    loss_per_fraud: "Loss per fraud", recovered_share: "Comes back", review_cost: "Review", friction_cost: "Customer",
  }; // inputs that move the net benefit of a day
  const SHARES = ["fraud_share", "attack_prevalence", "recovered_share"];

  // ---------------------------------------------------------------- numbers as generator/notation/formats.py writes them

  const significant = (value) => digits(value, 3);
  const percent = (value, decimals = 1) => `${number(100 * value, decimals)}${GAP}%`;
  let currency = ""; // of the dataset on show
  const money = (value) => `${currency && currency + GAP}${Number.isInteger(value) ? number(value, 0) : significant(value)}`;
  const share = (value) => (value > 1 ? `over ${percent(1, 0)}` : percent(Math.max(0, value)));

  /* A tick label: 1.2k, 3M. */
  function short(value) {
    const size = Math.abs(value);
    const [unit, letter] = size >= 1e9 ? [1e9, "G"] : size >= 1e6 ? [1e6, "M"] : size >= 1e3 ? [1e3, "k"] : [1, ""];
    return `${trimmed(significant(value / unit))}${letter}`;
  }

  function format(value, kind, decimals) {
    if (kind === "short") return short(value);
    if (Number.isNaN(value)) return "–";
    if (kind === "share") return share(value);
    if (!Number.isFinite(value)) return value > 0 ? "never" : `${MINUS}∞`;
    return { count: significant, money, percent: (each) => percent(each, decimals) }[kind](value);
  }

  function span({ low, high }, kind) {
    return Number.isNaN(low) ? "" : `${format(low, kind)} to ${format(high, kind)}`;
  }

  // ---------------------------------------------------------------- sentence and tables

  function sentence(found, s, title) {
    const a = percent(s.attack_prevalence);
    const said = `95${GAP}% interval ${span(found.prevalence, "share")}`;
    const start = {
      "pays above": `At these values, the switch to ${title} breaks even when ${share(found.prevalence.value)} of fraudsters attack (${said}).`,
      "pays below": `At these values, the switch to ${title} pays while at most ${share(found.limit)} of fraudsters attack: it is not more robust, but saves elsewhere.`,
      "always pays": `At these values, the switch to ${title} pays whatever the share of attacking fraudsters (${said}).`,
      "never pays": `At these values, the switch to ${title} does not pay even if every fraudster attacks (${said}).`,
      "not more robust": `At these values, attacks are no reason for a switch to ${title}: it gains nothing as more fraudsters attack.`,
      "catching does not pay": "At these values, reviewing an alert costs more than a caught fraud saves: no model pays.",
    }[found.verdict];
    const net = found.benefit.net_usd;
    const noise = net.low <= 0 && net.high >= 0 ? ", no measurable difference from zero" : "";
    return `${start} You set ${a}: the switch ${net.value > 0 ? "saves" : "costs"} ${money(Math.abs(net.value))} a day `
      + `(net benefit, 95${GAP}% interval ${span(net, "money")})${noise}.`;
  }

  function write(root, study, chosen, s, found, [baseline, title]) {
    currency = study.currency;
    for (const place of root.querySelectorAll(".calculator-currency")) place.textContent = currency;
    for (const place of root.querySelectorAll("label .calculator-currency")) place.parentElement.control.dataset.unit = currency;
    const bands = {
      standard: found.standard, hardened: found.hardened,
      benefit: { ...found.benefit, prevalence: found.prevalence, count_only: found.count_only },
    };
    for (const cell of root.querySelectorAll("td[data-output]")) {
      const { output, side, kind } = cell.dataset;
      const each = bands[side][output];
      const [value, ends] = cell.children;
      value.textContent = format(each.value, kind);
      ends.textContent = span(each, kind);
    }
    root.querySelector(".calculator-hardened").textContent = title;
    root.querySelector(".calculator-verdict").textContent = sentence(found, s, title);
    const points = root.querySelector(".calculator-points");
    points.hidden = chosen.point !== window.studyImpact.ALERT_BUDGET;
    const named = found.points.map((point) => study.points.find((each) => each.name === point).title);
    points.textContent = `Within your alert budget: ${baseline} at ${named[0]}, ${title} at ${named[1]}.`;
    const tick = root.querySelector(".calculator-tick");
    const at = found.prevalence.value;
    tick.hidden = !(at > 0 && at <= 1);
    tick.style.setProperty("--at", at);
    tick.parentElement.classList.toggle("pays", found.benefit.net_usd.value > 0);
  }

  // ---------------------------------------------------------------- charts

  const steps = (low, high, count, log) => Array.from({ length: count }, (_, i) =>
    (log ? low * (high / low) ** (i / (count - 1)) : low + (high - low) * i / (count - 1)));

  function draw(root, s, { means, pairs, tail }, found, [baseline, title], { low, high }) {
    const { band, capacity, cost, paired, prevalence } = window.studyImpact;
    const charts = window.studyImpactCharts;
    const net = (a, b, changed) => cost(a, changed) - cost(b, changed);
    const at = (changed, f) => band(f(...means, changed), paired(pairs, (a, b) => f(a, b, changed)), tail);
    const box = (name) => root.querySelector(`[data-draw=${name}] .calculator-plot`);
    const say = (name, text) => box(name).setAttribute("aria-label", text);
    const chart = (name, act) => whenNear(box(name), act); // one out of sight is drawn when it is seen

    const shares = steps(0, 1, 21);
    chart("net", () => charts.net(box("net"), {
      xs: shares, bands: shares.map((a) => at({ ...s, attack_prevalence: a }, net)),
      share: found.prevalence.value, own: s.attack_prevalence, ownNet: found.benefit.net_usd.value,
    }));
    say("net", `Net benefit a day is ${format(found.benefit.net_usd.value, "money")} at ${percent(s.attack_prevalence)} attackers.`);

    const priors = steps(low, high, 41, true);
    chart("prior", () => charts.prior(box("prior"), {
      xs: priors, bands: priors.map((p) => at({ ...s, fraud_share: p }, prevalence)),
      own: s.fraud_share, ownShare: found.prevalence.value,
    }));
    say("prior", `At ${trimmed(significant(100 * s.fraud_share))}${GAP}% fraud, the switch breaks even when ${format(found.prevalence.value, "share")} of fraudsters attack.`);

    const base = net(...means, s);
    const rows = Object.entries(MOVING).map(([name, label]) => {
      const times = (factor) => net(...means, { ...s, [name]: SHARES.includes(name) ? Math.min(1, factor * s[name]) : factor * s[name] });
      return { title: label, half: times(0.5), more: times(1.5) };
    }).sort((a, b) => Math.abs(b.more - b.half) - Math.abs(a.more - a.half));
    chart("tornado", () => charts.tornado(box("tornado"), { rows, base }));
    say("tornado", `The input that moves the net benefit most: ${rows[0].title}.`);

    const sides = [["standard", baseline], ["hardened", title]];
    chart("cost", () => charts.cost(box("cost"), {
      rows: sides.map(([side, name]) => {
        const day = found[side];
        const review = day.alerts.value * s.review_cost, friction = day.false_alarms.value * s.friction_cost;
        return { title: name, band: day.cost_usd, parts: { lost: day.leakage_usd.value * (1 - s.recovered_share), review, friction } };
      }),
    }));
    say("cost", `A day costs ${sides.map(([side, name]) => `${format(found[side].cost_usd.value, "money")} with ${name}`).join(" and ")}.`);

    chart("alerts", () => charts.alerts(box("alerts"), {
      rows: sides.map(([side, name]) => ({ side, title: name, band: found[side].alerts })), capacity: capacity(s),
    }));
    say("alerts", `Alerts a day: ${sides.map(([side, name]) => `${name} ${format(found[side].alerts.value, "count")}`).join(", ")}; capacity ${format(capacity(s), "count")}.`);
  }

  function show(root, study, chosen, s, rates, found, fraudShares) {
    const model = (name) => study.models.find((each) => each.name === name);
    const look = model(chosen.hardened);
    root.style.setProperty("--hardened", `light-dark(${look.light},${look.dark})`);
    const titles = [model(study.baseline).title, look.title];
    write(root, study, chosen, s, found, titles);
    draw(root, s, rates, found, titles, fraudShares);
  }

  window.studyOutput = { format, show };
})();

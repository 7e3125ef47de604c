/* The impact model of the calculator: the same arithmetic as generator/impact, name for name, and nothing else. A test
   in a browser compares every output of the two. Rates are one object of numbers; draws are a list of such objects. */
(() => {
  "use strict";

  const ALERT_BUDGET = "alert_budget";
  const DAYS = 365;
  const TAIL = 0.025; // of draws on either side of a band
  const APPROVE_ALL = detection(0, 0, 0, 0, 0);
  const STOP_ALL = detection(1, 1, 1, 1, 1);
  const DAY = [
    "missed_frauds", "leakage_usd", "leakage_by_amount_usd", "false_alarms", "alerts", "backlog", "analysts_needed",
    "precision", "false_positive_ratio", "value_detection_rate", "residual_bps", "cost_usd", "savings",
    "frauds_before_catch",
  ];
  const BENEFIT = ["net_usd", "net_year_usd", "payback_days", "leakage_reduction"];

  // ---------------------------------------------------------------- model.py

  function detection(clean, attacked, false_positive_rate, value_clean, value_attacked, given_up = 0) {
    return { clean, attacked, false_positive_rate, value_clean, value_attacked, given_up };
  }

  const mixed = (clean, attacked, prevalence) => (1 - prevalence) * clean + prevalence * attacked;
  const caught = (d, prevalence) => mixed(d.clean, d.attacked, prevalence);
  const capacity = (s) => s.analysts * s.alerts_per_analyst;

  function cost(d, s) {
    const frauds = s.transactions_per_day * s.fraud_share;
    const genuine = s.transactions_per_day * (1 - s.fraud_share);
    const lost = s.loss_per_fraud * (1 - s.recovered_share);
    const share = caught(d, s.attack_prevalence);
    return frauds * ((1 - share) * lost + share * s.review_cost)
      + genuine * d.false_positive_rate * (s.review_cost + s.friction_cost);
  }

  function day(d, s, amounts) {
    const frauds = s.transactions_per_day * s.fraud_share;
    const genuine = s.transactions_per_day * (1 - s.fraud_share);
    const a = s.attack_prevalence;
    const share = caught(d, a);
    const value = mixed(d.value_clean, d.value_attacked, a);
    const stopped = frauds * share;
    const missed = frauds * (1 - share);
    const false_alarms = genuine * d.false_positive_rate;
    const alerts = stopped + false_alarms;
    const leaked = frauds * amounts.fraud * (1 - value);
    const spent = cost(d, s);
    const cheaper = Math.min(cost(APPROVE_ALL, s), cost(STOP_ALL, s));
    return {
      missed_frauds: missed,
      leakage_usd: missed * s.loss_per_fraud,
      leakage_by_amount_usd: leaked - frauds * a * (d.clean - d.attacked) * d.given_up,
      false_alarms,
      alerts,
      backlog: Math.max(0, alerts - capacity(s)),
      analysts_needed: alerts / s.alerts_per_analyst,
      precision: stopped / alerts,
      false_positive_ratio: false_alarms / stopped,
      value_detection_rate: value,
      residual_bps: 1e4 * leaked / (frauds * amounts.fraud + genuine * amounts.genuine),
      cost_usd: spent,
      savings: cheaper > 0 ? 1 - spent / cheaper : NaN,
      frauds_before_catch: (1 - share) / share,
    };
  }

  function benefit(standard, hardened, s) {
    const net = cost(standard, s) - cost(hardened, s);
    const missed = 1 - caught(hardened, s.attack_prevalence);
    const missed_standard = 1 - caught(standard, s.attack_prevalence);
    return {
      net_usd: net,
      net_year_usd: DAYS * net,
      payback_days: net > 0 ? s.hardening_cost / net : Infinity,
      leakage_reduction: missed_standard > 0 ? 1 - missed / missed_standard : 0,
    };
  }

  // ---------------------------------------------------------------- breakeven.py

  const worth = (s) => s.loss_per_fraud * (1 - s.recovered_share) - s.review_cost;
  const lostClean = (standard, hardened) => standard.clean - hardened.clean;
  const robustness = (standard, hardened) => lostClean(standard, hardened) + hardened.attacked - standard.attacked;
  const root = (costs, more) => (more > 0 ? costs / more : costs > 0 ? Infinity : -Infinity);

  function price(standard, hardened, s) {
    const odds = (1 - s.fraud_share) / s.fraud_share;
    const alarms = hardened.false_positive_rate - standard.false_positive_rate;
    return lostClean(standard, hardened) + odds * alarms * ((s.review_cost + s.friction_cost) / worth(s));
  }

  function prevalence(standard, hardened, s) {
    return worth(s) <= 0 ? NaN : root(price(standard, hardened, s), robustness(standard, hardened));
  }

  const countOnly = (standard, hardened) => root(lostClean(standard, hardened), robustness(standard, hardened));

  function verdict(standard, hardened, s) {
    if (worth(s) <= 0) return "catching does not pay";
    const [costs, more] = [price(standard, hardened, s), robustness(standard, hardened)];
    if (more <= 0) return costs >= 0 ? "not more robust" : more - costs >= 0 ? "always pays" : "pays below";
    const share = prevalence(standard, hardened, s);
    if (share <= 0) return "always pays";
    return share > 1 ? "never pays" : "pays above";
  }

  // ---------------------------------------------------------------- bands.py

  function quantile(ordered, level) {
    const place = level * (ordered.length - 1);
    const rank = Math.floor(place);
    const [low, high] = [ordered[rank], ordered[Math.min(rank + 1, ordered.length - 1)]];
    if (low === high || place === rank || low === -Infinity) return low;
    return low + (place - rank) * (high - low);
  }

  function band(value, draws, tail) {
    if (draws.some(Number.isNaN)) return { value, low: NaN, high: NaN };
    const ordered = Float64Array.from(draws).sort();
    return { value, low: quantile(ordered, tail), high: quantile(ordered, 1 - tail) };
  }

  function bands(names, mean, drawn, tail) {
    return Object.fromEntries(names.map((name) => [name, band(mean[name], drawn.map((each) => each[name]), tail)]));
  }

  // ---------------------------------------------------------------- measured.py

  function meanDetection(study, model, choice, point) {
    const rates = study.rates[model];
    const [e, p] = places(study, choice, point);
    const priced = choice.epsilon === study.headline && point === study.quoted;
    return detection(
      rates.caught_clean[p], rates.caught[choice.tier][e][p], rates.false_positive_rate[p],
      rates.value_caught_clean[p] ?? NaN, rates.value_caught[choice.tier][e][p] ?? NaN, // null: not known
      priced ? study.given_up[model][choice.tier] : 0,
    );
  }

  function drawnDetections(study, draws, model, choice, point, given_up) {
    const [e, p] = places(study, choice, point);
    const { count, models, arrays } = draws;
    const m = models.indexOf(model);
    const points = study.points.length;
    const clean = (m * points + p) * count;
    const attacked = ((m * study.epsilons.length + e) * points + p) * count;
    return Array.from({ length: count }, (_, i) => detection(
      arrays.caught_clean[clean + i], arrays.caught[attacked + i], arrays.false_positive_rate[clean + i],
      arrays.value_caught_clean[clean + i], arrays.value_caught[attacked + i], given_up,
    ));
  }

  // ---------------------------------------------------------------- ends.py

  /* As detections, of what has no draws: what each model alone may be, and what both may be at once. */
  function endDetections(study, { models, arrays }, choice, points, means) {
    const names = [study.baseline, choice.hardened];
    const at = (name, attacked, side) => {
      const [e, p] = places(study, choice, points[side]), m = models.indexOf(names[side]), many = study.points.length;
      const first = 2 * (attacked ? (m * study.epsilons.length + e) * many + p : m * many + p);
      return [0, 1].map((i) => arrays[name][first + i]);
    };
    const both = (side, clean, attacked) => [0, 1].map((i) =>
      detection(clean[i], attacked[i], means[side].false_positive_rate, NaN, NaN));
    const drawn = [0, 1].map((side) => both(side, at("caught_clean", false, side), at("caught", true, side)));
    if (points[0] !== points[1]) return { drawn, pairs: [[...drawn[0]].reverse(), drawn[1]] };
    const { clean, attacked } = means[0];
    const further = (value, gaps) => gaps.map((gap) => value + gap);
    const pairs = [
      both(0, [clean, clean], [attacked, attacked]),
      both(1, further(clean, at("gap_clean", false, 1)), further(attacked, at("gap", true, 1))),
    ];
    return { drawn, pairs };
  }

  function places(study, choice, point) {
    return [study.epsilons.indexOf(choice.epsilon), study.points.findIndex((each) => each.name === point)];
  }

  function pointOf(study, model, choice, s) {
    if (choice.point !== ALERT_BUDGET) return choice.point;
    const matched = study.points.filter((point) => point.rate !== null).sort((a, b) => a.rate - b.rate);
    const fits = (point) =>
      day(meanDetection(study, model, choice, point.name), s, study.amounts).alerts <= capacity(s);
    return (matched.slice(1).filter(fits).pop() ?? matched[0]).name;
  }

  // ---------------------------------------------------------------- whatif.py

  /* Mean rates of both models at their operating points, what each alone may be, and what both may be at once. */
  function detections(study, draws, choice, s) {
    const models = [study.baseline, choice.hardened];
    const points = models.map((model) => pointOf(study, model, choice, s));
    const means = models.map((model, i) => meanDetection(study, model, choice, points[i]));
    const { tail = TAIL } = draws;
    if (draws.arrays.gap) return { points, means, tail, ...endDetections(study, draws, choice, points, means) };
    const drawn = models.map((model, i) =>
      drawnDetections(study, draws, model, choice, points[i], means[i].given_up));
    return { points, means, tail, drawn, pairs: drawn };
  }

  /* f of each pair of draws. */
  const paired = ([standard, hardened], f) => standard.map((each, i) => f(each, hardened[i]));

  function answer(study, { points, means, drawn, pairs, tail }, s) {
    const { fraud, genuine } = study.amounts, amounts = { fraud: fraud ?? NaN, genuine: genuine ?? NaN };
    const days = [0, 1].map((i) =>
      bands(DAY, day(means[i], s, amounts), drawn[i].map((each) => day(each, s, amounts)), tail));
    const said = verdict(...means, s);
    return {
      points,
      standard: days[0],
      hardened: days[1],
      benefit: bands(BENEFIT, benefit(...means, s), paired(pairs, (a, b) => benefit(a, b, s)), tail),
      verdict: said,
      limit: said === "pays below" ? price(...means, s) / robustness(...means) : Infinity,
      prevalence: band(prevalence(...means, s), paired(pairs, (a, b) => prevalence(a, b, s)), tail),
      count_only: band(countOnly(...means), paired(pairs, countOnly), tail),
    };
  }

  window.studyImpact = { ALERT_BUDGET, answer, band, capacity, cost, detections, paired, prevalence };
})();

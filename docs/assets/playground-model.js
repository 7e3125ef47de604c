/* The models of the playground and what an attacker may do to them, in double precision and standardised units.

   Mirrors, name for name: generator/proofs/relu/network.py (network, towardsRight, margins), generator/models/folds.py
   (encode, decode), generator/threats/surface.py (boxes, lattice), generator/threats/evasion.py (FGSM, PGD). A test in
   a browser compares them. */
(() => {
  "use strict";

  const WHOLE = 1e-9; // raw units by which rounding may keep a whole number out of a budget it fills exactly

  // ---------------------------------------------------------------- network.py

  /* One network from its packed float32 weights: layer by layer, weights (fan_in, fan_out), then biases. */
  function network(packed, [d, h1, h2]) {
    const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
    const all = Float64Array.from(new Float32Array(bytes.buffer)); // little-endian, as every browser's machine is
    let at = 0;
    const take = (count) => all.subarray(at, (at += count));
    const w1 = take(d * h1), b1 = take(h1), w2 = take(h1 * h2), b2 = take(h2), w3 = take(h2 * 2), b3 = take(2);
    const w2t = new Float64Array(h1 * h2), v = new Float64Array(h2);
    for (let j = 0; j < h1; j++) for (let k = 0; k < h2; k++) w2t[k * h1 + j] = w2[j * h2 + k];
    for (let k = 0; k < h2; k++) v[k] = w3[2 * k + 1] - w3[2 * k];
    return { d, h1, h2, w1, b1, w2, w2t, b2, v, c: b3[1] - b3[0], hidden: new Float64Array(h1), back: new Float64Array(h1) };
  }

  /* The network whose margin is positive where `net` is right: m - t for fraud, t - m otherwise. */
  function towardsRight(net, fraud, threshold) {
    const sign = fraud ? 1 : -1;
    return { ...net, v: net.v.map((each) => sign * each), c: sign * (net.c - threshold) };
  }

  /* m(x), logit of fraud minus logit of genuine. */
  function margin(net, x) {
    const { d, h1, h2, w1, w2t, v, hidden } = net;
    hidden.set(net.b1);
    for (let i = 0; i < d; i++) {
      const value = x[i], row = i * h1;
      for (let j = 0; j < h1; j++) hidden[j] += w1[row + j] * value;
    }
    let total = net.c;
    for (let k = 0; k < h2; k++) {
      let z = net.b2[k];
      for (let j = 0, row = k * h1; j < h1; j++) if (hidden[j] > 0) z += hidden[j] * w2t[row + j];
      if (z > 0) total += z * v[k];
    }
    return total;
  }

  /* Gradient of m at x into `into`; at a kink, that of the side where the ReLU is off. */
  function gradient(net, x, into) {
    const { d, h1, h2, w1, w2t, v, hidden, back } = net;
    hidden.set(net.b1);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < h1; j++) hidden[j] += w1[i * h1 + j] * x[i];
    }
    back.fill(0);
    for (let k = 0; k < h2; k++) {
      let z = net.b2[k];
      for (let j = 0; j < h1; j++) if (hidden[j] > 0) z += hidden[j] * w2t[k * h1 + j];
      if (z > 0) for (let j = 0; j < h1; j++) back[j] += v[k] * w2t[k * h1 + j];
    }
    for (let i = 0; i < d; i++) {
      let sum = 0;
      for (let j = 0; j < h1; j++) if (hidden[j] > 0) sum += back[j] * w1[i * h1 + j];
      into[i] = sum;
    }
  }

  const probability = (m) => 1 / (1 + Math.exp(-m));

  // ---------------------------------------------------------------- folds.py

  /* Raw values to the model's inputs: rounded to float32, as the deployed model is given them. */
  const encode = (study, raw) => Float64Array.from(raw, (value, i) => Math.fround((value - study.means[i]) / study.scales[i]));
  const decode = (study, x) => Array.from(x, (value, i) => value * study.scales[i] + study.means[i]);

  // ---------------------------------------------------------------- surface.py

  const clip = (value, low, high) => Math.min(Math.max(value, low), high);

  function face(study, surface, i, x, raw, change) {
    const { low, high, integer } = study.features[i], mean = study.means[i], scale = study.scales[i];
    if (!surface.limited) return x + change;
    if (integer && surface.down[i] + surface.up[i] > 0) {
      const whole = raw + Math.sign(change) * Math.floor(Math.abs(change) * scale + WHOLE);
      return (clip(whole, Math.min(Math.ceil(low), raw), Math.max(Math.floor(high), raw)) - mean) / scale;
    }
    const nearestLow = (Math.min(low, raw) - mean) / scale, nearestHigh = (Math.max(high, raw) - mean) / scale;
    return clip(x + change, Math.min(nearestLow, x), Math.max(nearestHigh, x));
  }

  /* Where one transaction may go: its place, and the box around it at any budget. */
  function reach(study, tier, raw, fraud) {
    const surface = study.tiers.find((each) => each.name === tier), x = encode(study, raw);
    const still = surface.frauds_only && !fraud, d = x.length;
    const sides = (name) => Float64Array.from(surface[name], (share) => (still ? 0 : share));
    const down = sides("down"), up = sides("up");
    const whole = study.features.map(({ integer }) => surface.limited && integer);
    const step = Float64Array.from(whole, (is, i) => (is ? 1 / study.scales[i] : 0));
    const offset = Float64Array.from(whole, (is, i) => (is ? -study.means[i] / study.scales[i] : 0));
    function box(epsilon) {
      const lower = Float64Array.from(x), upper = Float64Array.from(x);
      for (let i = 0; i < d && !still; i++) {
        lower[i] = face(study, surface, i, x[i], raw[i], -epsilon * down[i]);
        upper[i] = face(study, surface, i, x[i], raw[i], epsilon * up[i]);
      }
      return { lower, upper };
    }
    /* Smallest budget that reaches a point; infinite if none does. */
    function distance(point) {
      let farthest = 0;
      for (let i = 0; i < d; i++) {
        const move = point[i] - x[i], side = move < 0 ? down[i] : up[i];
        const steps = step[i] > 0 ? Math.abs(Math.round((point[i] - x[i]) / step[i])) : 0;
        const needed = step[i] > 0 ? Math.max(0, steps - WHOLE) * step[i] : Math.abs(move);
        if (needed > 0) farthest = Math.max(farthest, side > 0 ? needed / side : Infinity);
      }
      return farthest;
    }
    /* A box in raw units, as generator/proofs/trees/search.py has it: the transaction's own value belongs to it. */
    function region(within) {
      const moves = within.lower.map((lower, i) => (lower < within.upper[i] ? 1 : 0));
      const faces = (face) => decode(study, face).map((value, i) => (!moves[i] ? raw[i] : whole[i] ? Math.round(value) : value));
      const [low, high] = [faces(within.lower), faces(within.upper)];
      return { low: low.map((value, i) => Math.min(value, raw[i])), high: high.map((value, i) => Math.max(value, raw[i])), whole };
    }
    /* A raw point in the units of the budget; only the transaction's own values are rounded. */
    const standardised = (values) => Float64Array.from(values, (value, i) =>
      (value === raw[i] ? x[i] : (value - study.means[i]) / study.scales[i]));
    const smooth = whole.every((is, i) => !is || down[i] + up[i] === 0);
    return { x, raw, d, down, up, step, offset, still, smooth, box, region, standardised, distance };
  }

  /* The point with its whole-numbered inputs on the nearest whole number of the box. */
  function onLattice({ step }, { lower, upper }, point) {
    for (let i = 0; i < point.length; i++) {
      if (step[i] > 0 && lower[i] < upper[i]) {
        point[i] = clip(lower[i] + step[i] * Math.round((point[i] - lower[i]) / step[i]), lower[i], upper[i]);
      }
    }
    return point;
  }

  // ---------------------------------------------------------------- evasion.py

  /* One step of the whole budget along the sign of the gradient. `net` is positive where it is right. */
  function fgsm(net, place, epsilon) {
    const box = place.box(epsilon), slope = new Float64Array(place.d), point = Float64Array.from(place.x);
    gradient(net, place.x, slope);
    for (let i = 0; i < place.d; i++) point[i] = slope[i] > 0 ? box.lower[i] : slope[i] < 0 ? box.upper[i] : point[i];
    return { point, margin: margin(net, point) };
  }

  /* `steps` sign steps of `share` of the budget from the transaction itself, each put back into the box; the best point
     on the way counts. The study follows the loss, which has the same sign and vanishes where the model is very sure. */
  function pgd(net, place, epsilon, steps, share) {
    const box = place.box(epsilon), slope = new Float64Array(place.d), point = Float64Array.from(place.x);
    let best = Float64Array.from(place.x), least = margin(net, best);
    for (let s = 0; s < steps; s++) {
      gradient(net, point, slope);
      for (let i = 0; i < place.d; i++) {
        point[i] = clip(point[i] - share * epsilon * Math.sign(slope[i]), box.lower[i], box.upper[i]);
      }
      const tried = place.smooth ? point : onLattice(place, box, Float64Array.from(point)), m = margin(net, tried);
      if (m < least) [best, least] = [Float64Array.from(tried), m];
    }
    return { point: best, margin: least };
  }

  window.studyModel = { network, towardsRight, margin, gradient, probability, encode, decode, reach, onLattice, fgsm, pgd, clip };
})();

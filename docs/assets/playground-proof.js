/* The live proof: branch and bound on the input box, one transaction at a time.

   Decides as generator/proofs/relu/kernels.py does, by the same bounds and the same halving; generator/proofs/relu/bounds.py states
   the formula. It leaves out what makes many rows quick: networks narrowed to a box, and hunts for a witness. `settle`
   and `radius` are generators that pause every few boxes, so that a page can run them in slices and never stands still. */
(() => {
  "use strict";

  const { margin, gradient, clip } = window.studyModel; // loaded before
  const LOOSENESS_WEIGHT = 0.1, FORMS = 3, PATIENCE = 2000, FIRST_RUNG = 0.1, RUNG = 1.1;
  const STACK = 512; // boxes waiting at once; a depth-first search holds one for each halving on its path
  const PAUSE = 64; // boxes between two chances to pause
  const floats = (count) => new Float64Array(count);

  function makeWork({ d, h1, h2 }) {
    return {
      centre: floats(d), reach: floats(d), coefficients: floats(d), forms: floats(FORMS * (d + 1)), looseness: floats(d),
      one: floats(5 * h1), two: floats(5 * h2), // value, spread, slope and offset of the upper line, slope of the lower
      base: floats((d + 1) * h2), lines: floats(4 * (d + 1) * h2), back: floats(2 * h1), trial: floats(d),
      closest: floats(d), stack: floats(STACK * 2 * d),
    };
  }

  /* The lines around each ReLU: off: 0, on: z, unstable: chord above, 0 or z below. */
  function relax(layer, size) {
    for (let j = 0; j < size; j++) {
      const low = layer[j] - layer[size + j], high = layer[j] + layer[size + j];
      layer[4 * size + j] = high > -low ? 1 : 0;
      if (low >= 0) {
        layer[2 * size + j] = 1;
        layer[3 * size + j] = 0;
      } else if (high <= 0) {
        layer[2 * size + j] = layer[3 * size + j] = 0;
      } else {
        const slope = high / (high - low);
        layer[2 * size + j] = slope;
        layer[3 * size + j] = -low * slope;
      }
    }
  }

  /* A lower bound of m on the box stack[at], stack[at + d]; leaves the linear bounds in `work`. */
  function bound(net, box, at, work) {
    const { d, h1, h2, w1, w2, w2t, v, b2 } = net;
    const { centre, reach, one, two, base, lines, back, forms, coefficients } = work;
    for (let i = 0; i < d; i++) {
      const low = box[at + i], high = box[at + d + i];
      centre[i] = 0.5 * (low + high);
      reach[i] = Math.max(high - centre[i], centre[i] - low);
    }
    for (let j = 0; j < h1; j++) {
      one[j] = net.b1[j];
      one[h1 + j] = 0;
    }
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < h1; j++) {
        one[j] += w1[i * h1 + j] * centre[i];
        one[h1 + j] += Math.abs(w1[i * h1 + j]) * reach[i];
      }
    }
    relax(one, h1);

    const size = (d + 1) * h2;
    for (let i = 0; i <= d; i++) for (let k = 0; k < h2; k++) base[i * h2 + k] = i === d ? b2[k] : 0;
    lines.fill(0);
    for (let j = 0; j < h1; j++) {
      const s = one[2 * h1 + j], t = one[3 * h1 + j], row = j * h2;
      if (t === 0) {
        if (s === 0) continue;
        for (let i = 0; i < d; i++) {
          const w = w1[i * h1 + j];
          for (let k = 0; k < h2; k++) base[i * h2 + k] += w * w2[row + k];
        }
        for (let k = 0; k < h2; k++) base[d * h2 + k] += one[j] * w2[row + k];
      } else {
        for (let i = 0; i <= d; i++) {
          const w = i < d ? w1[i * h1 + j] : one[j], chord = i < d ? s * w : s * w + t;
          for (let k = 0; k < h2; k++) {
            const positive = Math.max(w2[row + k], 0), negative = Math.min(w2[row + k], 0), cell = i * h2 + k;
            lines[cell] += chord * negative;
            lines[size + cell] += chord * positive;
            if (one[4 * h1 + j] > 0) {
              lines[2 * size + cell] += w * positive;
              lines[3 * size + cell] += w * negative;
            }
          }
        }
      }
    }
    for (let k = 0; k < h2; k++) {
      const value = d * h2 + k;
      let low0 = base[value] + lines[value], high0 = base[value] + lines[size + value];
      let low1 = low0 + lines[2 * size + value], high1 = high0 + lines[3 * size + value];
      for (let i = 0; i < d; i++) {
        const cell = i * h2 + k, a = base[cell], r = reach[i];
        low0 -= Math.abs(a + lines[cell]) * r;
        low1 -= Math.abs(a + lines[cell] + lines[2 * size + cell]) * r;
        high0 += Math.abs(a + lines[size + cell]) * r;
        high1 += Math.abs(a + lines[size + cell] + lines[3 * size + cell]) * r;
      }
      const low = Math.max(low0, low1), high = Math.min(high0, high1);
      two[k] = 0.5 * (low + high);
      two[h2 + k] = Math.max(0.5 * (high - low), 0);
    }
    relax(two, h2);

    let best = -Infinity;
    for (let f = 0; f < FORMS; f++) {
      const zero2 = f === 1, zero1 = f === 2, form = f * (d + 1);
      for (let j = 0; j < h1; j++) back[j] = 0;
      let value = net.c;
      for (let k = 0; k < h2; k++) {
        let q = v[k];
        if (two[3 * h2 + k] > 0) {
          if (q < 0) {
            value += q * two[3 * h2 + k];
            q *= two[2 * h2 + k];
          } else q *= zero2 ? 0 : two[4 * h2 + k];
        } else q *= two[2 * h2 + k];
        if (q !== 0) {
          value += q * b2[k];
          for (let j = 0; j < h1; j++) back[j] += q * w2t[k * h1 + j];
        }
      }
      for (let j = 0; j < h1; j++) {
        let p = back[j];
        if (one[3 * h1 + j] > 0) {
          if (p < 0) {
            value += p * one[3 * h1 + j];
            p *= one[2 * h1 + j];
          } else p *= zero1 ? 0 : one[4 * h1 + j];
        } else p *= one[2 * h1 + j];
        back[h1 + j] = p;
        value += p * one[j];
      }
      let low = (forms[form + d] = value);
      for (let i = 0; i < d; i++) {
        let a = 0;
        for (let j = 0; j < h1; j++) a += back[h1 + j] * w1[i * h1 + j];
        forms[form + i] = a;
        low -= Math.abs(a) * reach[i];
      }
      if (low > best) {
        best = low;
        for (let i = 0; i < d; i++) coefficients[i] = forms[form + i];
      }
    }
    for (let i = 0; i < d; i++) {
      let loose = 0;
      for (let j = 0; j < h1; j++) if (one[3 * h1 + j] > 0) loose += Math.abs(back[j] * w1[i * h1 + j]);
      for (let k = 0; k < h2; k++) if (two[3 * h2 + k] > 0) loose += Math.abs(v[k] * base[i * h2 + k]);
      work.looseness[i] = loose;
    }
    return best;
  }

  /* Shrink a box to the lattice points in it, to 1e-6 of a step; false if there are none. */
  function snap(box, at, d, { offset, step }) {
    for (let i = at; i < at + d; i++) {
      const k = i - at, s = step[k];
      if (box[i] > box[d + i]) return false;
      if (s > 0 && box[i] < box[d + i]) {
        box[i] = offset[k] + s * Math.ceil((box[i] - offset[k]) / s - 1e-6);
        box[d + i] = offset[k] + s * Math.floor((box[d + i] - offset[k]) / s + 1e-6);
        if (box[d + i] < box[i] - 0.5 * s) return false;
        if (box[d + i] < box[i] + 0.5 * s) box[d + i] = box[i]; // one point; rounding must not leave it a width
      }
    }
    return true;
  }

  /* To the nearest whole number, halves to the even one. */
  function rint(value) {
    const down = Math.floor(value), rest = value - down;
    return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
  }

  /* Lower bound on the box, and the smaller margin of two of its points: linear minimiser and centre. */
  function probe(net, box, at, step, work, point) {
    const { d } = net, { trial, coefficients, centre } = work, low = bound(net, box, at, work);
    let found = Infinity;
    for (let attempt = 0; attempt < 2; attempt++) {
      for (let i = 0; i < d; i++) {
        const left = box[at + i], right = box[at + d + i];
        if (attempt === 0) trial[i] = coefficients[i] >= 0 ? left : right;
        else if (step[i] > 0 && left < right) trial[i] = left + step[i] * rint((centre[i] - left) / step[i]);
        else trial[i] = centre[i];
      }
      const m = margin(net, trial);
      if (m < found) {
        found = m;
        point.set(trial);
      }
    }
    return [low, found];
  }

  /* Cut off, in place, what the linear bounds prove to be above `bar`; false if that is all of the box. */
  function contract(box, at, d, bar, { forms, centre }) {
    for (let f = 0; f < FORMS; f++) {
      const form = f * (d + 1);
      let least = forms[form + d];
      for (let i = 0; i < d; i++) least += forms[form + i] * ((forms[form + i] > 0 ? box[at + i] : box[at + d + i]) - centre[i]);
      if (least > bar) return false;
      for (let i = 0; i < d; i++) {
        const a = forms[form + i];
        if (Math.abs(a) * (box[at + d + i] - box[at + i]) > bar - least) {
          const room = (bar - least) / Math.abs(a);
          if (a > 0) box[at + d + i] = box[at + i] + room;
          else box[at + i] = box[at + d + i] - room;
        }
      }
    }
    return true;
  }

  /* Replace the box on top by its halves, the one nearer the linear minimiser on top; false if it is one point. */
  function halve(box, top, d, step, { coefficients, looseness }) {
    const far = top * 2 * d, near = far + 2 * d;
    let split = -1, best = 0;
    for (let i = 0; i < d; i++) {
      const slope = Math.abs(coefficients[i]) + LOOSENESS_WEIGHT * looseness[i] + 1e-9;
      const score = slope * (box[far + d + i] - box[far + i]);
      if (score > best) [split, best] = [i, score];
    }
    if (split < 0) return false;
    let left = 0.5 * (box[far + split] + box[far + d + split]), right = left;
    if (step[split] > 0) {
      left = box[far + split] + step[split] * Math.floor((left - box[far + split]) / step[split] + 1e-6);
      right = left + step[split];
    }
    box.copyWithin(near, far, far + 2 * d);
    if (coefficients[split] < 0) {
      box[near + split] = right;
      box[far + d + split] = left;
    } else {
      box[near + d + split] = left;
      box[far + split] = right;
    }
    return true;
  }

  /* Settle one box: { outcome, boxes, margin, witness }. The outcome is proved, broken or unresolved; the witness is the
     point that breaks it. A point that only touches zero, with a margin in (-tau, 2 tau], breaks it too. */
  function* settle(net, { lower, upper }, lattice, rule, limit = rule.limit) {
    const { d } = net, { step } = lattice, work = (net.work ??= makeWork(net)), box = work.stack, point = floats(d);
    box.set(lower, 0);
    box.set(upper, d);
    if (!snap(box, 0, d, lattice)) return { outcome: "empty", boxes: 0 };
    let size = 1, boxes = 0, seen = Infinity, bar = rule.tau;
    const end = (outcome, at, value) => ({ outcome, boxes, margin: value, witness: outcome === "broken" ? Float64Array.from(at) : null });
    while (size) {
      if (boxes >= limit || size > STACK - 2) break;
      if (boxes && boxes % PAUSE === 0) {
        const waiting = box.slice(0, size * 2 * d), closest = work.closest.slice();
        yield;
        box.set(waiting); // another search may have used the memory in the meantime
        work.closest.set(closest);
      }
      size--;
      boxes++;
      const at = size * 2 * d, [low, found] = probe(net, box, at, step, work, point);
      if (low > bar) continue;
      if (found < seen) {
        seen = found;
        work.closest.set(point);
      }
      if (seen <= -rule.tau) return end("broken", point, seen);
      if (seen <= 2 * rule.tau && bar > 0) {
        bar = -rule.tau;
        limit = Math.min(limit, boxes + PATIENCE);
      }
      if (!contract(box, at, d, bar, work)) continue;
      if (!snap(box, at, d, lattice)) continue;
      if (halve(box, size, d, step, work)) {
        size += 2;
        continue;
      }
      const last = margin(net, box.subarray(at, at + d)); // one point is left
      if (last <= bar) return end("broken", box.subarray(at, at + d), last);
    }
    if (seen <= 2 * rule.tau) return end("broken", work.closest, seen);
    return end(size ? "unresolved" : "proved", null, seen);
  }

  // ---------------------------------------------------------------- how far a transaction holds

  const towards = (start, end, share) => start.map((from, i) => from + share * (end[i] - from));

  /* The nearest point where the margin, linearised at `point`, is `goal`; null if the linear function cannot get there. */
  function nearest(net, place, outer, point, goal, largest) {
    const slopes = floats(net.d);
    let m = margin(net, point), slope = 0;
    gradient(net, point, slopes);
    for (let i = 0; i < net.d; i++) {
      m += slopes[i] * (place.x[i] - point[i]);
      slope += Math.abs(slopes[i]) * (slopes[i] > 0 ? place.down[i] : place.up[i]);
    }
    if (slope <= 0 || m <= goal) return null;
    const epsilon = Math.min((m - goal) / slope, largest);
    const aim = place.x.map((x, i) => {
      const moved = slopes[i] > 0 ? x - epsilon * place.down[i] : x + epsilon * place.up[i];
      return clip(moved, outer.lower[i], outer.upper[i]); // in a tier the range of the data ends some moves
    });
    return { epsilon, aim };
  }

  /* A witness moved closer to the transaction while its margin stays at most `goal`. */
  function pull(net, place, outer, goal, start) {
    let witness = start;
    for (let turn = 0; turn < 8; turn++) {
      let inside = 1, outside = 0;
      for (let half = 0; half < 24; half++) {
        const middle = 0.5 * (inside + outside);
        if (margin(net, towards(place.x, witness, middle)) <= goal) inside = middle;
        else outside = middle;
      }
      witness = towards(place.x, witness, inside);
      const near = place.distance(witness), next = nearest(net, place, outer, witness, 1.01 * goal, near);
      if (!next || next.epsilon >= 0.9999 * near) return witness;
      let share = 1, trial = null;
      for (; share > 0.1; share *= 0.5) {
        trial = towards(witness, next.aim, share);
        if (margin(net, trial) <= goal) break;
      }
      if (share < 0.1) return witness;
      witness = trial;
    }
    return witness;
  }

  /* Walk from the transaction to the boundary by linearised steps; a witness or null. */
  function descend(net, place, outer, goal, largest) {
    let point = place.x;
    for (let turn = 0; turn < 10; turn++) {
      const next = nearest(net, place, outer, point, 2 * goal, largest);
      if (!next) return null;
      point = next.aim;
      if (margin(net, point) <= goal) return point;
    }
    return null;
  }

  /* { proved, broken, witness, boxes }: robust on every budget up to `proved`, wrong at a point within `broken`, which is
     infinite if `largest` is proved. The budget climbs a ladder, because one a little off the radius is settled far
     sooner than one close to it; where inputs move in whole steps it halves the bracket after the first example. */
  function* radius(net, place, largest, tolerance, rule) {
    const { tau } = rule;
    if (margin(net, place.x) <= 2 * tau) return { proved: 0, broken: 0, witness: place.x, boxes: 0 };
    const outer = place.box(largest);
    let proved = 0, broken = Infinity, witness = null, boxes = 0;
    if (place.smooth) {
      const found = descend(net, place, outer, -tau, largest);
      if (found) {
        witness = pull(net, place, outer, -tau, found);
        broken = place.distance(witness);
      }
    }
    let goal = Math.min(largest, broken - tolerance);
    while (proved < goal) {
      let target = Math.min(goal, Math.max(FIRST_RUNG * goal, RUNG * proved));
      if (!place.smooth && Number.isFinite(broken)) target = Math.min(goal, 0.5 * (proved + broken));
      const answer = yield* settle(net, place.box(target), place, rule, rule.limit - boxes);
      boxes += answer.boxes;
      if (answer.outcome === "unresolved") break;
      if (answer.outcome === "broken") {
        witness = place.smooth && answer.margin <= -tau ? pull(net, place, outer, -tau, answer.witness) : answer.witness;
        broken = Math.min(broken, target, place.distance(witness));
        goal = broken - tolerance;
        continue;
      }
      proved = target;
    }
    return { proved, broken, witness, boxes };
  }

  /* The answer of a generator, without a pause. */
  function finish(steps) {
    let step = steps.next();
    while (!step.done) step = steps.next();
    return step.value;
  }

  window.studyProof = { settle, radius, finish, bound, makeWork };

  /* What the page asks of a kind of model, networks here. A point is what the model reads: standardised, of a network. */
  const { network, towardsRight, encode, decode, fgsm, pgd } = window.studyModel;
  const attacks = { fgsm: { title: "FGSM", run: fgsm }, pgd: { title: "PGD", run: pgd } };
  const relu = {
    make: ({ weights }, { widths }) => network(weights, widths), towardsRight, margin, settle, radius,
    wrong: (net, m) => m <= 0, point: encode, raw: decode, standardised: (place, point) => point,
    attack: (name) => attacks[name], digits: 8,
  };
  window.studyKinds = { ...window.studyKinds, relu };
})();

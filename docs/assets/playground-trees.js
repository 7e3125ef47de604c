/* Decision trees of the playground: their scores in raw units to the last bit, the proof over the cells between their
   thresholds, and a search that needs no gradient.

   Mirrors, name for name: generator/proofs/trees/kernels.py (score, prune, tables, weigh, sweep, bound, disagreement,
   split, search), forest.py, monotone.py, search.py and verifier.py, for trees as the study trains them: numbers only,
   float64, x <= threshold goes left. A test in a browser compares them. */
(() => {
  "use strict";

  const SWEEPS = 12, SWEEPS_BELOW = 2, STILL = 1e-3, PATIENCE = 500, DRIFT = 1e-10, UNIT = 2 ** -53;
  const PAUSE = 8; // boxes between two chances to pause
  const ROUNDS = 4; // times that the search without a gradient goes through the inputs
  const { abs, floor, max, min } = Math;

  // ---------------------------------------------------------------- forest.py, monotone.py

  /* One ensemble from its packed bytes, as generator/tools/playground/making.py makes them; d inputs. */
  function ensemble(packed, d) {
    const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0)); // little-endian, as every browser's machine is
    const [start, divisor, scale, bias, cut] = new Float64Array(bytes.buffer, 0, 5), count = (bytes.length - 40) / 9;
    const number = new Float64Array(bytes.buffer, 40, count), feature = new Int8Array(bytes.buffer, 40 + 8 * count);
    const right = new Int32Array(count), tops = [];
    for (let node = count - 1; node >= 0; node--) {
      if (feature[node] >= 0) {
        tops.pop(); // the left side is the next node
        right[node] = tops.pop();
      }
      tops.push(node);
    }
    const roots = Int32Array.from(tops.reverse());
    const limits = Array.from({ length: d }, (_, j) =>
      Float64Array.from(new Set(number.filter((_, node) => feature[node] === j))).sort());
    let magnitude = 0;
    roots.forEach((root, t) => {
      const leaves = number.subarray(root, roots[t + 1] ?? count).filter((_, k) => feature[root + k] < 0);
      magnitude += leaves.reduce((most, value) => max(most, abs(value)), 0);
    });
    const made = { d, start, divisor, scale, bias, cut, number, feature, right, roots, limits };
    return { ...made, magnitude: 1 + abs(scale / divisor) * magnitude, signs: monotone(made) };
  }

  /* 1 where the margin is proved never to fall as an input rises, -1 where never to rise, 0 elsewhere. */
  function monotone({ d, number, feature, right, roots, scale, divisor }) {
    const rises = new Array(d).fill(true), falls = new Array(d).fill(true);
    for (const root of roots) {
      const leaves = [];
      const walk = (node, low, high) => {
        const j = feature[node];
        if (j < 0) return leaves.push({ value: number[node], low, high });
        walk(node + 1, low, high.with(j, min(high[j], number[node])));
        return walk(right[node], low.with(j, max(low[j], number[node])), high);
      };
      walk(root, new Float64Array(d).fill(-Infinity), new Float64Array(d).fill(Infinity));
      for (const a of leaves) {
        for (const b of leaves) {
          if (a.value === b.value) continue;
          let apart = 0, above = -1; // b lies above a in one input, and one row can be in both but for that
          for (let j = 0; j < d && apart < 2; j++) {
            if (max(a.low[j], b.low[j]) < min(a.high[j], b.high[j])) continue;
            apart++;
            if (a.low[j] < a.high[j] && a.high[j] <= b.low[j] && b.low[j] < b.high[j]) above = j;
          }
          if (apart === 1 && above >= 0) (b.value < a.value ? rises : falls)[above] = false;
        }
      }
    }
    const turned = scale / divisor < 0;
    return rises.map((up, j) => ((turned ? falls[j] : up) ? 1 : (turned ? up : falls[j]) ? -1 : 0));
  }

  // ---------------------------------------------------------------- the deployed model

  function score({ start, divisor, scale, bias, cut, number, feature, right, roots }, x) {
    let total = start;
    for (let t = 0; t < roots.length; t++) {
      let node = roots[t];
      while (feature[node] >= 0) node = x[feature[node]] <= number[node] ? node + 1 : right[node];
      total += number[node];
    }
    return (total / divisor) * scale + bias - cut;
  }

  /* The trees whose margin is positive where they are right. */
  const towardsRight = (trees, fraud, threshold) => ({ ...trees, fraud, sign: fraud ? 1 : -1, threshold });

  /* Of a raw point; signed. A difference of unequal numbers is never 0, so the sign is that of the comparison. */
  const margin = (net, x) => net.sign * (score(net, x) - net.threshold);
  const wrong = (net, m) => (net.fraud ? m <= 0 : m < 0);

  // ---------------------------------------------------------------- a row's box

  /* The number of [low, high] closest to centre that is above `below` and at most `limit`. */
  function nearest(centre, low, high, below, limit, whole) {
    if (below < centre && centre <= limit && low <= centre && centre <= high) return centre;
    let value = limit;
    if (centre <= below) value = below === -Infinity ? low : whole ? floor(below) + 1 : next(below);
    return min(max(value, low), high);
  }

  /* The next number above a finite one. */
  const view = new DataView(new ArrayBuffer(8));
  function next(number) {
    view.setFloat64(0, number === 0 ? 0 : number);
    view.setBigInt64(0, view.getBigInt64(0) + (number >= 0 ? 1n : -1n));
    return view.getFloat64(0);
  }

  /* Of every tree what a box leaves open: inner nodes { j, limit, left, right }, leaves { value }, both signed. */
  function prune(net, low, high, factor) {
    const { feature, number, right } = net, open = [];
    let constant = 0, least = 0, bottom = net.start, top = net.start, largest = 0, from = 0, to = 0;
    const cut = (node) => {
      const j = feature[node], limit = number[node];
      if (j < 0) {
        from = min(from, limit);
        to = max(to, limit);
        return { value: limit * factor };
      }
      if (high[j] <= limit) return cut(node + 1);
      if (low[j] > limit) return cut(right[node]);
      return { j, limit, left: cut(node + 1), right: cut(right[node]) };
    };
    for (const root of net.roots) {
      from = Infinity;
      to = -Infinity;
      const tree = cut(root);
      if (tree.left) open.push(tree);
      else constant += tree.value;
      least += min(from * factor, to * factor);
      bottom += from;
      top += to;
      largest += max(abs(bottom), abs(top));
    }
    return { open, constant, least, rounding: largest * UNIT };
  }

  /* The limits that are left of every input, rising; cell k lies above limit k - 1 and reaches limit k. */
  function cells(open, d, whole) {
    const found = Array.from({ length: d }, () => new Set());
    const look = (node) => {
      if (!node.left) return;
      found[node.j].add(whole[node.j] ? floor(node.limit) : node.limit);
      look(node.left);
      look(node.right);
    };
    open.forEach(look);
    return found.map((each) => Float64Array.from(each).sort());
  }

  /* The trees that ask for one input added up, a table an input; of the others the leaves, each with a range of
     segments an input: cells that its tree does not tell apart. */
  function tables(open, limits, whole) {
    const table = limits.map((each) => new Float64Array(each.length + 1)), kept = [];
    const at = ({ j, limit }) => place(limits[j], whole[j] ? floor(limit) : limit);
    for (const tree of open) {
      const ends = new Map(), leaves = []; // input -> last cells of its segments
      const walk = (node, ranges) => {
        if (!node.left) return leaves.push({ value: node.value, ranges });
        const cell = at(node), [first, last] = ranges.get(node.j) ?? [0, limits[node.j].length];
        if (!ends.has(node.j)) ends.set(node.j, new Set([limits[node.j].length]));
        ends.get(node.j).add(cell);
        if (first <= cell) walk(node.left, new Map(ranges).set(node.j, [first, min(last, cell)]));
        return cell < last && walk(node.right, new Map(ranges).set(node.j, [max(first, cell + 1), last]));
      };
      walk(tree, new Map());
      if (ends.size === 1) {
        const [j] = ends.keys();
        for (const { value, ranges } of leaves) {
          const [first, last] = ranges.get(j);
          for (let cell = first; cell <= last; cell++) table[j][cell] += value;
        }
        continue;
      }
      const parts = [...ends].map(([j, found]) => {
        const end = Int32Array.from(found).sort();
        return { j, end, least: new Float64Array(end.length), rest: new Float64Array(end.length),
          message: new Float64Array(limits[j].length + 1) };
      });
      kept.push({ parts, leaves: leaves.map(({ value, ranges }) => {
        const low = [], high = [];
        for (const { j, end } of parts) {
          const [first, last] = ranges.get(j) ?? [0, limits[j].length];
          low.push(end.findIndex((cell) => cell >= first));
          high.push(end.findIndex((cell) => cell >= last));
        }
        return { value, low, high, least: new Float64Array(parts.length), total: 0 };
      }) });
    }
    return { table, kept };
  }

  function place(sorted, number) {
    let low = 0, high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // ---------------------------------------------------------------- bounds

  /* The least of every segment, the tree's own messages taken back, and the total of each leaf. */
  function weigh({ parts, leaves }, table, box) {
    for (const { j, end, least, message } of parts) {
      const own = table[j], low = box[2 * j], high = box[2 * j + 1];
      for (let segment = 0, begin = 0; segment < end.length; begin = end[segment] + 1, segment++) {
        let found = Infinity;
        for (let cell = max(begin, low), last = min(end[segment], high); cell <= last; cell++) {
          found = min(found, own[cell] - message[cell]);
        }
        least[segment] = found;
      }
    }
    for (const leaf of leaves) {
      leaf.total = leaf.value;
      for (let p = 0; p < parts.length; p++) {
        let found = Infinity;
        for (let segment = leaf.low[p]; segment <= leaf.high[p]; segment++) found = min(found, parts[p].least[segment]);
        leaf.least[p] = found;
        leaf.total += found;
      }
    }
  }

  /* One round: every tree gives its inputs equal shares of the least that it and they can come to. */
  function sweep(kept, table, box) {
    for (const tree of kept) {
      const { parts, leaves } = tree, share = 1 / parts.length;
      weigh(tree, table, box);
      for (const { rest } of parts) rest.fill(Infinity);
      for (const { total, low, high, least } of leaves) {
        if (total === Infinity) continue;
        for (let p = 0; p < parts.length; p++) {
          const rest = total - least[p];
          for (let segment = low[p]; segment <= high[p]; segment++) parts[p].rest[segment] = min(parts[p].rest[segment], rest);
        }
      }
      for (const { j, end, rest, message } of parts) {
        const all = table[j], low = box[2 * j], high = box[2 * j + 1];
        for (let segment = 0, begin = 0; segment < end.length; begin = end[segment] + 1, segment++) {
          for (let cell = max(begin, low), last = min(end[segment], high); cell <= last; cell++) {
            const own = all[cell] - message[cell];
            all[cell] = (rest[segment] + own) * share;
            message[cell] = all[cell] - own;
          }
        }
      }
    }
  }

  /* Sum of the least values of the tables; the cells where they are go to `chosen`. */
  function bound(table, box, chosen) {
    let total = 0;
    table.forEach((values, j) => {
      let least = Infinity;
      for (let cell = box[2 * j]; cell <= box[2 * j + 1]; cell++) {
        if (values[cell] < least) [least, chosen[j]] = [values[cell], cell];
      }
      total += least;
    });
    return total;
  }

  /* Sum of what trees and messages leave at `chosen`; the tree with most and its leaf there. */
  function disagreement(kept, chosen) {
    let total = 0, most = -1, worst = null, here = null;
    for (const tree of kept) {
      const { parts, leaves } = tree;
      const inside = (leaf) => parts.every(({ j, end }, p) => chosen[j] <= end[leaf.high[p]]
        && (leaf.low[p] === 0 || chosen[j] > end[leaf.low[p] - 1]));
      const leaf = leaves.find(inside);
      let rest = leaf.value;
      for (const { j, message } of parts) rest -= message[chosen[j]];
      total += rest;
      if (rest > most) [most, worst, here] = [rest, tree, leaf];
    }
    return { total, worst, here };
  }

  /* [input, last cell of the left part] between the leaf at the chosen cells and the one that the worst tree prefers. */
  function split(worst, here, table, box) {
    weigh(worst, table, box);
    let best = worst.leaves[0], found = null, most = -1;
    for (const leaf of worst.leaves) if (leaf.total < best.total) best = leaf;
    worst.parts.forEach(({ j, end }, p) => {
      const cell = here.high[p] < best.low[p] ? end[here.high[p]]
        : here.low[p] > best.high[p] ? end[here.low[p] - 1] : -1;
      const balance = cell < 0 ? -1 : min(cell - box[2 * j], box[2 * j + 1] - cell - 1); // the smaller part should be no sliver
      if (balance > most) [found, most] = [[j, cell], balance];
    });
    return found;
  }

  /* Between the chosen cell of the input with most cells and its neighbour; null if one cell is left. */
  function widest(box, chosen) {
    let found = -1, most = 0;
    for (let j = 0; j < chosen.length; j++) if (box[2 * j + 1] - box[2 * j] > most) [found, most] = [j, box[2 * j + 1] - box[2 * j]];
    return found < 0 ? null : [found, max(box[2 * found], min(chosen[found], box[2 * found + 1] - 1))];
  }

  // ---------------------------------------------------------------- the search

  /* Settle one box, as studyProof.settle does, but for its witness: that is a raw point. */
  function* settle(net, box, at, rule, limit = rule.limit) {
    const { raw: centre } = at, own = margin(net, centre), end = (outcome, boxes, m, witness = null) =>
      ({ outcome, boxes, margin: m, witness });
    if (wrong(net, own)) return end("broken", 1, own, centre);
    const { low, high, whole } = at.region(box);
    net.signs.forEach((sign, j) => { // an input proved monotone stands at the face that hurts
      if (sign * net.sign > 0) high[j] = low[j];
      else if (sign * net.sign < 0) low[j] = high[j];
    });
    const slope = net.scale / net.divisor, factor = net.sign * slope;
    const { open, constant, least, rounding } = prune(net, low, high, factor);
    const base = net.sign * (net.start * slope + net.bias - net.cut - net.threshold);
    const band = abs(slope) * rounding + DRIFT * net.magnitude
      + 2 ** -50 * (abs(net.start * slope) + abs(net.bias) + abs(net.cut) + abs(net.threshold));
    if (base + least > band) return end("proved", 1, base + least);
    const limits = cells(open, net.d, whole), { table, kept } = tables(open, limits, whole);
    const chosen = new Int32Array(net.d), waiting = [Int32Array.from(limits.flatMap((each) => [0, each.length]))];
    const point = () => Float64Array.from(limits, (each, j) =>
      nearest(centre[j], low[j], high[j], each[chosen[j] - 1] ?? -Infinity, each[chosen[j]] ?? Infinity, whole[j]));
    let boxes = 0, proved = Infinity, touched = 0, closest = Infinity, closestAt = null;
    while (waiting.length) {
      if (boxes >= limit || (touched && boxes >= touched + PATIENCE)) break;
      if (boxes && boxes % PAUSE === 0) yield;
      boxes++;
      const here = waiting.pop(), rounds = !kept.length ? 1 : boxes === 1 ? SWEEPS : SWEEPS_BELOW;
      let low = kept.length ? -Infinity : base + constant + bound(table, here, chosen), total = 0, odd = null;
      for (let round = 0; round < rounds; round++) {
        const before = low;
        if (kept.length) {
          sweep(kept, table, here);
          low = base + constant + bound(table, here, chosen);
        }
        if (low > band) break;
        odd = disagreement(kept, chosen);
        total = low + odd.total;
        if (total <= band || low - before < STILL * (band - before)) break;
      }
      if (low > band) {
        proved = min(proved, low);
        continue;
      }
      if (total <= band) {
        const found = point(), m = margin(net, found);
        if (wrong(net, m)) return end("broken", boxes, m, found);
        if (m < closest) [closest, closestAt] = [m, found];
        touched ||= boxes;
      }
      const halves = (kept.length && total > band && split(odd.worst, odd.here, table, here)) || widest(here, chosen);
      if (!halves) continue; // one cell, which is judged correctly, however close to the cut
      const [j, cell] = halves, left = here.with(2 * j + 1, cell), right = here.with(2 * j, cell + 1);
      const smallest = (part) => table[j].subarray(part[2 * j], part[2 * j + 1] + 1).reduce((a, b) => min(a, b), Infinity);
      waiting.push(...(smallest(left) <= smallest(right) ? [right, left] : [left, right]));
    }
    if (!waiting.length) return end("proved", boxes, min(proved, closest));
    return touched ? end("broken", boxes, closest, closestAt) : end("unresolved", boxes, NaN);
  }

  /* { proved, broken, witness, boxes } by halving the bracket, down to the distance of the witness where one is found. */
  function* radius(net, at, largest, tolerance, rule) {
    if (wrong(net, margin(net, at.raw))) return { proved: 0, broken: 0, witness: at.raw, boxes: 0 };
    let proved = 0, broken = Infinity, witness = null, boxes = 0, asked = largest; // the whole reach first
    while (min(broken, largest) - proved > tolerance) {
      const found = yield* settle(net, at.box(asked), at, rule, rule.limit - boxes);
      boxes += found.boxes;
      if (found.outcome === "unresolved") break;
      if (found.outcome === "proved") proved = asked;
      else {
        witness = found.witness;
        broken = min(max(at.distance(at.standardised(witness)), proved), asked);
      }
      asked = (proved + min(broken, largest)) / 2;
    }
    return { proved, broken, witness, boxes };
  }

  // ---------------------------------------------------------------- an attack

  /* Input by input to the number where the score falls most, and again: what can be done without a gradient. */
  function search(net, at, epsilon) {
    const { low, high, whole } = at.region(at.box(epsilon)), point = Float64Array.from(at.raw);
    let least = margin(net, point);
    for (let round = 0, before = Infinity; round < ROUNDS && least < before; round++) {
      before = least;
      for (let j = 0; j < net.d; j++) {
        if (low[j] >= high[j]) continue;
        const own = point[j], places = [low[j], high[j]];
        for (const limit of net.limits[j]) {
          if (limit < low[j] || limit >= high[j]) continue;
          places.push(whole[j] ? floor(limit) : limit);
        }
        let best = own;
        for (const value of places) {
          point[j] = value;
          const m = margin(net, point);
          if (m < least) [best, least] = [value, m];
        }
        point[j] = best;
      }
    }
    return { point, margin: least };
  }

  window.studyTrees = { ensemble, towardsRight, margin, score, settle, radius, search };

  /* As playground-proof.js says of networks; a point of trees is raw. */
  const own = { title: "Greedy search", run: search, instead: true };
  const trees = {
    make: ({ weights }, { features }) => ensemble(weights, features.length), towardsRight, margin, settle, radius,
    wrong, point: (study, raw) => raw, raw: (study, point) => [...point],
    standardised: (place, point) => place.standardised(point), attack: () => own, digits: 17,
  };
  window.studyKinds = { ...window.studyKinds, trees };
})();

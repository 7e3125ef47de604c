/* Says where a number comes from: hover it, tap it, or press the switch at the top of the page and reach it with
   the Tab key. What is known of the numbers of a page is in data/claims-<page>.js and loaded when first asked for;
   numbers in tables are found by their place. Without this script nothing on the page changes. Works from file://. */
(() => {
  "use strict";

  const CLAIM = "[data-claim]";
  const CELL = ".md-typeset table:not(figure table) :is(td, th)";
  const SHARES = ["percent", "points", "loss"];
  const PATIENCE = 250; // ms: time to reach the tip, or to leave a number that was only passed
  const assets = document.currentScript.src;
  const { number, significant, trimmed } = window.study;

  let known = null; // what the page's script registered: { claims, cells }
  let loading = null;
  let shownFor = null; // the claim that has the tip
  let pinned = false;
  let returning = false; // the focus goes back to a claim whose tip was just closed
  let waiting = 0;

  /* A page has one script, and another one for what it says of other attackers. */
  window.studyClaims = (_, { claims, cells }) => {
    known = { claims: { ...known?.claims, ...claims }, cells: cells ?? known?.cells ?? {} };
  };

  // ---------------------------------------------------------------- what is known

  async function load() {
    const page = document.querySelector("[data-claims]")?.dataset.claims;
    loading ??= !page
      ? Promise.reject(new Error("no numbers on this page"))
      : window.study.load(`../data/claims-${page}.js`, assets).then(findCells);
    await loading;
    // asked for with the first number that a reader asks about while another attacker is picked, whichever script came first
    const others = document.body.hasAttribute("data-moved") && location.protocol.startsWith("http"); // not in a copy on a disk
    if (others) await window.study.load(`../data/claims-at-${page}.js`, assets).catch(() => {});
  }

  /* Numbers in tables get an element only now, by their place: what stands there may be translated. What stands there for
     another attacker is not looked into. */
  function findCells() {
    for (const [place, ids] of Object.entries(known.cells)) {
      const [table, row, column] = place.split("/");
      const cell = document.querySelector(`[data-table="${table}"]`)?.closest("table").rows[row]?.cells[column];
      const box = cell?.querySelector("[data-place]") ?? cell;
      if (!box || box.querySelector(CLAIM) || "moved" in box.dataset) continue;
      const claim = document.createElement("span");
      claim.dataset.claim = ids.join(" ");
      claim.append(...box.childNodes);
      box.append(claim);
    }
  }

  // ---------------------------------------------------------------- the tip

  const tip = document.createElement("span");
  tip.id = "claim-tip";
  tip.className = "claim-tip";
  tip.popover = "manual"; // above everything, in no scroll box

  function made(name, text, ...parts) {
    const element = document.createElement(name);
    element.textContent = text;
    element.append(...parts);
    return element;
  }

  function written(value, kind) {
    const share = SHARES.includes(kind.split(" ")[0]);
    const text = trimmed(significant(share ? 100 * value : value, 6));
    return share ? `${text}\u202f${kind === "percent" ? "%" : "points"}` : text;
  }

  function lines(claim) {
    const { text, kind, paths, estimate, values } = claim;
    const told = [made("strong", text)];
    if (estimate) {
      const ends = [estimate.low, estimate.high].map((end) => written(end, kind.split(" ")[0])).join(" to ");
      told.push(made("span", `95\u202f% interval ${ends} (${estimate.method})`));
      const seeds = estimate.seeds ? `, ${estimate.seeds} repetitions` : "";
      told.push(made("span", `n = ${number(estimate.n, 0)} rows${seeds}`));
    } else if (values.length) {
      told.push(made("span", `unrounded: ${values.join(" to ")}`));
    }
    // an estimate is one node of the record, whichever of its numbers are written
    for (const path of estimate ? [paths[0].replace(/\/[^/]*$/, "")] : paths) {
      const [file, place] = path.split("#");
      const link = made("a", `${file}.json`);
      link.href = new URL(`../data/${file}.json`, assets).href;
      told.push(made("span", "", link, made("code", ` ${place.replace(/\*$/, "(counted)") || "/"}`)));
    }
    return told;
  }

  function place() {
    const at = shownFor.getClientRects()[0] ?? shownFor.getBoundingClientRect();
    const { width, height } = tip.getBoundingClientRect();
    const below = at.bottom + 4 + height <= innerHeight || at.top < height + 4;
    tip.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
    tip.style.top = `${below ? at.bottom + 4 : at.top - height - 4}px`;
  }

  async function show(claim, pin = false) {
    clearTimeout(waiting);
    await load();
    const ids = claim.dataset.claim.split(" ").filter((id) => known.claims[id]);
    if (!ids.length) return;
    if (shownFor !== claim) hide();
    shownFor = claim;
    pinned ||= pin;
    tip.replaceChildren(...ids.flatMap((id) => lines(known.claims[id])));
    // a tooltip holds nothing to press; once it is pinned its link can be reached
    tip.role = pinned ? "dialog" : "tooltip";
    tip.ariaLabel = pinned ? "Where this number comes from" : null;
    for (const link of tip.querySelectorAll("a")) link.tabIndex = pinned ? 0 : -1;
    claim.setAttribute("aria-describedby", tip.id);
    claim.after(tip);
    if (!tip.matches(":popover-open")) tip.showPopover();
    place();
  }

  function hide() {
    clearTimeout(waiting);
    if (!shownFor) return;
    shownFor.removeAttribute("aria-describedby");
    tip.remove();
    shownFor = null;
    pinned = false;
  }

  function later(act) {
    clearTimeout(waiting);
    waiting = setTimeout(act, PATIENCE);
  }

  // ---------------------------------------------------------------- who asks

  const claimAt = (target) => target instanceof Element ? target.closest(CLAIM) : null;
  const quiet = (promise) => promise.catch((error) => console.warn(error.message));

  document.addEventListener("pointerover", ({ target, pointerType }) => {
    if (pointerType !== "mouse" || pinned || !(target instanceof Element)) return;
    if (tip.contains(target)) return clearTimeout(waiting);
    if (target.closest(CELL) && !claimAt(target)) return quiet(load());
    const claim = claimAt(target);
    if (claim) later(() => quiet(show(claim)));
    else if (shownFor) later(hide);
  });

  document.addEventListener("click", (event) => {
    if (tip.contains(event.target) || event.target.closest("a, button")) return;
    const claim = claimAt(event.target);
    if (claim) return quiet(claim === shownFor && pinned ? Promise.resolve(hide()) : show(claim, true));
    hide();
    const cell = event.target.closest(CELL); // a tap on a table whose numbers are not known yet
    if (cell && !known) quiet(load().then(() => { const found = cell.querySelector(CLAIM); if (found) show(found, true); }));
  });

  document.addEventListener("focusin", ({ target }) => {
    const claim = claimAt(target);
    if (returning) return;
    if (claim && claim.matches(":focus-visible")) quiet(show(claim));
    else if (!tip.contains(target)) hide();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shownFor) {
      const claim = shownFor;
      const back = tip.contains(document.activeElement);
      hide();
      returning = true;
      if (back) claim.focus();
      returning = false;
    } else if ((event.key === "Enter" || event.key === " ") && event.target.matches(CLAIM)) {
      event.preventDefault();
      quiet(show(event.target, true).then(() => tip.querySelector("a")?.focus()));
    }
  });

  for (const moved of ["scroll", "resize"]) {
    addEventListener(moved, () => { if (shownFor) place(); }, { capture: true, passive: true });
  }
  addEventListener("beforeprint", hide);

  // ---------------------------------------------------------------- the switch

  const pressed = () => document.querySelector("[data-claims]")?.ariaPressed === "true";

  function reachable(on) {
    for (const claim of document.querySelectorAll(CLAIM)) {
      if (claim.closest("a, summary, button")) continue;
      for (const [name, value] of [["tabindex", "0"], ["role", "button"]]) {
        if (on) claim.setAttribute(name, value);
        else claim.removeAttribute(name);
      }
    }
    document.body.classList.toggle("claims-shown", on);
  }

  /* For another attacker, parts of the page are new, or there again. */
  document.addEventListener("study:attacker", () => window.study.later(() => {
    if (known) findCells();
    if (pressed()) reachable(true);
  }));

  /* The first move of a reader brings this script, and may already have ended on a number. */
  function catchUp() {
    const claim = document.querySelector(`${CLAIM}:hover`);
    if (claim) later(() => quiet(show(claim)));
  }

  function start() {
    catchUp();
    const button = document.querySelector("[data-claims]");
    if (!button) return;
    button.addEventListener("click", () => quiet(load().then(() => {
      const on = !pressed();
      button.ariaPressed = String(on);
      if (!on) hide();
      reachable(on);
    })));
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

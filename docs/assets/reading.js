/* The reading level: an executive sees answers, an analyst also how they come about, an engineer everything. Parts whose
   heading has the class of a later level are folded; one press, a link into them, or paper opens them. The level is kept,
   and stands in the address: ?level=analyst. Without this script everything is open. */
(() => {
  "use strict";

  /* An address of a part that has moved to another page leads on, with what stands behind it. */
  function lead() {
    const [place, ...rest] = location.hash.slice(1).split("&");
    const moved = place && document.getElementById(decodeURIComponent(place));
    if (moved?.matches("a.moved")) location.replace([moved.href, ...rest].join("&"));
  }
  lead();
  addEventListener("hashchange", lead);

  const KEY = "reading-level";
  const control = document.querySelector(".levels");
  if (!control) return;

  const LEVELS = Array.from(control.querySelectorAll("button"), (button) => button.dataset.level);
  const depth = (heading) => LEVELS.findIndex((level) => heading.classList.contains(level));
  const headings = [...document.querySelectorAll("article :is(h2, h3)")].filter((heading) => depth(heading) > 0);
  const parts = new Map(headings.map((heading) => [heading, window.study.section(heading)]));
  const notes = new Map();

  /* The words of a heading, without its link to itself. */
  function titleOf(heading) {
    const words = [...heading.childNodes].filter((node) => !node.matches?.(".headerlink"));
    return words.map((node) => node.textContent).join("").trim();
  }

  function open(heading) {
    for (const each of parts.get(heading)) each.classList.remove("folded");
    notes.get(heading)?.remove();
    notes.delete(heading);
  }

  function fold(heading) {
    if (notes.has(heading)) return;
    for (const each of parts.get(heading)) each.classList.add("folded");
    const note = document.createElement("p");
    const button = document.createElement("button");
    note.className = "fold-note";
    button.type = "button";
    button.textContent = "Show this part";
    button.setAttribute("aria-label", `Show: ${titleOf(heading)}`);
    button.addEventListener("click", () => open(heading));
    note.append(button);
    heading.after(note);
    notes.set(heading, note);
  }

  function show(level) {
    const reach = LEVELS.indexOf(level);
    for (const heading of headings) {
      if (depth(heading) > reach) fold(heading);
      else open(heading);
    }
    for (const button of control.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.level === level));
    }
    reveal();
  }

  /* A link into a folded part opens it. */
  function reveal() {
    const [place] = location.hash.slice(1).split("&"); // epsilon.js keeps the budget behind it
    const target = place && document.getElementById(decodeURIComponent(place));
    if (!target) return;
    let opened = false;
    for (const [heading, within] of parts) {
      if (heading !== target && !within.some((each) => each.contains(target))) continue;
      opened ||= notes.has(heading);
      open(heading);
    }
    if (opened) target.scrollIntoView();
  }

  function remembered() {
    const asked = location.search.slice(1).split("&").find((each) => each.startsWith("level="))?.slice(6);
    if (LEVELS.includes(asked)) return asked;
    const kept = localStorage.getItem(KEY);
    return LEVELS.includes(kept) ? kept : null;
  }

  control.addEventListener("click", ({ target }) => {
    const level = target.closest("[data-level]")?.dataset.level; // what is pressed may be an element in the button
    if (!level) return;
    show(level);
    const others = location.search.slice(1).split("&").filter((each) => each && !each.startsWith("level="));
    history.replaceState(null, "", `?${[...others, `level=${level}`].join("&")}${location.hash}`);
    localStorage.setItem(KEY, level);
  });
  addEventListener("hashchange", reveal);
  const level = remembered();
  if (level && level !== LEVELS.at(-1)) show(level);
})();

/* What the scripts of this site share. It stands before all of them. */
window.study = (() => {
  "use strict";

  const NS = "http://www.w3.org/2000/svg";
  const assets = document.currentScript.src;
  const KEPT = "study-at";
  // the last four are all that assistive technology sends
  const SIGNS = ["scroll", "pointermove", "pointerdown", "keydown", "focusin", "input", "change", "click", "submit"];
  const QUIET = 350; // ms after which a page that has loaded is at rest
  const loading = new Map(); // url -> promise

  /* Run the script at `path`, as seen from the script at `base`, once; a failure can be tried again. */
  function load(path, base) {
    const url = new URL(path, base || location.href).href;
    if (!loading.has(url)) {
      loading.set(url, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = url;
        script.onload = resolve;
        script.onerror = () => {
          loading.delete(url);
          reject(new Error(`${path} did not load`));
        };
        document.head.append(script);
      }));
    }
    return loading.get(url);
  }

  /* Act at the first sign of a reader: a page that is only opened loads nothing for it. */
  function awake(act) {
    const first = ({ type, target }) => {
      if (type === "scroll" && target instanceof Element) return; // the theme scrolls its navigation at each load
      for (const sign of SIGNS) removeEventListener(sign, first, true);
      act();
    };
    for (const sign of SIGNS) addEventListener(sign, first, { capture: true, passive: true });
  }

  /* Act when the page has loaded and is at rest, one act after the other: what is on a page is in a picture of all of it,
     for which nobody scrolls. */
  let resting = new Promise((resolve) => {
    const wait = () => setTimeout(resolve, QUIET);
    if (document.readyState === "complete") wait();
    else addEventListener("load", wait);
  });
  function atRest(act) {
    resting = resting.then(() => new Promise(idle)).then(act).catch(console.error);
  }

  /* Whether the reader pays for what he did not ask for. */
  function frugal() {
    const { saveData, effectiveType = "4g" } = navigator.connection ?? {};
    return Boolean(saveData) || effectiveType.includes("2g");
  }

  /* What brings a part to life, once, by `begin`; a button that was pressed before is pressed again then. No form of the
     part sends itself. */
  function heeding(part, begin) {
    let coming = null, there = false;
    const pressed = [];
    part.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button && !there) pressed.push(button);
    }, true);
    part.addEventListener("submit", (event) => event.preventDefault());
    return () => (coming ??= begin().then(() => {
      there = true;
      for (const button of pressed.splice(0)) button.click();
    }, (error) => {
      coming = null; // the next sign tries again
      console.error(error);
    }));
  }

  /* Tell a part whose script has come of the controls that were changed before. */
  function retelling(part) {
    const changed = new Set([...part.querySelectorAll("input, select")].filter(altered));
    const note = ({ target }) => changed.add(target);
    for (const sign of ["input", "change"]) part.addEventListener(sign, note, true);
    return () => {
      for (const sign of ["input", "change"]) part.removeEventListener(sign, note, true);
      for (const control of changed) {
        for (const sign of ["input", "change"]) control.dispatchEvent(new Event(sign, { bubbles: true }));
      }
    };
  }

  /* Whether a control is set to something else than the page says. */
  function altered(control) {
    if (!control.options) return control.value !== control.defaultValue;
    const own = [...control.options].find((each) => each.defaultSelected) ?? control.options[0];
    return control.value !== own.value;
  }

  /* A part of a page whose script is only worth its bytes to somebody who is there: data-wakes names it, behind those it
     needs. What it is told brings it at once: a state in the address, or a choice that data-told names. One with data-drawn draws something,
     which a page at rest has. */
  function wakeParts() {
    for (const part of document.querySelectorAll("[data-wakes]")) {
      const tell = retelling(part);
      const bring = heeding(part, async () => {
        for (const script of part.dataset.wakes.split(" ")) await load(script, assets);
        tell();
      });
      const words = part.dataset.told?.split(" ") ?? [];
      const named = (word) => chosen()[word] !== undefined || location.hash.split(/[#&]/).some((each) => each.startsWith(`${word}=`));
      const told = () => words.some(named) || (part.id && location.hash.startsWith(`#${part.id}&`));
      if (told()) bring();
      else awake(bring);
      addEventListener("hashchange", () => { if (told()) bring(); });
      if ("drawn" in part.dataset && !frugal()) atRest(bring);
    }
  }

  /* What the reader chose for the whole site, as far as he did: the budget `at` in \u03c3, the tier `by`, the dataset `of`.
     It is kept in this tab; epsilon.js keeps it in the address. */
  let choice = null;
  function chosen() {
    choice ??= JSON.parse(sessionStorage.getItem(KEPT));
    return choice ?? {};
  }

  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) choice = null; // another page of this tab may have changed it
  });

  /* Change some of it; whoever shows it listens to study:choose. */
  function choose(changes) {
    choice = { ...chosen(), ...changes };
    sessionStorage.setItem(KEPT, JSON.stringify(choice));
    document.dispatchEvent(new CustomEvent("study:choose", { detail: choice }));
  }

  /* Whether an element is near what the reader sees; one that nobody asked about before is taken to be. */
  const acts = new Map(); // element that is asked about -> what waits for it
  const away = new Set();
  const passing = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      away[isIntersecting ? "delete" : "add"](target);
      if (isIntersecting) catchUp(target);
    }
  }, { rootMargin: "600px" });

  function near(element) {
    if (!acts.has(element)) {
      acts.set(element, null);
      passing.observe(element);
    }
    return !away.has(element);
  }

  /* Act now if it is near, else when it is or there is time; of several acts the last one counts. */
  function whenNear(element, act) {
    if (near(element)) return act();
    if (!acts.get(element)) atRest(() => catchUp(element));
    acts.set(element, act);
  }

  function catchUp(element) {
    const act = acts.get(element);
    acts.set(element, null);
    return act?.();
  }

  /* Act once the browser has shown what is there now, and has time. */
  const later = (act) => requestAnimationFrame(() => idle(act));
  function idle(act) {
    if (window.requestIdleCallback) requestIdleCallback(act, { timeout: 500 });
    else setTimeout(act);
  }

  /* Paper shows what nobody has scrolled to. */
  addEventListener("beforeprint", () => {
    for (const element of acts.keys()) catchUp(element);
  });

  /* Of a page that shows one dataset, mark what is about another one. */
  function sift(root) {
    const { of } = document.documentElement.dataset;
    for (const part of root.querySelectorAll("[data-of]")) part.toggleAttribute("data-other", Boolean(of) && part.dataset.of !== of);
  }

  function shape(name, attributes, text) {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  /* A number as generator/notation/formats.py writes it: rounded as Python does, from the exact binary value, a half to the
     even digit. Intl rounds the shortest decimal of a number, and toFixed a half away from zero. */
  function number(value, decimals) {
    const size = Math.abs(value);
    if (!(size < 1e21)) return String(value); // nor would toFixed write such a one in digits
    let text = size.toFixed(decimals);
    const last = text.at(-1), half = (size * 2 ** (decimals + 1)) % 2 === 1; // exactly: only powers of two are in it
    if (half && last % 2) text = text.slice(0, -1) + (last - 1);
    for (let at = text.length - (decimals && decimals + 1) - 3; at > 0; at -= 3) text = `${text.slice(0, at)},${text.slice(at)}`;
    return value < 0 && /[1-9]/.test(text) ? `\u2212${text}` : text;
  }

  /* With so many digits that matter; all of those before the point stay. */
  const significant = (value, digits) =>
    number(value, value ? Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value)))) : 0);

  /* A written number without the zeros at its end. */
  const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

  /* What a person means by a number, in a field or in a link: { value, unsure }; the value is NaN where that cannot be
     told. Commas, points, blanks and apostrophes part thousands. A single point is a decimal mark, a single comma is one
     where it cannot part thousands; before exactly three digits somebody may have meant the other: then it is `unsure`. */
  const PLAIN = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const PARTED = /^[1-9]\d{0,2}([,. '\u2019])\d{3}(?:\1\d{3})*(?:([,.])\d*)?$/;
  function parse(text) {
    const [, sign, said] = /^([-+\u2212]?)(.*)$/s.exec(text.normalize("NFKC").trim());
    let plain = said;
    if (!PLAIN.test(said)) {
      const [, part, mark] = PARTED.exec(said) ?? [];
      plain = (part && part !== mark ? said.replaceAll(part, "") : said).replace(",", ".");
    }
    const value = PLAIN.test(plain) ? (/[-\u2212]/.test(sign) ? -1 : 1) * Number(plain) : NaN;
    return { value: Number.isFinite(value) ? value : NaN, unsure: /^[1-9]\d{0,2}[,.]\d{3}$/.test(said) };
  }

  /* Width and height of a box, kept, so that a redraw never makes the browser lay out the page half way. */
  const sizes = new WeakMap();
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) sizes.set(target, [target.clientWidth, target.clientHeight]);
  });

  function size(box) {
    if (!sizes.has(box)) {
      sizes.set(box, [box.clientWidth, box.clientHeight]);
      resized.observe(box);
    }
    return sizes.get(box);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", wakeParts);
  else queueMicrotask(wakeParts); // once there is a window.study, which their scripts ask for

  return { load, awake, atRest, frugal, heeding, chosen, choose, near, whenNear, later, sift, shape, size, number, significant, trimmed, parse };
})();

/* What the scripts of this site share. It stands before all of them. */
window.study = (() => {
  "use strict";

  const NS = "http://www.w3.org/2000/svg";
  const SIGNS = ["scroll", "pointermove", "pointerdown", "keydown", "focusin"];
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
    const first = () => {
      for (const sign of SIGNS) removeEventListener(sign, first, true);
      act();
    };
    for (const sign of SIGNS) addEventListener(sign, first, { capture: true, passive: true });
  }

  /* What belongs to a heading: everything up to the next one that is not below it. */
  function section(heading) {
    const rank = (element) => (/^h[1-6]$/.test(element.localName) ? Number(element.localName[1]) : 7);
    const found = [];
    for (let next = heading.nextElementSibling; next; next = next.nextElementSibling) {
      if (rank(next) <= rank(heading) || next.matches("hr, .provenance")) break;
      found.push(next);
    }
    return found;
  }

  function shape(name, attributes, text) {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
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

  return { load, awake, section, shape, size };
})();

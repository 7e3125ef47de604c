/* The whole site in one file: what a server would send lies compressed in this page, and this script hands it out.
   `?proof.html` in the address chooses the page; the scripts of the site run as they are. Works from file://. */
(async () => {
  "use strict";

  const BASE = new URL(".", location.href.split(/[?#]/)[0]).href; // where the scripts believe they are
  const START = "index.html";
  const ELSEWHERE = "This file is in the zip and on the site, not in this copy.";

  const files = await unpacked(document.getElementById("pack").textContent); // path -> text
  for (const style of document.querySelectorAll("style[data-sheet]")) files[style.dataset.sheet] = style.textContent; // here already

  /* As generator/publish/packing.py has made it: seven bits a sign, gzip, every line once. */
  async function unpacked(signs) {
    const bytes = new Uint8Array(Math.floor((signs.length * 7) / 8));
    let held = 0, bits = 0, size = 0;
    for (let at = 0; at < signs.length; at++) {
      let value = signs.charCodeAt(at);
      if (value === 126) value = signs.charCodeAt(++at) ^ 64;
      held = (held << 7) | value;
      bits += 7;
      if (bits >= 8) {
        bits -= 8;
        bytes[size++] = held >> bits;
        held &= (1 << bits) - 1;
      }
    }
    const plain = new Blob([bytes.subarray(0, size)]).stream().pipeThrough(new DecompressionStream("gzip"));
    const { lines, files: runs } = JSON.parse(await new Response(plain).text());
    return Object.fromEntries(Object.entries(runs).map(([path, run]) => {
      const parts = [];
      for (let at = 0; at < run.length; at += 2) parts.push(...lines.slice(run[at], run[at] + run[at + 1]));
      return [path, parts.join("\n")];
    }));
  }

  const inside = (url) => (url.startsWith(BASE) ? decodeURI(url.slice(BASE.length).split(/[?#]/)[0]) : null);
  const asked = decodeURIComponent(location.search.slice(1).split("&")[0]);
  const page = Object.hasOwn(files, asked) && asked.endsWith(".html") ? asked : START;

  // ---------------------------------------------------------------- scripts and workers out of the pack

  /* Runs at once, as the policy of this page knows its hash; what it reads as its own address is that on the site. */
  function run(place, text, path) {
    const script = document.createElement("script");
    if (path) Object.defineProperty(script, "src", { value: BASE + path });
    script.textContent = text;
    place.append(script);
  }

  function handOut(head) {
    for (const name of ["append", "appendChild"]) {
      const native = head[name].bind(head);
      head[name] = (...nodes) => {
        for (const node of nodes.filter((each) => each.rel !== "prefetch")) { // all of it is here
          const path = node.localName === "script" && node.src ? inside(node.src) : null;
          if (path === null) native(node);
          else if (Object.hasOwn(files, path)) {
            run(document.body, files[path], path);
            setTimeout(() => node.dispatchEvent(new Event("load")));
          } else setTimeout(() => node.dispatchEvent(new Event("error")));
        }
        return nodes[0];
      };
    }
  }

  const Native = window.Worker;
  window.Worker = function (url, options) {
    const path = inside(new URL(url, location.href).href);
    if (path === null || !Object.hasOwn(files, path)) return new Native(url, options);
    return new Native(URL.createObjectURL(new Blob([files[path]], { type: "text/javascript" })), options);
  };
  window.Worker.fromDisk = true; // search.js need not make one of its own

  // ---------------------------------------------------------------- links

  function rewritten(link) {
    const url = new URL(link.href, location.href);
    const path = inside(url.href.startsWith(BASE) ? url.href : "");
    if (path === null) return null;
    if (path.endsWith(".html") && Object.hasOwn(files, path)) return `?${path}${url.hash}`;
    return Object.hasOwn(files, path) ? path : "";
  }

  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || link.getAttribute("href").startsWith("#") || link.getAttribute("href").startsWith("?")) return;
    const target = rewritten(link);
    if (target === null) return;
    event.preventDefault();
    if (target.startsWith("?")) location.href = target;
    else if (target) save(target);
  }, true);

  function save(path) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([files[path]], { type: "text/csv" }));
    link.download = path.split("/").at(-1);
    link.click();
  }

  // ---------------------------------------------------------------- the page

  function unfold(text) {
    const made = new DOMParser().parseFromString(text, "text/html");
    for (const link of made.querySelectorAll("link[rel=stylesheet]")) {
      const style = made.createElement("style");
      style.textContent = files[link.getAttribute("href")];
      link.replaceWith(style);
    }
    for (const link of made.querySelectorAll("link[rel=icon]")) link.href = document.querySelector("link[rel=icon]").href;
    return made;
  }

  const made = unfold(files[page]);
  const scripts = [...made.querySelectorAll("script:not([type])")];
  for (const script of scripts) script.remove();
  document.replaceChild(document.adoptNode(made.documentElement), document.documentElement);
  for (const link of document.querySelectorAll("a[href]:not([href^='#'])")) {
    const target = rewritten(link);
    if (target?.startsWith("?")) link.setAttribute("href", target);
    else if (target === "") Object.assign(link, { title: ELSEWHERE, ariaDisabled: "true" });
  }
  handOut(document.head);
  for (const script of scripts) {
    const path = script.getAttribute("src");
    run(document.body, path ? files[path] : script.textContent, path);
  }
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
})();

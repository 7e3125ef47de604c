/* The search of the theme, changed in four ways.

   Its index and its worker weigh as much as a page: they are loaded when it is first opened.
   The index is a script and the worker runs in a frame where a page has no origin of its own, from a disk and in a
   sandbox: there a browser reads no file and starts no worker.
   The theme comes with the first sign of a reader: if that is a key or a tap, it counts.
   What a reader types is looked for as it stands: none of its signs is an operator, and digits have their separators. */
(() => {
  "use strict";

  const INDEX = "search/search_index.json"; // what the theme asks for
  const FRAME = "search-worker";
  const QUERY = 2, RESULT = 3; // kinds of messages to and from the worker
  const here = document.currentScript.src;
  const query = () => document.querySelector("[data-md-component=search-query]");
  const Native = window.Worker;

  /* Within the frame: what the worker says goes to the page around it, into which it looks in vain. */
  if (window.name === FRAME) {
    const page = window.parent;
    window.postMessage = (data) => page.postMessage(data, "*");
    window.parent = window;
    return;
  }

  // ---------------------------------------------------------------- index and worker, when the search is opened

  /* As much of a worker as the search needs: its script in a frame of its own, messages between the two windows. */
  class FrameWorker extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      Object.assign(frame, { hidden: true, title: "Search", name: FRAME });
      frame.srcdoc = [here, url].map((each) => `<script src="${each}"></` + "script>").join("");
      this.ready = new Promise((resolve) => { frame.onload = resolve; });
      document.body.append(frame);
      this.inner = frame.contentWindow;
      addEventListener("message", ({ source, data }) => {
        if (source === this.inner) this.dispatchEvent(new MessageEvent("message", { data }));
      });
    }

    async postMessage(data) {
      await this.ready;
      window.postMessage.call(this.inner, data, "*"); // that of the frame leads out
    }
  }

  const homeless = location.protocol === "file:" || window.origin === "null";
  const started = (url, options) => (homeless && !Native.fromDisk ? new FrameWorker(url) : new Native(url, options));

  /* The worker of the search starts with the first message to it; all others start at once, and that of the theme's
     successor, whose search has no field before it is opened. */
  window.Worker = function (url, options) {
    if (!/\/workers\/search\./.test(url) || !query()) return new Native(url, options);
    const later = new EventTarget();
    let worker = null;
    later.postMessage = (message) => {
      if (!worker) {
        worker = started(url, options);
        worker.addEventListener("message", ({ data }) => later.dispatchEvent(new MessageEvent("message", { data: tidy(data) })));
      }
      const asked = message.type === QUERY && typeof message.data === "string";
      worker.postMessage(asked ? { ...message, data: spelled(message.data) } : message);
    };
    return later;
  };

  const opened = new Promise((resolve) => {
    addEventListener("change", ({ target }) => { if (target.matches?.("[data-md-toggle=search]")) resolve(); }, true);
    addEventListener("focusin", ({ target }) => { if (target.matches?.("[data-md-component=search-query]")) resolve(); }, true);
  });

  /* The answer to the theme's request for the index. */
  async function answer(request) {
    await opened;
    try {
      await window.study.load("../search/search_index.js", here);
    } catch {
      request.dispatchEvent(new Event("error"));
      return;
    }
    Object.defineProperties(request, {
      status: { value: 200 },
      response: { value: new Blob([JSON.stringify(window.__index)]) },
    });
    request.dispatchEvent(new Event("load"));
  }

  const { open, send } = XMLHttpRequest.prototype;
  const answered = new WeakSet();
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    if (String(url).endsWith(INDEX)) answered.add(this);
    return open.call(this, method, url, ...rest);
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (answered.has(this)) answer(this);
    else send.call(this, body);
  };

  // ---------------------------------------------------------------- keys and taps before the theme is there

  const takesKeys = (element) => element.matches("input, select, textarea") || element.isContentEditable;

  addEventListener("keydown", (event) => {
    const { key } = event;
    if (window.keyboard$ || event.ctrlKey || event.metaKey || takesKeys(document.activeElement)) return;
    if (["/", "s", "f"].includes(key) && query()) {
      query().focus();
      query().select();
      event.preventDefault(); // or the sign stands in the field
    } else {
      const theme = document.querySelector("[data-wakes*='/bundle.']")?.dataset.wakes;
      if (theme) window.study.load(theme, here).then(() => dispatchEvent(new KeyboardEvent("keydown", { key })));
    }
  });
  addEventListener("change", ({ target }) => {
    if (target.matches?.("[data-md-toggle=search]") && target.checked) query()?.focus();
  });
  addEventListener("submit", (event) => {
    if (event.target.matches("form[name=search]")) event.preventDefault(); // it would load the page anew
  });

  // ---------------------------------------------------------------- what is typed, and what the index has

  const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ",");
  const plain = (term) => term.replaceAll(",", "");

  /* The signs by which the theme means more than they say go; beside 5000 stands 5,000, which is what pages have. */
  function spelled(query) {
    const words = query.replace(/[-+~^:*"\\\u2212]/g, " ").trim().split(/\s+/);
    return words.flatMap((word) => {
      const other = word.replace(/^([^\d,]*)(\d{4,})(?![\d,])/, (all, before, digits) => before + grouped(digits));
      return other === word ? [word] : [word, other];
    }).join(" ");
  }

  /* Of 5000 and 5,000 a page that has one does not lack the other. */
  function tidy(message) {
    if (message.type !== RESULT) return message;
    for (const { terms } of message.data.items?.flat() ?? []) {
      const met = new Set(Object.keys(terms).filter((each) => terms[each]).map(plain));
      for (const each of Object.keys(terms)) if (!terms[each] && met.has(plain(each))) delete terms[each];
    }
    return message;
  }
})();

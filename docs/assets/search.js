/* The search of the theme, with two changes. It is loaded when it is first opened: index and worker weigh as much as a
   page. And it works from file://, where a browser starts no worker from a file: there the worker runs in a frame. */
(() => {
  "use strict";

  const INDEX = "search/search_index.json";
  const Native = window.Worker;

  /* As much of a worker as the search needs: its script in a frame of its own, messages between the two windows. */
  class FrameWorker extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "Search";
      document.body.append(frame);
      this.inner = frame.contentWindow;
      this.inner.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      const script = this.inner.document.createElement("script");
      script.src = url;
      this.ready = new Promise((resolve) => { script.onload = resolve; });
      this.inner.document.body.append(script);
    }

    async postMessage(data) {
      await this.ready;
      this.inner.dispatchEvent(new this.inner.MessageEvent("message", { data }));
    }
  }

  /* The worker of the search starts with the first message to it; all others start at once. */
  window.Worker = function (url, options) {
    if (!/\/workers\/search\./.test(url)) return new Native(url, options);
    const later = new EventTarget();
    let started = null;
    later.postMessage = (data) => {
      if (!started) {
        started = location.protocol === "file:" && !Native.fromDisk ? new FrameWorker(url) : new Native(url, options);
        started.addEventListener("message", (event) => later.dispatchEvent(new MessageEvent("message", { data: event.data })));
      }
      started.postMessage(data);
    };
    return later;
  };

  const opened = new Promise((resolve) => {
    addEventListener("change", ({ target }) => { if (target.matches?.("[data-md-toggle=search]")) resolve(); }, true);
    addEventListener("focusin", ({ target }) => { if (target.matches?.("[data-md-component=search-query]")) resolve(); }, true);
  });
  const { open, send } = XMLHttpRequest.prototype;
  const later = new WeakSet();
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    if (String(url).endsWith(INDEX)) later.add(this);
    return open.call(this, method, url, ...rest);
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (later.has(this)) opened.then(() => send.call(this, body));
    else send.call(this, body);
  };
})();

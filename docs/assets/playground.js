/* Wakes the attack playground up, on the page that has one: loads its scripts and the data of one dataset. Data arrives by
   a script that registers it, for file:// loads no JSON. What is there already, as in a page that holds everything, is
   not asked for. */
(() => {
  "use strict";

  const root = document.querySelector(".playground");
  if (!root) return;

  const assets = document.currentScript.src;
  const PARTS = { studyModel: "model", studyProof: "proof", studyPlayOutput: "output", studyPlayPage: "page" };
  const studies = new Map(); // dataset -> what it was given

  window.studyPlay = (dataset, offer) => studies.set(dataset, offer);

  async function obtain(dataset) {
    const parts = Object.entries(PARTS).filter(([name]) => !window[name]).map(([, part]) => `playground-${part}.js`);
    const data = studies.has(dataset) ? [] : [`../data/playground-${dataset}.js`];
    const load = (path) => window.study.load(path, assets);
    if (parts.length) await load(parts.shift()); // the proof is made of pieces of the model
    await Promise.all([...parts, ...data].map(load));
    return studies.get(dataset);
  }

  /* A link with a state in it, also one that is pasted while the page is open; `again` after a choice of other data. */
  async function start(wanted, again = false) {
    const datasets = root.dataset.datasets.split(" ");
    try {
      const study = await obtain(datasets.includes(wanted.dataset) ? wanted.dataset : datasets[0]);
      window.studyPlayPage.open(root, study, wanted, start);
      if (again) root.scrollIntoView();
    } catch (error) {
      root.querySelector(".playground-status").textContent =
        `The playground could not load its data (${error.message}). The worked example below needs none.`;
      console.error(error);
    }
  }

  const PREFIX = "#playground&";
  const linked = () => (location.hash.startsWith(PREFIX)
    ? Object.fromEntries(new URLSearchParams(location.hash.slice(PREFIX.length))) : null);

  /* The attacker and the data that the reader picked for the whole site. */
  function picked() {
    const { at, by, of } = window.study.chosen();
    return { ...(at >= 0 && { epsilon: String(at) }), ...(by && { tier: by }), ...(of && { dataset: of }) };
  }

  addEventListener("hashchange", () => {
    if (linked()) start(linked(), true);
  });
  const begin = () => start(linked() ?? picked(), Boolean(linked()));

  /* A link to a state opens it at once; else the first sign of a reader does, so that the page itself comes first. */
  const arrive = () => (linked() ? begin() : window.study.awake(begin));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", arrive);
  else arrive();
})();

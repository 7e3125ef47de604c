/* Wakes the attack playground up, on the page that has one: loads its scripts and the data of one dataset. Data arrives by
   a script that registers it, for file:// loads no JSON. What is there already, as in a page that holds everything, is
   not asked for. */
(() => {
  "use strict";

  const root = document.querySelector(".playground");
  if (!root) return;

  const assets = document.currentScript.src;
  const PARTS = {
    studyModel: "playground-model.js", studyFields: "tool.js", studyDrawing: "tool-drawing.js", studyProof: "playground-proof.js",
    studyPlayOutput: "playground-output.js", studyPlayPage: "playground-page.js",
  };
  const KINDS = { trees: "playground-trees.js" }; // loaded for data that has a model of this kind
  const studies = new Map(); // dataset -> what it was given

  window.studyPlay = (dataset, offer) => studies.set(dataset, offer);

  async function obtain(dataset) {
    const parts = Object.entries(PARTS).filter(([name]) => !window[name]).map(([, part]) => part);
    const data = studies.has(dataset) ? [] : [`../data/playground-${dataset}.js`];
    const load = (path) => window.study.load(path, assets);
    await Promise.all(parts.splice(0, 3).map(load)); // the others are made of pieces of these
    await Promise.all([...parts, ...data].map(load));
    const study = studies.get(dataset), kinds = new Set(study.models.map((model) => model.kind));
    await Promise.all([...kinds].filter((kind) => !window.studyKinds[kind]).map((kind) => load(KINDS[kind])));
    return study;
  }

  /* Show a state: of a link, also one that is pasted while the page is open, or one that was chosen. */
  async function start(wanted, byLink = false) {
    const datasets = root.dataset.datasets.split(" ");
    try {
      const study = await obtain(datasets.includes(wanted.dataset) ? wanted.dataset : datasets[0]);
      const early = root.dataset.state || byLink ? {} : touched();
      if (early.dataset && early.dataset !== study.dataset) return start({ ...wanted, ...early });
      Object.assign(wanted, early);
      window.studyPlayPage.open(study, wanted, start, byLink);
      share(early);
      if (byLink) root.scrollIntoView();
    } catch (error) {
      root.querySelector(".playground-status").textContent =
        `The playground could not load its data (${error.message}). The worked example below needs none.`;
      console.error(error);
    }
  }

  /* What a reader has chosen while the data were on their way. */
  function touched() {
    const controls = [...root.querySelectorAll("form")].flatMap((form) => [...form.elements]).filter((each) => each.name);
    const changed = (each) => (each.options ? !each.selectedOptions[0].defaultSelected : each.value !== each.defaultValue);
    return Object.fromEntries(controls.filter(changed).map((each) => [each.name, each.value]));
  }

  /* The same for the whole site. */
  function share({ dataset: of, tier: by, epsilon: at }) {
    if (of || by || at) window.study.choose({ ...(of && { of }), ...(by && { by }), ...(at && { at: Number(at) }) });
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
  const begin = window.study.heeding(root, () => start(linked() ?? picked(), Boolean(linked())));

  /* A link to a state opens it at once; else the first sign of a reader does, or that the page is at rest: the page itself
     comes first. */
  function arrive() {
    if (linked()) return begin();
    window.study.awake(begin);
    if (!window.study.frugal()) window.study.atRest(begin);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", arrive);
  else arrive();
})();

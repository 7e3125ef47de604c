/* What a reader picks of a page: how much of it, and about which dataset. An executive sees answers, an analyst also how
   they come about, an engineer everything; the other parts are folded (generator/publish/postprocess/parts.py), and a
   press, a link into them, or paper opens them. Both choices stand in the address (?level=analyst&of=kaggle) and are
   remembered: the level by the browser, the dataset by the tab. Without this script parts open one by one, and all
   datasets are there. */
(() => {
  "use strict";

  const KEY = "reading-level";
  const control = document.querySelector(".reading");
  const offered = (name) => [...(control?.querySelectorAll(`[data-${name}]`) ?? [])].map((button) => button.dataset[name]);
  const LEVELS = offered("level"), DATASETS = offered("dataset");
  const parts = [...document.querySelectorAll("details.part")];

  // ---------------------------------------------------------------- the address

  const words = () => location.search.slice(1).split("&").filter(Boolean); // the copy in one file keeps its page there
  const asked = (name) => words().find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);

  function tell(name, value) {
    const others = words().filter((word) => !word.startsWith(`${name}=`));
    history.replaceState(history.state, "", `?${[...others, `${name}=${value}`].join("&")}${location.hash}`);
  }

  function press(name, value) {
    for (const button of control.querySelectorAll(`[data-${name}]`)) {
      button.setAttribute("aria-pressed", String(button.dataset[name] === value));
    }
  }

  /* An address of a part that has moved to another page leads on, with what stands behind it. */
  function lead() {
    const [place, ...rest] = location.hash.slice(1).split("&");
    const moved = document.getElementById(decodeURIComponent(place));
    if (moved?.matches("a.moved")) location.replace([moved.href, ...rest].join("&"));
  }

  /* A link into a folded part opens it. */
  function reveal() {
    const [place] = location.hash.slice(1).split("&"); // epsilon.js keeps the budget behind it
    const target = place && document.getElementById(decodeURIComponent(place));
    if (!target) return;
    const around = parts.filter((part) => !part.open && (part.contains(target) || part.previousElementSibling === target));
    for (const part of around) part.open = true;
    const of = target.closest("[data-of]")?.dataset.of;
    if (DATASETS.includes(of) && of !== shown) window.study.choose({ of });
    else if (!around.length) return;
    target.scrollIntoView();
  }

  // ---------------------------------------------------------------- the level

  function read(level) {
    for (const part of parts) part.open = LEVELS.some((each, at) => at <= LEVELS.indexOf(level) && part.classList.contains(each));
    press("level", level);
  }

  function startLevel() {
    const level = [asked("level"), localStorage.getItem(KEY)].find((each) => LEVELS.includes(each));
    if (level && level !== LEVELS[0]) read(level);
  }

  // ---------------------------------------------------------------- the dataset

  let shown = DATASETS[0];

  function show(dataset) {
    if (!DATASETS.includes(dataset) || dataset === shown) return;
    const stay = placeOf(shown, dataset);
    shown = dataset;
    document.documentElement.dataset.of = dataset;
    window.study.sift(document.body);
    press("dataset", dataset);
    stay();
  }

  /* What the reader looks at stays where it is: the heading above, or that of the other dataset in its place. */
  function placeOf(before, after) {
    const seen = [...document.querySelectorAll("article :is(h1, h2, h3)")].filter((each) => each.checkVisibility());
    const heading = seen.findLast((each) => each.getBoundingClientRect().top < innerHeight / 3);
    const top = heading?.getBoundingClientRect().top;
    return () => {
      const twin = document.getElementById(heading?.id.replace(new RegExp(`^${before}-`), `${after}-`) ?? "") ?? heading;
      if (twin?.checkVisibility() && scrollY > 0) scrollBy({ top: twin.getBoundingClientRect().top - top, behavior: "instant" });
    };
  }

  function startDataset() {
    if (!DATASETS.length) return;
    document.documentElement.dataset.of = shown;
    const linked = asked("of") ?? /[#&]of=([^&]*)/.exec(location.hash)?.[1];
    if (DATASETS.includes(linked)) return window.study.choose({ of: linked });
    show(window.study.chosen().of);
    if (linked) {
      const said = `In the link, \u201c${decodeURIComponent(linked).slice(0, 24)}\u201d is no dataset of this page; what is shown counts.`;
      control.append(Object.assign(document.createElement("p"), { className: "reading-told", role: "status", textContent: said }));
    }
  }

  // ----------------------------------------------------------------

  lead();
  addEventListener("hashchange", lead);
  addEventListener("hashchange", reveal);
  if (!control) return;

  control.addEventListener("click", ({ target }) => {
    const { level, dataset } = target.closest("button")?.dataset ?? {}; // what is pressed may be an element in the button
    if (level) {
      read(level);
      localStorage.setItem(KEY, level);
      tell("level", level);
    }
    if (dataset) window.study.choose({ of: dataset });
  });
  document.addEventListener("study:choose", ({ detail }) => {
    if (!DATASETS.includes(detail.of)) return;
    show(detail.of);
    if (asked("of") || detail.of !== DATASETS[0]) tell("of", detail.of);
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) show(window.study.chosen().of);
  });
  startLevel();
  startDataset();
  reveal();
})();

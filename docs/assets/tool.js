/* What the calculator and the playground do alike: numbers that are typed, links that hold a state, and what is said
   beside a field. A field keeps what was typed. While that is no number, or outside the range, what the field last held
   counts, and the words beside it say so. Nothing here writes into a field while its reader types. */
(() => {
  "use strict";

  const { parse, significant, trimmed } = window.study;
  const PAUSE = 700; // ms without a key after which a number counts as typed to its end
  const MOST = 24; // signs of a text that are repeated beside a field
  const STEP = { ArrowUp: 1, ArrowDown: -1 };

  const written = (value, unit = "") => `${trimmed(significant(value, 10))}${unit && `\u202f${unit}`}`;
  const quoted = (text) => `\u201c${text.length > MOST ? `${text.slice(0, MOST)}\u2026` : text}\u201d`;
  const digits = (value) => String(Number(value.toPrecision(10)));

  /* Words beside a control, "" for none; `wrong` if what stands in it does not count. */
  function say(control, words, wrong = false) {
    const place = document.getElementById(`${control.id}-said`);
    if (place.textContent !== words) place.textContent = words;
    if (wrong) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }

  /* A text where a number is wanted: { value } in the unit of the field, of which it has `factor` to each of its own, or
     { problem } in words; with a `hint` where it can be read in two ways. */
  function judge(text, { low, high, whole, unit = "" }, factor = 1) {
    const bare = (factor === 1 ? text.replaceAll(unit, "") : text).trim(); // a share in a link has no % of its own
    if (!bare) return { problem: "the field is empty" };
    const { value: read, unsure } = parse(bare), value = read * factor;
    if (Number.isNaN(read)) return { problem: `${quoted(text)} is not a number` };
    if (value < low) return { problem: `${written(value)} is below the least, ${written(low, unit)}` };
    if (value > high) return { problem: `${written(value)} is above the most, ${written(high, unit)}` };
    if (whole && !Number.isInteger(value)) return { problem: `${written(value)} is not a whole number` };
    const why = bare.includes(",") ? "a comma before three digits parts thousands" : "a point is the decimal mark";
    return { value, hint: unsure ? `Read as ${digits(value)}: ${why}.` : "" };
  }

  const sentence = (problem, counts) => `${problem[0].toUpperCase()}${problem.slice(1)}; ${counts} still counts.`;

  /* What an <input> for a number holds; `limits` gives { low, high, whole, unit } as they are then. */
  function numberField(input, limits) {
    let kept = parse(input.defaultValue).value; // what counts while nothing else can
    let exact = { text: input.defaultValue, value: kept }; // more digits than the field shows
    let pausing = 0;
    const found = () => (input.value === exact.text ? exact : judge(input.value, limits()));
    const value = () => found().value ?? kept;

    function tell() {
      const { problem, hint = "" } = found();
      say(input, problem ? sentence(problem, written(kept, limits().unit)) : hint, Boolean(problem));
    }

    function leave() {
      clearTimeout(pausing);
      kept = value();
      tell();
    }

    function set(wanted) {
      clearTimeout(pausing);
      kept = wanted;
      exact = { text: digits(wanted), value: wanted };
      input.value = exact.text;
      say(input, "");
    }

    /* Take what a link says, if anything, in a unit of which the field has `factor` to each; else say why not. Whether it
       was taken. */
    function follow(text, factor) {
      if (text === undefined) tell(); // words on an earlier link go
      if (text === undefined) return false;
      const { problem, value: wanted, hint } = judge(text, limits(), factor);
      if (!problem) set(Number(wanted.toPrecision(15))); // the factor leaves some dust
      say(input, problem ? sentence(`in the link, ${problem}`, written(kept, limits().unit)) : hint);
      return !problem;
    }

    input.addEventListener("input", () => {
      clearTimeout(pausing);
      if (!found().problem) say(input, "");
      pausing = setTimeout(tell, PAUSE);
    });
    for (const sign of ["change", "focusout"]) input.addEventListener(sign, leave);
    input.addEventListener("keydown", (event) => {
      const step = STEP[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const { low, high } = limits();
      input.value = digits(Math.min(high, Math.max(low, value() + step)));
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return { value, set, follow };
  }

  /* Put a slider to the number of a link; what it does not have, and where it stands instead, is said beside it. */
  function slideTo(slider, text) {
    const [low, high, step] = [slider.min, slider.max, slider.step].map(Number);
    const { problem, value } = judge(text, { low, high });
    if (!problem) slider.value = value;
    if (problem) say(slider, sentence(`in the link, ${problem}`, slider.value));
    else if (Number(slider.value) !== value) say(slider, `In the link, ${written(value)}, but the steps are ${written(step)}: ${slider.value} counts.`);
    else say(slider, "");
  }

  /* Beside each choice that a link asks for and that is not offered: what stands instead. `wanted` has the value of the
     link by the name of the control. */
  function compare(controls, wanted) {
    for (const select of controls) {
      const asked = wanted[select.name], stands = select.selectedOptions[0]?.text;
      say(select, asked === undefined || asked === select.value ? "" : `In the link, ${quoted(asked)} is not offered; \u201c${stands}\u201d still counts.`);
    }
  }

  /* A sentence on the words of a link that nobody here knows; "" if there is none. */
  function strangers(state, known) {
    const names = Object.keys(state).filter((name) => !known.includes(name));
    return names.length ? `In the link, not understood: ${names.slice(0, 5).map(quoted).join(", ")}.` : "";
  }

  window.studyFields = { compare, digits, numberField, quoted, say, slideTo, strangers, written };
})();

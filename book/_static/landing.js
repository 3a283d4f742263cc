/* The picture of the landing page: the 24 orders of four words, read by two readers of chapter 1.
   The page brings the chapter's numbers (`orders-data`) and a finished still, drawn from them when the book is built;
   this script computes the same paths again, and draws them word by word. */
"use strict";
(() => {
  const STEP = 100, UNIT = 100, BEND = 45;  // as in landing.py
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const figure = find("#orders");
  const { weight, back, orders, other } = JSON.parse(find("#orders-data").textContent);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const words = orders[0].split(" ");
  const slider = find("#read"), seen = find(".seen"), cut = find("#cut");

  // `shown` runs to `read`, `loop` to 0 when it is cut, and `moved` from the blue path of `before` to that of `cards`.
  const state = { cards: words, before: words, read: 4, shown: 4, loop: back, moved: 1 };
  const readers = {
    bag: (kept, word) => kept + weight[word],
    recurrent: (kept, word) => Math.tanh(weight[word] + state.loop * kept),
  };

  function path(step, order) {
    const kept = [0];
    for (const word of order) kept.push(step(kept.at(-1), word));
    return kept;
  }

  // --- Drawing -------------------------------------------------------------------------------------------------------

  const height = (value) => +(-UNIT * value).toFixed(2) + 0;
  const dots = (number, values) => values.map((value) => `M${STEP * number} ${height(value)}h.01`).join("");

  function curve(kept) {
    let d = `M0 ${height(kept[0])}`;
    kept.slice(1).forEach((value, number) => {
      const x = STEP * (number + 1), y = height(value);
      d += `${number ? "S" : `C${BEND} ${height(kept[0])} `}${x - BEND} ${y} ${x} ${y}`;
    });
    return d;
  }

  const different = (values) => [...new Map(values.map((value) => [Math.round(value * 1e9), value])).values()];

  /* What a reader has kept after a number of words, over all orders. */
  const places = (paths, number) => different(paths.map((kept) => kept[number])).sort((a, b) => a - b);

  function draw() {
    for (const part of all(".reader", figure)) {
      const step = readers[part.dataset.reader];
      const paths = orders.map((order) => path(step, order.split(" ")));
      const [from, to] = [state.before, state.cards].map((order) => path(step, order));
      const bold = {
        other: path(step, other.split(" ")),
        cards: to.map((value, number) => from[number] + (value - from[number]) * state.moved),
      };
      all(".all path", part).forEach((line, number) => line.setAttribute("d", curve(paths[number])));
      for (const [who, kept] of Object.entries(bold)) {
        const line = find(`.bold.${who}`, part);
        line.setAttribute("d", curve(kept));
        line.previousElementSibling.setAttribute("d", curve(kept));
        const reached = kept.slice(0, Math.floor(state.shown + 1e-6) + 1);
        find(`.tip.${who}`, part).setAttribute("d", reached.map((value, number) => dots(number, [value])).join(""));
      }
      all(".states path:not(.tip)", part).forEach((line, number) => {
        line.setAttribute("d", dots(number, places(paths, number)));
        line.classList.toggle("unread", number > state.shown + 0.01);
      });
      find(".paths", part).style.clipPath = state.shown < 4 ? `inset(-9px ${100 - 25 * state.shown}% -9px -9px)` : "";
      tell(part, paths, step);
    }
    find(".back", figure).textContent = state.loop.toFixed(1);
    if (slider.step === "any") slider.value = state.shown;
  }

  function tell(part, paths, step) {
    const number = Math.floor(state.shown + 1e-6), found = places(paths, number).length;
    const noun = number === 4 ? "end" : "place";
    find(".count", part).innerHTML = `<b>${found}</b> <span>${noun}${found === 1 ? "" : "s"}</span>`;
    // Without the loop one end is left for each last word: it is named.
    const named = state.loop === 0 && part.dataset.reader === "recurrent" && number === 4;
    find(".names", part).innerHTML = named
      ? words.map((word) => `<span style="top: ${percent(part, step(0, word))}%">${word}</span>`).join("")
      : "";
  }

  function percent(part, value) {
    const box = find(".paths", part).viewBox.baseVal;
    return (100 * (-UNIT * value - box.y)) / box.height;
  }

  // --- Saying what is seen ------------------------------------------------------------------------------------------

  const signed = (value) => value.toFixed(2).replace("-", "−");
  const many = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

  function say() {
    const number = state.read;
    const loop = cut.checked ? 0 : back;
    const step = { ...readers, recurrent: (kept, word) => Math.tanh(weight[word] + loop * kept) };
    const [above, below] = ["bag", "recurrent"].map((name) => {
      const paths = orders.map((order) => path(step[name], order.split(" ")));
      return { found: places(paths, number).length, own: path(step[name], state.cards)[number] };
    });
    const noun = number === 4 ? "end" : "place";
    const alone = cut.checked && number ? `, one for each ${number === 4 ? "last word" : "word just read"}` : "";
    seen.innerHTML =
      `${many(number, "word")} read${cut.checked ? ", loop cut" : ""}: the 24 orders ` +
      `${number === 4 ? "have" : "are in"} ${many(above.found, noun)} above and ${below.found} below${alone}.` +
      (number ? ` <i>${state.cards.slice(0, number).join(" ")}</i> is at ${signed(above.own)} above ` +
        `and at ${signed(below.own)} below.` : "");
    slider.value = number;
    slider.setAttribute("aria-valuetext", `${number} of 4${number ? `: ${state.cards.slice(0, number).join(" ")}` : ""}`);
    mark(number);
  }

  function mark(number) {
    all(".cards li", figure).forEach((card, place) => card.classList.toggle("unread", place >= number));
  }

  // --- Moving -------------------------------------------------------------------------------------------------------

  const running = {};

  /* Bring one number of the state to a value; what moves it already stops.  Resolves to whether it arrived. */
  function glide(name, target, milliseconds) {
    const start = state[name], turn = (running[name] = {});
    if (still.matches) milliseconds = 0;
    return new Promise((done) => {
      let began;
      const frame = (now) => {
        if (running[name] !== turn) return done(false);
        began ??= now;
        const part = milliseconds ? Math.min(1, (now - began) / milliseconds) : 1;
        state[name] = part === 1 ? target : start + (target - start) * (part * part * (3 - 2 * part));
        draw();
        return part === 1 ? done(true) : requestAnimationFrame(frame);
      };
      if (milliseconds) requestAnimationFrame(frame);
      else frame(0);
    });
  }

  function read(number) {
    state.read = number;
    say();
    glide("shown", number, 350);
  }

  async function play() {
    running.shown = {};
    state.shown = state.read = 0;
    say();
    slider.step = "any";  // it runs along; who takes hold of it stops the playing
    for (let number = 1; number <= 4; number += 1) {
      mark(number);
      if (!(await glide("shown", number, 1100))) return;
      state.read = number;
      say();
    }
    slider.step = 1;
  }

  function stop() {
    if (slider.step !== "any") return;
    slider.step = 1;
    read(state.read);
  }

  function swap(place) {
    state.before = state.cards;
    state.cards = state.cards.slice();
    [state.cards[place], state.cards[place + 1]] = [state.cards[place + 1], state.cards[place]];
    all(".cards li", figure).forEach((card, number) => {
      const word = state.cards[number];
      card.innerHTML = `<b>${word}</b> <small>${weight[word].toFixed(1).replace("-", "−")}</small>`;
    });
    all(".swaps button", figure).forEach((button, number) => {
      button.setAttribute("aria-label", `Swap ${state.cards[number]} and ${state.cards[number + 1]}`);
    });
    say();
    state.moved = 0;
    glide("moved", 1, 400);
  }

  for (const type of ["pointerdown", "keydown"]) slider.addEventListener(type, stop);
  slider.addEventListener("input", () => read(+slider.value));
  find("#play").addEventListener("click", play);
  cut.addEventListener("change", () => {
    say();
    glide("loop", cut.checked ? 0 : back, 900);
  });
  all(".swaps button", figure).forEach((button, place) => button.addEventListener("click", () => swap(place)));

  // A card can also be dragged: it changes places whenever it is nearer to its neighbour's.
  all(".cards li", figure).forEach((card, first) => {
    let place, from;
    card.addEventListener("pointerdown", (event) => {
      [place, from] = [first, event.clientX];
      card.setPointerCapture(event.pointerId);
    });
    card.addEventListener("pointermove", (event) => {
      const width = card.parentElement.offsetWidth / 4, way = Math.sign(event.clientX - from);
      if (!card.hasPointerCapture(event.pointerId) || Math.abs(event.clientX - from) < width / 2) return;
      if (place + way < 0 || place + way > 3) return;
      swap(Math.min(place, place + way));
      place += way;
      from += way * width;
    });
  });

  // It is drawn once when it comes into view; a screen reader then hears the end of it and not each word.
  draw();
  say();
  if (!still.matches) {
    state.shown = 0;
    draw();
    new IntersectionObserver(([entry], observer) => {
      if (!entry.isIntersecting) return;
      observer.disconnect();
      seen.setAttribute("aria-live", "off");
      play().then(() => seen.setAttribute("aria-live", "polite"));
    }, { threshold: 0.6 }).observe(find(".plot", figure));
  }

  // --- The colours of the page, kept as the other pages keep them ------------------------------------------------------

  const page = document.documentElement.dataset, dark = matchMedia("(prefers-color-scheme: dark)");
  const names = { auto: "as the system", light: "light", dark: "dark" };

  function paint(mode) {
    page.mode = mode;
    page.theme = mode === "auto" ? (dark.matches ? "dark" : "light") : mode;
    find("#mode").setAttribute("aria-label", `Colours: ${names[mode]}`);
  }

  find("#mode").addEventListener("click", () => {
    // The other one first, so that each press but the last is seen.
    const modes = dark.matches ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
    paint(modes[(modes.indexOf(page.mode) + 1) % 3]);
    try {
      localStorage.setItem("mode", page.mode);
      localStorage.setItem("theme", page.theme);
    } catch { /* a browser that keeps nothing */ }
  });
  dark.addEventListener("change", () => paint(page.mode));
  paint(page.mode);
})();

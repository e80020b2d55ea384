// What the keyboard does, wherever the focus is; charts that have keys of their own take them first.

const keys = [
  ["← →", "the time, a thousandth back or on; with Shift twenty"],
  ["Home End", "to the beginning, to the end"],
  ["p", "to the peak"],
  ["Space", "plays, stops"],
  ["Tab", "from chart to chart"],
  ["↑ ↓", "on the map: another slab"],
  ["← → ↑ ↓", "on the flame graph: another function; on lifetimes: another square"],
  ["Enter", "on the flame graph: this function over the whole width"],
  ["Esc", "on the flame graph: back to all"],
  ["?", "this list"],
];

const player = {
  timer: null,
  toggle() {
    if (player.timer !== null) return player.stop();
    if (time.at === time.columns - 1) time.set(0);
    // Ten seconds for all of it; in large steps for those who want no motion.
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = calm ? 50 : 5;
    player.timer = setInterval(() => {
      time.set(time.at + step);
      if (time.at === time.columns - 1) player.stop();
    }, (10_000 * step) / time.columns);
    player.show();
  },
  stop() {
    clearInterval(player.timer);
    player.timer = null;
    player.show();
  },
  show() {
    const plays = player.timer !== null;
    const button = byId("play");
    button.setAttribute("aria-pressed", String(plays));
    button.firstElementChild.textContent = plays ? "❚❚" : "▶";
    button.lastElementChild.textContent = plays ? "Pause" : "Play";
  },
};

function listenToKeys() {
  const table = byId("keys-table");
  for (const [names, meaning] of keys) {
    const row = make("tr");
    row.append(make("td", {}, ...names.split(" ").flatMap((name) => [make("kbd", {}, name), " "])), make("td", {}, meaning));
    table.append(row);
  }
  byId("help").addEventListener("click", () => byId("keys").showModal());
  byId("play").addEventListener("click", player.toggle);
  byId("to-peak").addEventListener("click", () => time.set(summary.totals.most_live_column));

  const actions = {
    ArrowLeft: (event) => time.set(time.at - (event.shiftKey ? 20 : 1)),
    ArrowRight: (event) => time.set(time.at + (event.shiftKey ? 20 : 1)),
    Home: () => time.set(0),
    End: () => time.set(time.columns - 1),
    p: () => time.set(summary.totals.most_live_column),
    " ": () => player.toggle(),
    "?": () => byId("keys").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || byId("keys").open) return;
    // A button's own key presses it; a table that is wider than its place is moved by arrows.
    if (event.key === " " && event.target.closest("button, summary")) return;
    if (event.key.startsWith("Arrow") && event.target.closest(".table")) return;
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action(event);
  });
}

function showTime() {
  const slider = byId("slider");
  slider.max = time.columns - 1;
  const show = () => {
    const {live, pages} = summary.columns;
    const used = pages[time.at] ? `, ${format.percent(live[time.at] / pages[time.at])} of its pages` : "";
    const text = `${format.seconds(time.seconds(time.at))}: ${format.bytes(live[time.at])} live${used}`;
    slider.value = time.at;
    slider.setAttribute("aria-valuetext", text);
    byId("now").textContent = text;
  };
  slider.addEventListener("input", () => time.set(Number(slider.value)));
  time.whenSet(show);
  show();
}

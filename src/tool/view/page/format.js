// Figures as people read them, and elements of the page. What comes from a file is text, never markup.

const format = {
  count: (n) => Math.round(n).toLocaleString("en-US"),
  bytes(n) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let at = 0;
    while (Math.abs(n) >= 1000 && at + 1 < units.length) {
      n /= 1024;
      ++at;
    }
    return `${at === 0 ? Math.round(n) : format.digits(n)} ${units[at]}`;
  },
  // Three that count.
  digits(n) {
    const size = Math.abs(n);
    return n.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
  },
  seconds(n) {
    if (n >= 1 || n === 0) return `${format.digits(n)} s`;
    if (n >= 1e-3) return `${format.digits(n * 1e3)} ms`;
    if (n >= 1e-6) return `${format.digits(n * 1e6)} µs`;
    return `${Math.round(n * 1e9)} ns`;
  },
  percent: (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`,
  // "main.cpp:12"; without its folders.
  place: (file, line) => (file ? `${file.slice(file.lastIndexOf("/") + 1)}${line ? `:${line}` : ""}` : ""),
};

const byId = (id) => document.getElementById(id);

// make("td", {class: "text"}, "content", otherElement)
function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...content);
  return element;
}

// Buttons of which one is chosen. `choices` are [value, text] pairs.
function chooseFrom(place, choices, chosen, choose) {
  const buttons = choices.map(([value, text]) => {
    const button = make("button", {type: "button", "aria-pressed": String(value === chosen)}, text);
    button.addEventListener("click", () => {
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      choose(value);
    });
    return button;
  });
  place.append(...buttons);
}

// Told apart by those who see no red or no green (Paul Tol's "light" and "muted" schemes, personal.sron.nl/~pault).
const isDark = matchMedia("(prefers-color-scheme: dark)");
const palette = () =>
  isDark.matches
    ? ["#77aadd", "#ee8866", "#eedd88", "#ffaabb", "#99ddff", "#44bb99", "#bbcc33", "#aaaa00", "#bb99dd"]
    : ["#88ccee", "#cc6677", "#ddcc77", "#117733", "#332288", "#aa4499", "#44aa99", "#999933", "#882255"];
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
// From little to much, 0 to 1: away from the ground in either scheme.
const ramp = (part) => d3.interpolateViridis(isDark.matches ? 0.12 + 0.88 * part : 0.95 - 0.95 * part);

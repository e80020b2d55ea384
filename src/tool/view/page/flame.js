// Who allocates: stacks that begin alike merged, callers above what they call.

const flameMeasures = [
  ["bytes", "bytes allocated", format.bytes],
  ["allocations", "allocations", format.count],
  ["live_at_peak", "live at the peak", format.bytes],
  ["live_at_end", "live at the end", format.bytes],
];

function flameTree(measure) {
  const {frames, texts} = summary.flame;
  const at = 5 + flameMeasures.findIndex(([name]) => name === measure);
  const all = frames.map((row) => ({name: texts[row[1]], module: texts[row[2]], file: texts[row[3]], line: row[4], value: row[at], row, children: []}));
  frames.forEach((row, i) => {
    if (i > 0 && all[i].value > 0) all[row[0]].children.push(all[i]);
  });
  // What a function allocates itself, or by what is too little to be shown.
  return d3.hierarchy(all[0]).each((d) => {
    d.value = d.data.value;
    if (d.children) d.children.sort((a, b) => b.data.value - a.data.value);
  });
}

function showFlame() {
  const place = byId("flame-chart");
  const readout = byId("flame-readout");
  const row = 19;
  let measure = "bytes", root, zoomed, chosen, redraw;

  if (summary.totals.stacks === 0) {
    place.replaceChildren(make("div", {class: "empty"}, "No stacks were recorded. cenote record --stacks BYTES draws one for each so many bytes."));
    byId("flame-hint").textContent = "";
    return () => {};
  }
  byId("flame-hint").textContent = `Callers above, what they call below. Estimates from ${format.count(summary.totals.stacks)} stacks, one for each ${format.bytes(summary.trace.stack_interval)} allocated on average; what is less than ${format.percent(summary.flame.least_share)} of all is left out.`;

  const modules = d3.nest().key((f) => summary.flame.texts[f[2]]).rollup((fs) => fs.length).entries(summary.flame.frames.slice(1))
    .sort((a, b) => b.value - a.value).map((e) => e.key);
  const shades = ["#f4b183", "#9dc3e6", "#ffe08a", "#c5b3e0", "#a9d9b5", "#f2b8c6", "#b8c4ce"];
  const fill = (module) => shades[Math.min(modules.indexOf(module), shades.length - 1)];
  byId("flame-legend").replaceChildren(...modules.slice(0, shades.length).map((m, i) =>
    make("li", {}, make("i", {style: `background:${shades[i]}`}), make("span", {}, i === shades.length - 1 && modules.length > shades.length ? "others" : m || "unknown"))));

  const valueText = (value) => flameMeasures.find(([name]) => name === measure)[2](value);
  function describe() {
    const {name, module, file, line, value, row: figures} = chosen.data;
    const others = flameMeasures.map(([, text, show], i) => `${show(figures[5 + i])} ${text}`).join(", ");
    const from = file ? ` (${format.place(file, line)}, ${module})` : module ? ` (${module})` : "";
    readout.textContent = `${name}${from}: ${format.percent(value / Math.max(1, root.value))}; ${others}`;
  }

  function draw() {
    const width = Math.max(260, place.clientWidth);
    // Those above the zoomed one, over the whole width, then all that it calls.
    const shown = zoomed.ancestors().reverse().slice(0, -1).map((d) => ({d, x: 0, w: width, above: true}));
    const lay = (d, x, w) => {
      if (w < 1.5) return;
      shown.push({d, x, w});
      for (const child of d.children ?? []) {
        const wide = (w * child.value) / Math.max(1, d.value);
        lay(child, x, wide);
        x += wide;
      }
    };
    lay(zoomed, 0, width);
    const height = (d3.max(shown, (s) => s.d.depth) + 1) * row + 2;
    place.replaceChildren();
    const svg = d3.select(place).append("svg").attr("class", "flame").attr("viewBox", `0 0 ${width} ${height}`).attr("height", height);
    const groups = svg.selectAll("g").data(shown).join("g")
      .attr("transform", (s) => `translate(${s.x},${s.d.depth * row + 1})`)
      .classed("above", (s) => s.above).classed("chosen", (s) => s.d === chosen);
    groups.append("rect").attr("width", (s) => s.w).attr("height", row - 1).attr("rx", 2).attr("fill", (s) => (s.d.depth === 0 ? "#d5dae1" : fill(s.d.data.module)));
    groups.filter((s) => s.w > 30).append("text").attr("x", 4).attr("y", 13)
      .text((s) => {
        const text = `${s.d.data.name}  ${valueText(s.d.value)}`;
        const room = Math.floor((s.w - 8) / 7);
        return text.length <= room ? text : s.d.data.name.length <= room ? s.d.data.name : `${s.d.data.name.slice(0, Math.max(0, room - 1))}…`;
      });
    groups.on("click", (s) => zoom(s.d));
    groups.on("pointerenter", (s) => choose(s.d));
    redraw = () => groups.classed("chosen", (s) => s.d === chosen);
  }
  function choose(d, isKey = false) {
    chosen = d;
    redraw();
    describe();
    if (isKey) place.querySelector("g.chosen")?.scrollIntoView({block: "nearest"});
  }
  function zoom(d) {
    zoomed = chosen = d;
    draw();
    describe();
  }
  function setMeasure(name) {
    measure = name;
    root = flameTree(measure);
    zoom(root);
  }

  place.addEventListener("keydown", (event) => {
    const siblings = chosen.parent?.children ?? [chosen];
    const at = siblings.indexOf(chosen);
    const to = {
      ArrowDown: () => chosen.children?.[0],
      ArrowUp: () => chosen.parent,
      ArrowRight: () => siblings[at + 1],
      ArrowLeft: () => siblings[at - 1],
    }[event.key];
    if (to !== undefined) choose(to() ?? chosen, true);
    else if (event.key === "Enter") zoom(chosen);
    else if (event.key === "Escape") zoom(root);
    else return;
    event.preventDefault();
  });
  chooseFrom(byId("flame-by"), flameMeasures.map(([name, text]) => [name, text]), measure, setMeasure);
  setMeasure(measure);
  return draw;
}

// Charts over time: live bytes in layers, and lines.

const margin = {left: 66, right: 26, top: 30, bottom: 24};

// Scales, axes and the cursor, which a click or a drag moves. Draws into `place`; returns what the content needs.
function timeChart(place, height, most) {
  const width = Math.max(260, place.clientWidth);
  const svg = d3.select(place).append("svg").attr("viewBox", `0 0 ${width} ${height}`).attr("height", height).attr("aria-hidden", "true");
  const x = d3.scaleLinear([0, summary.totals.seconds || 1e-9], [margin.left, width - margin.right]);
  // Ticks at powers of two times 1, 2 and 5, for bytes are read so.
  const unit = 1024 ** Math.floor(Math.log(Math.max(most, 1)) / Math.log(1024));
  const y = d3.scaleLinear([0, Math.max(most, 1) / unit], [height - margin.bottom, margin.top]);
  const ticks = y.ticks(5);
  svg.append("g").attr("class", "axis grid").attr("transform", `translate(${margin.left},0)`)
    .call(d3.axisLeft(y).tickValues(ticks).tickSize(-(width - margin.left - margin.right)).tickFormat((t) => format.bytes(t * unit)));
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
    .call(d3.axisBottom(x).ticks(Math.max(3, width / 110)).tickFormat(format.seconds));
  const content = svg.append("g");
  const cursor = svg.append("g").attr("pointer-events", "none");
  cursor.append("line").attr("class", "cursor").attr("y1", margin.top - 8).attr("y2", height - margin.bottom);
  cursor.append("circle").attr("class", "cursor-knob").attr("r", 4).attr("cy", margin.top - 8);
  const move = () => cursor.attr("transform", `translate(${x(time.seconds(time.at))},0)`);
  move();

  const columnOf = (event) => (x.invert(d3.clientPoint(svg.node(), event)[0]) / (summary.totals.seconds || 1e-9)) * (time.columns - 1) - 0.5;
  svg.on("pointerdown", () => {
    svg.node().setPointerCapture(d3.event.pointerId);
    time.set(columnOf(d3.event));
  });
  svg.on("pointermove", () => {
    if (d3.event.buttons & 1) time.set(columnOf(d3.event));
  });
  return {svg, content, x: (column) => x(time.seconds(column)), y: (bytes) => y(bytes / unit), move, width, height};
}

function legendRow(fill, name, sub, title) {
  const value = make("span");
  const text = make("span", {class: "name", title: title ?? name}, name);
  if (sub) text.append(make("span", {class: "sub"}, sub));
  const row = make("li", {}, make("i", {style: `background:${fill}`}), text, value);
  return {row, value};
}

// The two ways to divide live bytes.
const divisions = {
  size: () => {
    const {groups, live} = summary.size_groups;
    const name = (g) => (g.to <= 1024 ? `${g.from} to ${g.to} B` : `${g.from === 0 ? "0 B" : format.bytes(g.from - 1)} to ${format.bytes(g.to)}`);
    const names = groups.map((g) => ({name: name(g), title: `blocks of ${format.count(g.from)} to ${format.count(g.to)} bytes`}));
    const last = Math.max(1, groups.length - 1);
    return {names, live, fills: groups.map((g, i) => d3.interpolateViridis(0.08 + (0.9 * i) / last)), hint: "By the bytes that were asked for: Cenote's size classes (beyond 64 KiB doublings), neighbours together where they hold little. Dotted: the most within each column."};
  },
  site: () => {
    const {sites, live} = summary.call_sites;
    const names = sites.map((s) => ({name: s.name, sub: format.place(s.file, s.line) || s.module, title: `${s.name} ${s.file ? `at ${s.file}:${s.line}` : `in ${s.module}`}`}));
    return {names, live, fills: palette(), hint: `Estimates: a stack for each ${format.bytes(summary.trace.stack_interval)} allocated, on average.`};
  },
};

function showLive(by) {
  const place = byId("live-chart");
  const legend = byId("live-legend");
  place.replaceChildren();
  legend.replaceChildren();
  const {names, live, fills, hint} = divisions[by]();
  byId("live-hint").textContent = hint;
  const most = d3.max(summary.columns.most_live);
  const sums = d3.range(time.columns).map((c) => d3.sum(live, (layer) => layer[c]));
  const chart = timeChart(place, 330, Math.max(most, d3.max(sums)));
  const parts = names.map((n, i) => ({...n, fill: fills[i], values: live[i]}));
  if (live.length > names.length && d3.max(live[names.length]) > 0) parts.push({name: "others", fill: color("others"), values: live[names.length]});

  // How many allocations there were, along the bottom.
  const rate = summary.columns.allocations;
  const tall = d3.scaleSqrt([0, Math.max(1, d3.max(rate))], [0, 14]);
  const stacked = d3.stack().keys(d3.range(parts.length)).value((c, i) => parts[i].values[c])(d3.range(time.columns));
  const area = d3.area().x((d, c) => chart.x(c)).y0((d) => chart.y(d[0])).y1((d) => chart.y(d[1])).curve(d3.curveStepBefore);
  const layers = chart.content.selectAll("path.layer").data(stacked).join("path")
    .attr("class", "layer").attr("d", area).attr("fill", (d, i) => parts[i].fill);
  chart.content.append("path").attr("class", "most")
    .attr("d", d3.line().x((d, c) => chart.x(c)).y(chart.y).curve(d3.curveStepBefore)(summary.columns.most_live));
  chart.content.append("path").attr("class", "rate").attr("d", d3.area().x((d, c) => chart.x(c)).y0(margin.top - 14).y1((n) => margin.top - 14 - tall(n))(rate));
  chart.content.append("text").attr("class", "peak-mark").attr("x", margin.left - 6).attr("y", margin.top - 15).attr("text-anchor", "end").text("calls");
  const peak = summary.totals.most_live_column;
  const isRight = chart.x(peak) > chart.width / 2;
  chart.content.append("text").attr("class", "peak-mark").attr("y", chart.y(most) - 4).attr("x", chart.x(peak) + (isRight ? -8 : 8))
    .attr("text-anchor", isRight ? "end" : "start").text(`peak ${format.bytes(most)}`);

  // As they are stacked: the uppermost first.
  const rows = parts.map((part, i) => {
    const shown = legendRow(part.fill, part.name, part.sub, part.title);
    const point = (on) => {
      layers.classed("dim", (d, other) => on && other !== i);
    };
    shown.row.addEventListener("pointerenter", () => point(true));
    shown.row.addEventListener("pointerleave", () => point(false));
    return shown;
  });
  const total = legendRow("transparent", by === "site" ? "all, exactly" : "all");
  total.row.className = "total";
  legend.append(...rows.map((r) => r.row).reverse(), total.row);
  const update = () => {
    chart.move();
    rows.forEach((row, i) => {
      row.value.textContent = format.bytes(parts[i].values[time.at]);
      row.row.classList.toggle("dim", parts[i].values[time.at] === 0);
    });
    total.value.textContent = format.bytes(summary.columns.live[time.at]);
    for (const [name, value] of [["now", time.at], ["min", 0], ["max", time.columns - 1], ["text", byId("now").textContent]])
      place.setAttribute(`aria-value${name}`, value);
  };
  update();
  return update;
}

function showPages() {
  const place = byId("pages-chart");
  const legend = byId("pages-legend");
  place.replaceChildren();
  legend.replaceChildren();
  const {live, pages, slabs} = summary.columns;
  const chart = timeChart(place, 190, d3.max(slabs));
  const [first, second, third] = palette();
  const lines = [
    {name: "slabs with a block", values: slabs, stroke: second},
    {name: "pages with a block", values: pages, stroke: isDark.matches ? third : "#b38f00"},
    {name: "live", values: live, stroke: isDark.matches ? first : "#2277bb"},
  ];
  for (const line of lines)
    chart.content.append("path").attr("class", "line").attr("stroke", line.stroke)
      .attr("d", d3.line().x((d, c) => chart.x(c)).y(chart.y).curve(d3.curveStepBefore)(line.values));
  const rows = lines.map((line) => legendRow(line.stroke, line.name));
  const share = legendRow("transparent", "live, of its pages");
  share.row.className = "total";
  legend.append(...rows.map((r) => r.row), share.row);
  const update = () => {
    chart.move();
    rows.forEach((row, i) => (row.value.textContent = format.bytes(lines[i].values[time.at])));
    share.value.textContent = pages[time.at] ? format.percent(live[time.at] / pages[time.at]) : "–";
  };
  update();
  return update;
}

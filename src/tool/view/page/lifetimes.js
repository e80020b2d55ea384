// How long blocks of which size live, as a field of squares.

function showLifetimes() {
  const place = byId("lifetimes-chart");
  const readout = byId("lifetimes-readout");
  const {rows, shortest_log2: first, longest_log2: last} = summary.lifetimes;
  const columns = last - first + 1;
  let measure = "blocks", chosen = null;

  // Every square from the smallest size to the largest, also those without any.
  const sizes = rows.length ? d3.range(rows[0].size_log2, rows[rows.length - 1].size_log2 + 1) : [];
  const bySize = new Map(rows.map((r) => [r.size_log2, r]));
  const valueAt = (size, column) => {
    const found = bySize.get(size);
    if (found === undefined) return 0;
    return column === columns ? found[`left_${measure}`] : found[measure][column];
  };
  const show = (n) => (measure === "blocks" ? `${format.count(n)} block${n === 1 ? "" : "s"}` : format.bytes(n));
  const from = (n) => (n === 0 ? 0 : 2 ** n);
  const sizeText = (n) => `${format.bytes(from(n))} to ${format.bytes(2 ** (n + 1) - 1)}`;
  const timeText = (c) => (c === columns ? "never freed" : c === 0 ? `lived less than ${format.seconds(2 ** (first + 1) * 1e-9)}` : `lived ${format.seconds(2 ** (first + c) * 1e-9)} to ${format.seconds(2 ** (first + c + 1) * 1e-9)}`);

  function describe() {
    readout.textContent = chosen === null ? "" : `${sizeText(chosen.size)}, ${timeText(chosen.column)}: ${show(valueAt(chosen.size, chosen.column))}`;
  }
  function draw() {
    place.replaceChildren();
    if (sizes.length === 0) {
      place.append(make("div", {class: "empty"}, "No blocks."));
      return;
    }
    const width = Math.max(260, place.clientWidth);
    const left = 58, top = 6, low = 40, apart = 10;
    const wide = (width - left - apart - 8) / (columns + 1);
    const high = Math.max(12, Math.min(22, 330 / sizes.length));
    const height = top + sizes.length * high + low;
    const svg = d3.select(place).append("svg").attr("viewBox", `0 0 ${width} ${height}`).attr("height", height).attr("aria-hidden", "true");
    const x = (c) => left + c * wide + (c === columns ? apart : 0);
    const y = (size) => top + (sizes.length - 1 - (size - sizes[0])) * high;
    const all = sizes.flatMap((size) => d3.range(columns + 1).map((column) => ({size, column, value: valueAt(size, column)})));
    const tone = d3.scaleLog([1, Math.max(2, d3.max(all, (s) => s.value))], [0.06, 1]);
    const squares = svg.append("g").selectAll("rect").data(all).join("rect")
      .attr("class", "square").attr("x", (s) => x(s.column)).attr("y", (s) => y(s.size)).attr("width", wide).attr("height", high).attr("rx", 2)
      .attr("fill", (s) => (s.value === 0 ? color("grid") : ramp(tone(s.value))))
      .on("pointerenter", (s) => choose(s));
    mark = () => squares.classed("chosen", (s) => chosen !== null && s.size === chosen.size && s.column === chosen.column);
    mark();
    const axis = svg.append("g").attr("class", "axis");
    const every = Math.ceil(16 / high);
    axis.selectAll(".size").data(sizes.filter((s) => (s - sizes[0]) % every === 0)).join("text").attr("class", "size")
      .attr("x", left - 6).attr("y", (s) => y(s) + high / 2 + 4).attr("text-anchor", "end").text((s) => format.bytes(from(s)));
    // At the powers of ten.
    const decades = d3.range(-7, 6).map((p) => ({p, c: Math.log2(10 ** p * 1e9) - first})).filter(({c}) => c >= 0 && c < columns);
    axis.selectAll(".time").data(decades).join("text").attr("class", "time").attr("text-anchor", "middle")
      .attr("x", ({c}) => left + c * wide).attr("y", height - low + 16)
      .text(({p}) => (p < -6 ? "100 ns" : p < -3 ? `${10 ** (p + 6)} µs` : p < 0 ? `${10 ** (p + 3)} ms` : `${10 ** p} s`))
      .attr("visibility", (d, i) => (wide * 3.3 < 38 && i % 2 === 1 ? "hidden" : null));
    axis.append("text").attr("x", width - 4).attr("y", height - low + 32).attr("text-anchor", "end").text("never freed ↑");
    axis.append("text").attr("x", left).attr("y", height - low + 32).text("lifetime →");
  }
  let mark = () => {};
  function choose(s) {
    chosen = {size: s.size, column: s.column};
    mark();
    describe();
  }
  place.addEventListener("keydown", (event) => {
    const step = {ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1]}[event.key];
    if (step === undefined || sizes.length === 0) return;
    event.preventDefault();
    const now = chosen ?? {size: sizes[0], column: 0};
    const within = (n, low, high) => Math.max(low, Math.min(high, n));
    choose({size: within(now.size + step[0], sizes[0], sizes[sizes.length - 1]), column: within(now.column + step[1], 0, columns)});
  });
  chooseFrom(byId("lifetimes-by"), [["blocks", "blocks"], ["bytes", "bytes"]], measure, (by) => {
    measure = by;
    draw();
    describe();
  });
  draw();
  return draw;
}

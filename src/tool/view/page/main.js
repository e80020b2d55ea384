// Puts the page together.

function showAbout() {
  const {trace, totals, columns} = summary;
  const program = trace.command.length ? trace.command : [trace.file];
  const short = program[0].slice(program[0].lastIndexOf("/") + 1);
  document.title = `${short}: memory · cenote view`;
  byId("program").textContent = short;
  byId("command").textContent = program.map((word) => (/^[\w./:=+,@%-]+$/.test(word) ? word : `'${word}'`)).join(" ");
  byId("command").title = byId("command").textContent.slice(0, 2000);
  const started = trace.started ? new Date(trace.started * 1000).toLocaleString("en-GB", {dateStyle: "long", timeStyle: "medium"}) : "";
  byId("about").textContent = [
    started, trace.process ? `process ${trace.process}` : "", `${trace.end} after ${format.seconds(totals.seconds)}`,
    `${format.count(trace.events)} events`, trace.allocator ? `malloc of ${trace.allocator}` : "", trace.forked ? "a forked child, whose first objects are not in the trace" : "", trace.file,
  ].filter(Boolean).join(" · ");
  if (trace.notes.length > 0) {
    byId("notes").hidden = false;
    byId("notes").append(make("strong", {}, "This trace is not whole; what is left of it is shown."), make("ul", {}, ...trace.notes.map((note) => make("li", {}, note))));
  }
  const peak = totals.most_live_column;
  const figure = (name, value, sub) => make("div", {}, make("dt", {}, name), make("dd", {}, value, make("small", {}, sub ?? "")));
  byId("figures").append(
    figure("Live at most", format.bytes(totals.most_live), `at ${format.seconds(time.seconds(peak))}`),
    figure("Allocations", format.count(totals.allocations), `${format.count(totals.reallocs)} by realloc`),
    figure("Asked for", format.bytes(totals.bytes), `${format.bytes(totals.bytes / Math.max(1, totals.allocations))} on average`),
    figure("Live at the end", format.bytes(totals.live_at_end), `${format.count(totals.blocks_at_end)} blocks`),
    figure("Of its pages, live", columns.pages[peak] ? format.percent(columns.live[peak] / columns.pages[peak]) : "–", "at the peak"),
    figure("Threads", format.count(totals.threads), totals.failed ? `${format.count(totals.failed)} calls failed` : ""),
  );
  const precision = [
    `Time is in ${columns.count} columns of ${format.seconds(totals.seconds / columns.count)}; charts have the state at each one's end, in that with the peak at the peak; the map at about every fifth, at the peak and at the end.`,
    `Blocks, bytes, sizes and lifetimes are exact, of what was asked for (times to 64 ns); pages and slabs are those that hold a live block's bytes, as asked for: what an allocator keeps beside them is not in a trace.`,
    `Stacks are drawn, one for each ${format.bytes(trace.stack_interval)} on average: what is said of functions and call sites is an estimate, and what is rare may be missing.`,
    `The map has ${summary.map.levels} levels. Blocks above 64 KiB are in it only where they share slabs with smaller ones.`,
  ];
  if (totals.unknown_frees > 0) precision.push(`${format.count(totals.unknown_frees)} frees were of blocks from before the trace, and are left out.`);
  byId("precision").append(...precision.map((text) => make("li", {}, text)));
}

(function main() {
  showAbout();
  showTime();
  listenToKeys();
  let by = "size";
  let updateLive = showLive(by);
  let updatePages = showPages();
  const map = showMap();
  const drawFlame = showFlame();
  const drawLifetimes = showLifetimes();
  showTables();
  const choices = [["size", "size class"]];
  if (summary.totals.stacks > 0) choices.push(["site", "call site"]);
  chooseFrom(byId("live-by"), choices, by, (chosen) => {
    by = chosen;
    updateLive = showLive(by);
  });
  // Once a frame, however often the time is set.
  let isDue = false;
  time.whenSet(() => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      updateLive();
      updatePages();
      map.update();
    });
  });
  const redraw = () => {
    updateLive = showLive(by);
    updatePages = showPages();
    map.redraw();
    drawFlame();
    drawLifetimes();
  };
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    redraw();
  });
  isDark.addEventListener("change", redraw);
  // When all is on the screen, in milliseconds since the page was asked for.
  requestAnimationFrame(() => setTimeout(() => (document.documentElement.dataset.shown = performance.now().toFixed(1))));
})();

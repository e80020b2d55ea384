// The map of slabs: each a tile of squares, row by row, in the order of their addresses.

function tileShape(squares) {
  const wide = 2 ** Math.ceil(Math.log2(squares) / 2);
  return {wide, high: squares / wide};
}

function showMap() {
  const canvas = byId("map");
  const readout = byId("map-readout");
  const mark = byId("map-mark");
  const map = summary.map;
  const moments = decodeMoments(map);
  const inSlab = map.slab_bytes / map.square_bytes;
  const tile = tileShape(inSlab);
  const bases = [];
  for (const step of map.slabs) bases.push((bases.length ? bases[bases.length - 1] : 0) + step);
  const sizes = map.slab_bytes > 65536 ? `Tiles are ${format.bytes(map.slab_bytes)} each` : `Each tile is a slab of 64 KiB, in ${inSlab} squares of ${format.bytes(map.square_bytes)}`;
  byId("map-hint").textContent = `${sizes}, by address; a mark where addresses that were not in use for small blocks are left out. Fragmentation sits where slabs hold little, and in squares between empty and full.`;
  canvas.setAttribute("aria-label", `Map of ${bases.length} slabs and how full they are, at the time that is chosen`);

  let square = 1, space = 2, across = 1, chosen = null;
  let levels = [];
  const colors = () => [color("square"), ...d3.range(1, map.levels + 1).map((level) => ramp(0.12 + (0.88 * level) / map.levels))];
  let fills = colors();

  // The largest squares with which all tiles have room.
  function layOut() {
    const width = Math.max(260, canvas.clientWidth);
    for (square = 12; square > 1; --square) {
      space = square > 3 ? 4 : square > 1 ? 3 : 2;
      across = Math.max(1, Math.floor((width + space) / (tile.wide * square + space)));
      if (Math.ceil(bases.length / across) * (tile.high * square + space) <= 440) break;
    }
    if (square === 1) across = Math.max(1, Math.floor((width + (space = 2)) / (tile.wide + space)));
    const height = Math.max(1, Math.ceil(bases.length / across)) * (tile.high * square + space);
    const scale = devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.style.height = `${height}px`;
    const to = canvas.getContext("2d");
    to.setTransform(scale, 0, 0, scale, 0, 0);
    to.clearRect(0, 0, width, height);
    to.fillStyle = color("gap");
    bases.forEach((base, i) => {
      if (i > 0 && base !== bases[i - 1] + 1) {
        const [x, y] = placeOf(i);
        to.fillRect(Math.max(0, x - space + (space > 2 ? 1 : 0)), y, space > 2 ? 2 : 1, tile.high * square);
      }
    });
    levels = new Uint8Array(moments.squares).fill(255); // draw all
  }
  const placeOf = (slab) => [(slab % across) * (tile.wide * square + space), Math.floor(slab / across) * (tile.high * square + space)];

  function draw() {
    const to = canvas.getContext("2d");
    const now = moments.at(time.at);
    const line = square > 3 ? 1 : 0; // between squares
    for (let i = 0; i < now.length; ++i) {
      if (now[i] === levels[i]) continue;
      const [x, y] = placeOf(Math.floor(i / inSlab));
      const within = i % inSlab;
      to.fillStyle = fills[now[i]];
      to.fillRect(x + (within % tile.wide) * square, y + Math.floor(within / tile.wide) * square, square - line, square - line);
    }
    levels = now;
    describe();
  }

  const address = (bytes) => `0x${bytes.toString(16)}`;
  function describe() {
    mark.hidden = chosen === null;
    if (chosen === null) {
      const {live, pages, slabs} = summary.columns;
      readout.textContent = `${format.seconds(time.seconds(time.at))}: ${format.bytes(live[time.at])} live in ${format.bytes(pages[time.at])} of pages and ${format.bytes(slabs[time.at])} of slabs.`;
      return;
    }
    const {slab, within} = chosen;
    const [left, top] = placeOf(slab);
    for (const [side, pixels] of [["left", left - 3], ["top", top - 3], ["width", tile.wide * square + 5], ["height", tile.high * square + 5]])
      mark.style[side] = `${pixels}px`;
    const now = levels.subarray(slab * inSlab, (slab + 1) * inSlab);
    const begin = bases[slab] * map.slab_bytes;
    const whole = `slab ${slab + 1} of ${bases.length} at ${address(begin)}: ${format.percent(d3.sum(now) / (map.levels * inSlab))} full, ${now.filter((l) => l > 0).length} of ${inSlab} squares in use`;
    const one = within === undefined ? "" : `; ${format.bytes(map.square_bytes)} at ${address(begin + within * map.square_bytes)}: ${now[within] === 0 ? "nothing live" : `about ${format.percent(now[within] / map.levels)} live`}`;
    readout.textContent = whole + one;
  }

  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    const column = Math.floor(x / (tile.wide * square + space));
    const slab = Math.floor(y / (tile.high * square + space)) * across + column;
    if (column >= across || slab >= bases.length) return;
    const [left, top] = placeOf(slab);
    const sx = Math.min(tile.wide - 1, Math.floor((x - left) / square)), sy = Math.min(tile.high - 1, Math.floor((y - top) / square));
    chosen = {slab, within: sy * tile.wide + sx};
    describe();
  });
  canvas.addEventListener("pointerleave", () => {
    chosen = null;
    describe();
  });
  canvas.addEventListener("keydown", (event) => {
    const step = {ArrowUp: -1, ArrowDown: 1}[event.key];
    if (step === undefined || bases.length === 0) return;
    event.preventDefault();
    chosen = {slab: chosen === null ? 0 : (chosen.slab + step + bases.length) % bases.length};
    describe();
  });

  const scale = byId("map-scale");
  function drawAll() {
    fills = colors();
    scale.replaceChildren("empty ", make("span", {class: "ramp"}, ...fills.map((f) => make("b", {style: `background:${f}`}))), " full");
    chosen = null;
    layOut();
    draw();
  }
  drawAll();
  return {update: draw, redraw: drawAll};
}

// What the page shows, and the one time that all charts are at.

const summary = JSON.parse(byId("summary").textContent);

const time = {
  columns: summary.columns.count,
  at: summary.totals.most_live_column,
  listeners: [],
  // Seconds at a column's end; the last one is the end itself.
  seconds: (column) => summary.totals.seconds * Math.min(1, (column + 1) / (summary.columns.count - 1)),
  set(column) {
    const to = Math.max(0, Math.min(time.columns - 1, Math.round(column)));
    if (to === time.at) return;
    time.at = to;
    for (const each of time.listeners) each(to);
  },
  whenSet(listener) {
    time.listeners.push(listener);
  },
};

// The levels of all squares at each moment, one after the other.
function decodeMoments(map) {
  const squares = map.slabs.length * (map.slab_bytes / map.square_bytes);
  const bytes = atob(map.moments);
  const moments = map.moment_columns.length;
  const all = new Uint8Array(squares * moments);
  let from = 0;
  for (let m = 0; m < moments; ++m) {
    const begin = m * squares;
    if (m > 0) all.copyWithin(begin, begin - squares, begin);
    for (let square = 0; from < bytes.length;) {
      const byte = bytes.charCodeAt(from++);
      if (byte === 0xff) break;
      square += byte >> 4;
      if (byte >> 4 < 15) all[begin + square++] = byte & 15;
    }
  }
  return {squares, moments, at: (column) => {
    const m = d3.bisectRight(map.moment_columns, column) - 1;
    return all.subarray(m * squares, (m + 1) * squares);
  }};
}

// Tables that are sorted by any of their columns. A column: {title, value(row) to sort by, show(value), text(row) for what is text}.

function sortedTable(place, rows, columns, by) {
  const fewest = 12;
  let sorted = by, rising = false, all = false;
  const table = make("table");
  const heading = table.createTHead().insertRow();
  const body = table.createTBody();
  const more = make("button", {type: "button", class: "more"});
  const headings = columns.map((column, i) => {
    const cell = make("th", {scope: "col"});
    const button = make("button", {type: "button"}, column.title);
    button.addEventListener("click", () => {
      rising = sorted === i ? !rising : Boolean(column.text);
      sorted = i;
      fill();
    });
    cell.append(button);
    if (column.text) cell.className = "text";
    heading.append(cell);
    return cell;
  });
  const largest = columns.map((column) => (column.bar ? d3.max(rows, column.value) : 0));
  function fill() {
    headings.forEach((cell, i) => (i === sorted ? cell.setAttribute("aria-sort", rising ? "ascending" : "descending") : cell.removeAttribute("aria-sort")));
    const order = rising ? d3.ascending : d3.descending;
    const chosen = [...rows].sort((a, b) => order(columns[sorted].value(a), columns[sorted].value(b)));
    body.replaceChildren(...chosen.slice(0, all ? rows.length : fewest).map((row) => {
      const line = make("tr");
      columns.forEach((column, i) => {
        const cell = make("td");
        if (column.text) {
          cell.className = "text";
          cell.append(...column.text(row));
          cell.title = column.value(row);
        } else {
          const value = column.value(row);
          cell.textContent = value === null ? "–" : column.show(value);
          if (column.bar && largest[i] > 0) {
            cell.className = "bar";
            cell.style.setProperty("--share", `${(100 * value) / largest[i]}%`);
          }
        }
        line.append(cell);
      });
      return line;
    }));
    more.hidden = rows.length <= fewest;
    more.textContent = all ? `The first ${fewest}` : `All ${rows.length}`;
  }
  more.addEventListener("click", () => {
    all = !all;
    fill();
  });
  fill();
  place.replaceChildren(table, more);
}

function showTables() {
  const {table: sites, all} = summary.call_sites;
  if (sites.length === 0) {
    byId("sites-table").replaceChildren(make("div", {class: "empty"}, "No stacks were recorded."));
  } else {
    byId("sites-hint").textContent = `The innermost function that is not an allocator's, the standard library's or a wrapper of malloc. ${all > sites.length ? `${sites.length} of ${format.count(all)}, ` : ""}estimates as above.`;
    sortedTable(byId("sites-table"), sites, [
      {title: "function", value: (s) => `${s.name} ${s.file ? `${s.file}:${s.line}` : s.module}`, text: (s) => [s.name, " ", make("span", {class: "sub"}, format.place(s.file, s.line) || s.module)]},
      {title: "allocated", value: (s) => s.bytes, show: format.bytes, bar: true},
      {title: "allocations", value: (s) => s.allocations, show: format.count},
      {title: "live at peak", value: (s) => s.live_at_peak, show: format.bytes, bar: true},
      {title: "live at end", value: (s) => s.live_at_end, show: format.bytes, bar: true},
    ], 1);
  }
  const {table: sizes, all: different} = summary.sizes;
  byId("sizes-hint").textContent = different > sizes.length ? `${sizes.length} of ${format.count(different)} sizes: those with the most requests or bytes.` : "Every size that was asked for.";
  sortedTable(byId("sizes-table"), sizes, [
    {title: "bytes", value: (s) => s.size, show: format.count},
    {title: "requests", value: (s) => s.requests, show: format.count, bar: true},
    {title: "allocated", value: (s) => s.bytes, show: format.bytes},
    {title: "mean lifetime", value: (s) => s.mean_lifetime, show: format.seconds},
    {title: "most live", value: (s) => s.most_live, show: format.count},
    {title: "at end", value: (s) => s.live_at_end, show: format.count},
  ], 1);
}

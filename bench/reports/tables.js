"use strict";
// Sorts a table by the column whose button is pressed: first upwards, then downwards. Cells without a figure come last.

function sortBy(heading, direction) {
  const column = heading.cellIndex;
  const table = heading.closest("table");
  const rows = [...table.tBodies[0].rows];
  const sign = direction === "ascending" ? 1 : -1;
  const numeric = rows.some((row) => row.cells[column]?.dataset.value !== undefined);

  function key(row) {
    const cell = row.cells[column];
    if (!cell || (column > 0 && cell.colSpan > 1)) return undefined;
    if (numeric) return cell.dataset.value === undefined ? undefined : Number(cell.dataset.value);
    return cell.textContent;
  }

  function compare(one, other) {
    const left = key(one);
    const right = key(other);
    if (left === undefined || right === undefined) return (left === undefined) - (right === undefined);
    return sign * (numeric ? left - right : left.localeCompare(right));
  }

  table.tBodies[0].append(...rows.sort(compare));
  for (const each of heading.parentElement.cells) each.setAttribute("aria-sort", each === heading ? direction : "none");
}

for (const table of document.querySelectorAll("table.sortable")) {
  table.tHead.addEventListener("click", (event) => {
    const heading = event.target.closest("button")?.closest("th");
    if (heading) sortBy(heading, heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending");
  });
}

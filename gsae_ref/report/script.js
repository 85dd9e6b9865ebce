"use strict";
// The page is whole without this: it filters, sorts and opens rows. Text goes in by textContent only.
(() => {
  const byId = (id) => document.getElementById(id);
  const table = byId("table"), body = table.tBodies[0], rows = [...body.rows];
  const search = byId("search"), paper = byId("paper"), verdict = byId("verdict"), shown = byId("shown");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  document.documentElement.classList.add("scripted");

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits = (!paper.value || row.dataset.paper === paper.value) && (!verdict.value || row.dataset.verdict === verdict.value)
        && words.every((word) => texts.get(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${rows.length} statements shown` + (count ? "" : ": nothing fits; Clear shows all again");
  }

  function clear() {
    search.value = paper.value = verdict.value = "";
    filter();
  }

  function sort(head) {
    const ascending = head.getAttribute("aria-sort") !== "ascending", place = head.cellIndex;
    const key = new Map(rows.map((row) => [row, row.cells[place].dataset.sort]));
    const compare = (a, b) => {
      const x = key.get(a), y = key.get(b);
      if (x === "" || y === "") return (x === "") - (y === ""); // what has no number comes last, either way
      const difference = isNaN(x) || isNaN(y) ? (x < y ? -1 : x > y ? 1 : 0) : x - y;
      return ascending ? difference : -difference;
    };
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    body.append(...[...rows].sort(compare));
  }

  function openTarget() {
    const row = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
    if (!row || row.parentNode !== body) return;
    if (row.hidden) clear();
    row.querySelector("details").open = true;
    row.scrollIntoView();
    row.querySelector("summary").focus({ preventScroll: true });
  }

  for (const input of [search, paper, verdict]) input.addEventListener("input", filter);
  byId("clear").addEventListener("click", () => { clear(); search.focus(); });
  byId("open").addEventListener("click", () => rows.forEach((row) => { row.querySelector("details").open ||= !row.hidden; }));
  byId("close").addEventListener("click", () => rows.forEach((row) => { row.querySelector("details").open = false; }));
  document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
  for (const head of table.tHead.rows[0].cells) head.querySelector("button").addEventListener("click", () => sort(head));
  for (const link of document.querySelectorAll("a[data-verdict]")) {
    link.addEventListener("click", () => {
      search.value = "";
      paper.value = link.dataset.paper;
      verdict.value = link.dataset.verdict;
      filter();
    });
  }
  for (const link of document.querySelectorAll("a[href^='#']")) { // a second click on the same link opens the row again
    link.addEventListener("click", () => { if (link.hash === location.hash) openTarget(); });
  }
  addEventListener("hashchange", openTarget);
  filter(); // a browser may have kept what was typed before a reload
  openTarget();
})();

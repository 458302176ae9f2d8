// What every page gains with scripts: clocks that go, digests that copy,
// lists that submit, sections that follow the node. Without it nothing is lost.
import htmx from "htmx.org";

for (const box of document.querySelectorAll("[data-clocks]")) {
  const faces = [...box.querySelectorAll("[data-zone]")].map((el) => [
    el, new Intl.DateTimeFormat("en-GB", { timeZone: el.dataset.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  ]);
  const tick = () => faces.forEach(([el, f]) => { const t = f.format(new Date()); if (el.textContent !== t) el.textContent = t; });
  setInterval(tick, 1000);
}

document.addEventListener("click", (e) => {
  const el = e.target.closest("[data-copy]");
  if (el && navigator.clipboard) navigator.clipboard.writeText(el.dataset.copy);
});

document.addEventListener("keydown", (e) => {
  const typing = e.target.closest("input, textarea, select, [contenteditable]");
  if (typing || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === "Enter" && e.target.matches("[data-copy]") && navigator.clipboard) navigator.clipboard.writeText(e.target.dataset.copy);
  const target = document.querySelector(`[data-key="${CSS.escape(e.key)}"]`);
  if (target) { e.preventDefault(); target.focus(); if (target.matches("a, button")) target.click(); }
});

for (const list of document.querySelectorAll("select[data-submit]")) {
  list.addEventListener("change", () => list.form.requestSubmit());
  list.form.querySelector("button[type=submit]")?.setAttribute("hidden", "");
}

document.addEventListener("click", (e) => {
  for (const d of document.querySelectorAll("details.person[open]")) if (!d.contains(e.target)) d.open = false;
});

// named writes the name of its column into each cell of a table, for narrow
// windows, where a row is read as a card.
function named(root) {
  for (const table of root.querySelectorAll("table.table")) {
    const heads = table.tHead?.rows.length === 1 ? [...table.tHead.rows[0].cells] : [];
    if (!heads.length || heads.some((h) => h.colSpan > 1)) continue;
    for (const body of table.tBodies) for (const row of body.rows) for (const cell of row.cells) {
      cell.dataset.label = heads[cell.cellIndex]?.textContent.trim() ?? "";
    }
    table.dataset.cards = "";
  }
}
named(document);

// follow asks for the page again and replaces the sections that follow one of
// the topics, but not one that somebody is typing in.
async function follow(topics) {
  const all = topics.includes("*");
  const parts = [...document.querySelectorAll("[data-live][id]")].filter(
    (el) => (all || el.dataset.live.split(" ").some((t) => t === "any" || topics.includes(t))) && !el.contains(document.activeElement));
  if (!parts.length || document.hidden) return;
  const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  named(fresh);
  for (const el of parts) {
    const next = fresh.getElementById(el.id);
    if (next && next.outerHTML !== el.outerHTML) await htmx.swap({ target: el, text: next.outerHTML, swap: "outerMorph" });
  }
}

// A person who asked for it in this browser is told by it that more waits: that,
// and nothing of what it is. How much waits stands in the title of every page.
const desks = document.querySelector("[data-notify]");
const wanted = () => Boolean(desks) && "Notification" in window && Notification.permission === "granted" && localStorage.getItem("notify") === "on";
const heading = document.title;
let waits = Number(document.getElementById("waiting-count")?.textContent ?? 0) || 0;
const title = () => { document.title = (waits > 0 ? `(${waits}) ` : "") + heading; };
title();

async function waiting() {
  if (!desks) return;
  const answer = await fetch("/waiting/count");
  if (!answer.ok || answer.redirected) return;
  const count = Number(await answer.text());
  if (!Number.isInteger(count)) return;
  if (count > waits && document.hidden && wanted()) {
    try { new Notification("Twoseas", { body: desks.dataset.notify, tag: "twoseas" }); } catch { /* some telephones show them to installed pages only */ }
  }
  waits = count;
  title();
}

const told = document.querySelector("[data-browser]");
if (told && "Notification" in window) {
  const button = told.querySelector("button");
  const show = () => {
    button.hidden = Notification.permission === "denied";
    button.textContent = wanted() ? button.dataset.off : button.dataset.on;
    told.querySelector("[data-denied]").hidden = Notification.permission !== "denied";
    told.querySelector("[data-scripts]").hidden = true;
  };
  button.addEventListener("click", async () => {
    const on = !wanted();
    if (on && Notification.permission !== "granted") await Notification.requestPermission();
    localStorage.setItem("notify", on && Notification.permission === "granted" ? "on" : "off");
    show();
  });
  show();
}

if (document.querySelector("[data-live]") || wanted()) {
  let busy = Promise.resolve();
  const seen = performance.getEntriesByType("navigation")[0]?.serverTiming?.find((t) => t.name === "seen")?.description ?? "";
  const events = new EventSource("/live?seen=" + encodeURIComponent(seen)); // what changed since then is told at once
  events.addEventListener("changed", (e) => { busy = busy.then(() => follow(e.data.split(" "))).then(waiting).catch(() => {}); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) busy = busy.then(() => follow(["*"])).catch(() => {}); });
}

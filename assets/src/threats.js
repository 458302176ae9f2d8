// The list of threat data by keyboard: j and k move, x marks, Enter opens; the
// bar for marked rows shows when there are some.
const form = document.querySelector("[data-results]");
if (form) {
  const rows = [...form.querySelectorAll("[data-row]")];
  const bar = form.querySelector("[data-bulk]");
  const boxes = [...form.querySelectorAll("input[name=id]")];
  const text = bar?.querySelector("[data-count]");
  const count = () => {
    const n = boxes.filter((b) => b.checked).length;
    rows.forEach((r) => { const b = r.querySelector("input[name=id]"); if (b) r.setAttribute("aria-selected", b.checked); });
    if (!bar) return;
    bar.hidden = n === 0;
    text.textContent = n === 1 ? text.dataset.one : text.dataset.other.replace("#", n);
  };
  form.addEventListener("change", count);
  count();
  let at = -1;
  const go = (n) => {
    if (!rows.length) return;
    at = Math.max(0, Math.min(rows.length - 1, n));
    rows[at].querySelector("a")?.focus();
    rows[at].scrollIntoView({ block: "nearest" });
  };
  form.addEventListener("focusin", (e) => { const i = rows.indexOf(e.target.closest("[data-row]")); if (i >= 0) at = i; });
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("textarea, select, input:not([type=checkbox])")) return;
    if (e.key === "j") { e.preventDefault(); go(at + 1); }
    if (e.key === "k") { e.preventDefault(); go(at - 1); }
    const box = rows[at]?.querySelector("input[name=id]");
    if (e.key === "x" && box) { e.preventDefault(); box.checked = !box.checked; count(); }
  });
}

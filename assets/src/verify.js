// "Verify now": checks a ledger in this browser, step by step, and remembers the
// state it saw, so that the next visit finds out if the past was changed.
import {
  checkConsistency, checkInclusion, hasEd25519, openCheckpoint, openNote, parseEntry, parseKeys, parseSince, toBase64, base64, Unsound,
} from "./_proof.js";

const memory = (origin) => "twoseas.ledger:" + origin;

// recall returns the state of a ledger remembered from the last visit.
export function recall(store, origin) {
  try {
    const m = JSON.parse(store.getItem(memory(origin)) ?? "null");
    return m && Number.isSafeInteger(m.size) && m.size > 0 ? { size: m.size, root: base64(m.root) } : null;
  } catch {
    return null;
  }
}

export function remember(store, c) {
  store.setItem(memory(c.origin), JSON.stringify({ size: c.size, root: toBase64(c.root) }));
}

// Grown says that the ledger grew while it was looked at: look again.
class Grown extends Error {}

// run checks everything and tells say(step, state, ...details), where state is
// "good", "bad" or "note". It returns whether nothing was bad. ask fetches the
// bytes under a path of the ledger. All that is said is about one state.
export async function run({ ask, say, store, index, pasted, origin }) {
  for (let tries = 1; ; tries++) {
    const said = [];
    try {
      const sound = await look({ ask, say: (...s) => said.push(s), store, index, pasted, origin });
      for (const s of said) say(...s);
      return sound;
    } catch (e) {
      if (!(e instanceof Grown)) throw e;
      if (tries === 5) { say("consistency", "bad", e.message); return false; }
    }
  }
}

async function look({ ask, say, store, index, pasted, origin }) {
  let sound = true;
  const step = async (name, work) => {
    try {
      return await work();
    } catch (e) {
      if (e instanceof Grown) throw e;
      sound = false;
      say(name, "bad", e instanceof Unsound ? e.message : String(e));
      return undefined;
    }
  };
  const text = new TextDecoder();
  const keys = await step("keys", async () => {
    const offered = await parseKeys(text.decode(await ask("keys")));
    if (!offered.length) throw new Unsound("the node offers no key");
    if (!pasted.trim()) { say("keys", "note", offered.map((k) => k.short).join(", ")); return offered; }
    const own = await parseKeys(pasted);
    const missing = own.filter((k) => !offered.some((o) => o.text === k.text));
    if (missing.length) throw new Unsound("the node does not have the key you gave: " + missing.map((k) => k.short).join(", "));
    say("compare", "good", own.map((k) => k.short).join(", "));
    return own;
  });
  if (!keys) return false;

  // The leaf first: that it is read may itself be an entry of the log.
  let shown;
  const newest = await step("checkpoint", async () => {
    if (index === null) index = (await openCheckpoint(await ask("checkpoint"), keys)).size - 1;
    shown = await ask("entries/" + index + "/proof");
    const c = await openCheckpoint(await ask("checkpoint"), keys);
    if (origin && c.origin !== origin) throw new Unsound("the checkpoint is of the ledger " + c.origin);
    say("checkpoint", "good", String(c.size), toBase64(c.root), c.by.short);
    return c;
  });
  if (!newest) return false;

  await step("inclusion", async () => {
    const e = parseEntry(shown);
    if (e.index !== index) throw new Unsound("asked for leaf " + index + " and got leaf " + e.index);
    const c = await openCheckpoint(e.checkpoint, keys);
    if (c.origin !== newest.origin) throw new Unsound("the proof is of another ledger, " + c.origin);
    await checkInclusion(e.index, e.leaf, e.path, c);
    say("inclusion", "good", String(e.index), String(c.size));
    const n = await openNote(e.leaf, keys);
    say("leaf", n.signed.length ? "good" : "note", n.signed.map((k) => k.short).join(", ") || n.unknown.join(", "));
    if (c.cosigned.length) for (const s of c.cosigned) say("cosigned", "good", s.by.name, s.at.toISOString(), String(c.size));
    else say("uncosigned", "note");
    if (c.size > newest.size) throw new Grown("the ledger grew each time it was looked at");
    if (c.size < newest.size) await checkGrowth(ask, c, newest, keys);
    else if (toBase64(c.root) !== toBase64(newest.root)) throw new Unsound("two different states of " + c.size + " leaves");
  });

  await step("consistency", async () => {
    const before = recall(store, newest.origin);
    if (!before) { say("first", "note", String(newest.size)); return; }
    if (before.size > newest.size) throw new Unsound("this browser saw " + before.size + " leaves before and the node now shows " + newest.size + ": the ledger was set back");
    await checkGrowth(ask, before, newest, keys);
    say("consistency", "good", String(before.size), String(newest.size));
  });
  if (sound) remember(store, newest);
  return sound;
}

// checkGrowth holds a state that was seen to one that was signed.
async function checkGrowth(ask, before, now, keys) {
  const g = parseSince(await ask("since/" + before.size));
  const c = await openCheckpoint(g.checkpoint, keys);
  if (g.old !== before.size || c.origin !== now.origin) throw new Unsound("the answer is about something else");
  await checkConsistency(before.size, before.root, c, g.path);
  if (c.size === now.size && toBase64(c.root) !== toBase64(now.root)) throw new Unsound("two different states of " + c.size + " leaves");
  if (c.size < now.size) throw new Unsound("the ledger shrank while it was looked at");
  if (c.size > now.size) throw new Grown("the ledger grew each time it was looked at");
}

// mount makes one section of a page work: its texts are in data attributes, its
// steps go into its list.
function mount(box) {
  const list = box.querySelector("[data-steps]"), outcome = box.querySelector("[data-outcome]");
  const button = box.querySelector("button"), pasted = box.querySelector("textarea");
  const say = (step, state, ...details) => {
    const li = document.createElement("li");
    li.className = "step step-" + state;
    const mark = document.createElement("span");
    mark.className = "chip chip-" + { good: "green", bad: "red", note: "grey" }[state];
    mark.textContent = box.dataset[state];
    li.append(mark, " ");
    const words = box.dataset["step" + step[0].toUpperCase() + step.slice(1)] ?? step;
    if (state === "bad") {
      const why = document.createElement("span");
      why.lang = "en";
      why.textContent = details[0];
      li.append(box.dataset.failed.replace("{0}", box.dataset["name" + step[0].toUpperCase() + step.slice(1)] ?? step), " ", why);
    } else {
      li.append(details.reduce((t, d, i) => t.replaceAll("{" + i + "}", d), words));
    }
    list.append(li);
  };
  box.querySelector("[data-ready]").hidden = false;
  button.addEventListener("click", async () => {
    list.replaceChildren();
    outcome.textContent = box.dataset.working;
    button.disabled = true;
    try {
      if (!(await hasEd25519())) { outcome.textContent = box.dataset.unable; return; }
      const ask = async (path) => {
        const r = await fetch(box.dataset.verify + "/" + path, { cache: "no-store" });
        if (!r.ok || r.redirected) throw new Unsound("the node did not answer " + path + ": " + r.status);
        return new Uint8Array(await r.arrayBuffer());
      };
      const index = box.dataset.index ? Number(box.dataset.index) : null;
      const sound = await run({ ask, say, store: localStorage, index, pasted: pasted.value, origin: box.dataset.origin });
      outcome.textContent = sound ? box.dataset.sound : box.dataset.unsound;
      box.dataset.result = sound ? "sound" : "unsound";
    } finally {
      button.disabled = false;
    }
  });
}

if (typeof document !== "undefined") for (const box of document.querySelectorAll("[data-verify]")) mount(box);

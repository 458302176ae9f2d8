// The verifier of the browser against the vectors of docs/formats, and against
// everything that was changed in them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as proof from "../src/_proof.js";
import { recall, remember, run } from "../src/verify.js";

const vector = (name) => new Uint8Array(readFileSync(new URL("../../docs/formats/vectors/" + name, import.meta.url)));
const lines = new TextDecoder().decode(vector("keys.txt")).split("\n").map((l) => l.trim().split(/\s+/)).filter((f) => f.length === 3);
const vkey = (side, which) => lines.find((f) => f[0] === side && f[1] === which)[2];
const keys = await proof.parseKeys([vkey("in", "first"), vkey("jp", "first"), vkey("jp", "second")].join("\n"));
const unsound = (work) => assert.rejects(async () => work(), proof.Unsound);

test("this runtime can check Ed25519", async () => assert.ok(await proof.hasEd25519()));

test("keys are held to their ids, and know their cosigner's", async () => {
  const [k] = await proof.parseKeys(vkey("in", "first"));
  assert.equal(k.short, "in+8df7a8db");
  assert.equal("in+" + k.cosigID, vkey("in", "cosigner").split("+").slice(0, 2).join("+"));
  for (const bad of ["", "in", vkey("in", "cosigner"), vkey("in", "first").replace("in+", "jp+"), vkey("in", "first").slice(0, -1), vkey("in", "first").replace("8df7", "8df8")]) {
    await unsound(() => proof.parseKey(bad));
  }
});

test("the checkpoint vector holds, with its cosignature", async () => {
  const c = await proof.openCheckpoint(vector("checkpoint.note"), keys);
  assert.deepEqual([c.origin, c.size, c.by.short, c.cosigned.length, c.cosigned[0].by.name], ["twoseas/in/in-jp-2022/live", 6, "in+8df7a8db", 1, "jp"]);
  assert.equal(c.cosigned[0].at.toISOString(), "2026-11-22T08:00:00.000Z");
  await unsound(() => proof.openCheckpoint(vector("checkpoint.note"), keys.filter((k) => k.name !== "in")));
  const alone = await proof.openCheckpoint(vector("checkpoint.note"), keys.filter((k) => k.name === "in"));
  assert.equal(alone.cosigned.length, 0);
  assert.equal(alone.unknown.length, 1);
});

test("a note is read as the Go side reads it", async () => {
  for (const name of ["shipment.note", "receipt.note", "rotation.note", "checkpoint.note"]) {
    const n = await proof.openNote(vector(name), keys);
    assert.ok(n.signed.length >= 1 && n.unknown.length === 0, name);
  }
  const good = new TextDecoder().decode(vector("receipt.note"));
  for (const bad of [
    good.slice(0, -1), good + "\n", good.replace("\n\n", "\n"), good.replace("\u2014", "-"), good.replace("\u2014 jp", "\u2014  jp"),
    good + good.slice(good.lastIndexOf("\u2014")), good.replaceAll("\n", "\r\n"), good.replace("live", "li\u0000ve"), "",
  ]) await unsound(() => proof.openNote(new TextEncoder().encode(bad), keys));
});

async function entry(bytes) {
  const e = proof.parseEntry(bytes);
  const c = await proof.openCheckpoint(e.checkpoint, keys);
  await proof.checkInclusion(e.index, e.leaf, e.path, c);
  const n = await proof.openNote(e.leaf, keys);
  return [e.index, c.size, c.origin, c.by.short, c.cosigned.map((s) => s.by.short + s.at), c.unknown, n.signed.map((k) => k.short), n.unknown, n.text].join("|");
}

async function growth(bytes) {
  const g = proof.parseGrowth(bytes);
  const before = await proof.openCheckpoint(g.before, keys), now = await proof.openCheckpoint(g.checkpoint, keys);
  if (before.origin !== now.origin || g.old !== before.size) throw new proof.Unsound("something else");
  await proof.checkConsistency(before.size, before.root, now, g.path);
  return [before, now].map((c) => [c.size, c.origin, c.by.short, c.cosigned.map((s) => s.by.short + s.at), c.unknown]).join("|");
}

for (const [name, check] of [["entry.txt", entry], ["growth.txt", growth]]) {
  test(`${name} holds, and no byte of it is free`, async () => {
    const good = vector(name), said = await check(good);
    for (let i = 0; i < good.length; i++) {
      const bad = good.slice();
      bad[i] ^= 1;
      const says = await check(bad).catch((e) => (e instanceof proof.Unsound || e instanceof TypeError ? "unsound" : Promise.reject(e)));
      assert.notEqual(says, said, `byte ${i}`);
      const cut = await check(good.slice(0, i)).catch(() => "unsound");
      assert.notEqual(cut, said, `cut at ${i}`);
    }
  });
}

// tree makes a whole ledger of leaves, the slow and plain way of RFC 6962.
async function mth(leaves) {
  if (leaves.length === 1) return proof.leafHash(leaves[0]);
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return proof.sha256(Uint8Array.of(1), await mth(leaves.slice(0, k)), await mth(leaves.slice(k)));
}
async function path(m, leaves) {
  if (leaves.length === 1) return [];
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return m < k ? [...(await path(m, leaves.slice(0, k))), await mth(leaves.slice(k))] : [...(await path(m - k, leaves.slice(k))), await mth(leaves.slice(0, k))];
}
async function subproof(m, leaves, whole) {
  if (m === leaves.length) return whole ? [] : [await mth(leaves)];
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return m <= k
    ? [...(await subproof(m, leaves.slice(0, k), whole)), await mth(leaves.slice(k))]
    : [...(await subproof(m - k, leaves.slice(k), false)), await mth(leaves.slice(0, k))];
}

test("every proof of trees up to 17 leaves, and none for another place", async () => {
  const leaves = Array.from({ length: 17 }, (_, i) => Uint8Array.of(i, 7));
  const roots = [];
  for (let n = 1; n <= leaves.length; n++) roots[n] = await mth(leaves.slice(0, n));
  for (let n = 1; n <= leaves.length; n++) {
    const c = { size: n, root: roots[n] };
    for (let m = 0; m < n; m++) {
      const p = await path(m, leaves.slice(0, n));
      await proof.checkInclusion(m, leaves[m], p, c);
      await unsound(() => proof.checkInclusion(m, leaves[(m + 1) % 17], p, c));
      await unsound(() => proof.checkInclusion(m, leaves[m], [...p, roots[1]], c));
      if (p.length) await unsound(() => proof.checkInclusion(m, leaves[m], p.slice(1), c));
      if (n > 1) await unsound(() => proof.checkInclusion((m + 1) % n, leaves[m], p, c));
    }
    for (let m = 1; m <= n; m++) {
      const p = await subproof(m, leaves.slice(0, n), true);
      await proof.checkConsistency(m, roots[m], c, p);
      if (m < n) {
        await unsound(() => proof.checkConsistency(m, roots[m === 1 ? 2 : m - 1], c, p));
        await unsound(() => proof.checkConsistency(m, roots[m], { size: n, root: roots[m] }, p));
        await unsound(() => proof.checkConsistency(m, roots[m], c, []));
        await unsound(() => proof.checkConsistency(m, roots[m], c, [...p, roots[1]]));
      }
      await unsound(() => proof.checkConsistency(n + 1, roots[m], c, p));
    }
  }
});

// a node that serves the vectors, as far as they go
function served(change = {}) {
  const g = proof.parseGrowth(vector("growth.txt"));
  const files = {
    keys: new TextEncoder().encode(keys.map((k) => k.text).join("\n") + "\n"),
    checkpoint: g.checkpoint,
    "entries/2/proof": vector("entry.txt"),
    "since/6": new TextEncoder().encode(new TextDecoder().decode(vector("growth.txt")).replace(/^[\s\S]*\n\nold 6\n/, "old 6\n").replace(/^[\s\S]*?old 6\n/, "old 6\n")),
    ...change,
  };
  return async (p) => { if (!(p in files)) throw new proof.Unsound("not served: " + p); return files[p]; };
}
function shelf() {
  const m = new Map();
  return { getItem: (k) => m.get(k) ?? null, setItem: (k, v) => m.set(k, v) };
}
async function tell(opt) {
  const said = [];
  const sound = await run({ ask: served(opt.change), say: (...s) => said.push(s), store: opt.store ?? shelf(), index: 2, pasted: opt.pasted ?? "" });
  return [sound, said.map((s) => s[0] + ":" + s[1]).join(" "), said];
}

test("the whole way, first without a memory and then with one", async () => {
  const store = shelf();
  const [sound, said] = await tell({ store });
  assert.ok(sound, said);
  assert.equal(said, "keys:note checkpoint:good inclusion:good leaf:good cosigned:good first:note");
  assert.equal(recall(store, "twoseas/in/in-jp-2022/live").size, 12);
  const old = await proof.openCheckpoint(vector("checkpoint.note"), keys);
  remember(store, old);
  const [again, more] = await tell({ store });
  assert.ok(again, more);
  assert.match(more, /consistency:good/);
  assert.equal(recall(store, old.origin).size, 12);
});

test("what was remembered is not forgotten for a fork or a set back ledger", async () => {
  for (const seen of [{ size: 6, root: new Uint8Array(32) }, { size: 13, root: new Uint8Array(32) }]) {
    const store = shelf();
    remember(store, { origin: "twoseas/in/in-jp-2022/live", ...seen });
    const [sound, said] = await tell({ store });
    assert.equal(sound, false);
    assert.match(said, /consistency:bad/);
    assert.equal(recall(store, "twoseas/in/in-jp-2022/live").size, seen.size);
  }
});

test("a ledger that grows meanwhile is looked at again, as a whole", async () => {
  const store = shelf();
  remember(store, await proof.openCheckpoint(vector("checkpoint.note"), keys));
  const ask = served();
  let asked = 0;
  const grows = async (p) => (p === "checkpoint" && asked++ === 0 ? vector("checkpoint.note") : ask(p));
  const said = [];
  assert.ok(await run({ ask: grows, say: (...s) => said.push(s), store, index: 2, pasted: "" }), JSON.stringify(said));
  assert.equal(asked, 2);
  assert.equal(said.filter((s) => s[0] === "checkpoint").length, 1);
});

test("a checkpoint of another ledger is not the one asked for", async () => {
  for (const [origin, want] of [["twoseas/in/in-jp-2022/live", true], ["twoseas/in/in-gb-2027/live", false]]) {
    assert.equal(await run({ ask: served(), say: () => {}, store: shelf(), index: 2, pasted: "", origin }), want);
  }
});

test("pasted keys stand in for those the node offers", async () => {
  assert.match((await tell({ pasted: vkey("in", "first") + "\n" + vkey("jp", "second") }))[1], /^compare:good checkpoint:good/);
  const [sound, said] = await tell({ pasted: vkey("in", "cosigner") });
  assert.equal(sound, false, said);
  const other = await tell({ pasted: vkey("jp", "first") });
  assert.equal(other[0], false);
  assert.match(other[1], /checkpoint:bad/);
});

test("another leaf, another ledger, a lost answer: each is said", async () => {
  const flip = (bytes, i) => { const b = bytes.slice(); b[i] ^= 1; return b; };
  for (const change of [
    { checkpoint: vector("shipment.note") },
    { checkpoint: flip(vector("checkpoint.note"), 3) },
    { "entries/2/proof": flip(vector("entry.txt"), 60) },
    { "entries/2/proof": vector("growth.txt") },
    { keys: new Uint8Array(0) },
  ]) {
    const store = shelf();
    const [sound, said] = await tell({ change, store });
    assert.equal(sound, false, said);
    assert.equal(recall(store, "twoseas/in/in-jp-2022/live"), null, "an unsound state is remembered");
  }
});

// What proves a ledger, checked here and nowhere else: signed notes
// (c2sp.org/signed-note), cosignatures (c2sp.org/tlog-cosignature), checkpoints,
// inclusion and consistency (RFC 6962). It asks nothing of the node but bytes.
// docs/formats/ledger.md says what the bytes are.

// Unsound is what does not hold.
export class Unsound extends Error {}

const utf8 = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// hasEd25519 reports whether this browser can check the signatures at all.
export async function hasEd25519() {
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(32), { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

export async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
}

export function join(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) { out.set(p, at); at += p.length; }
  return out;
}

export function same(a, b) {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

// base64 reads the one spelling of some bytes.
export function base64(text) {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) throw new Unsound("not base64: " + text.slice(0, 40));
  const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  if (toBase64(raw) !== text) throw new Unsound("not the one spelling of base64: " + text.slice(0, 40));
  return raw;
}

export function toBase64(bytes) {
  let s = "";
  for (const b of bytes) s += String.fromCharCode(b);
  return btoa(s);
}

export function hex(bytes) {
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
}

function hash(text) {
  const raw = base64(text);
  if (raw.length !== 32) throw new Unsound("want a hash of 32 bytes, there are " + raw.length);
  return raw;
}

// whole reads a decimal without sign or leading zeroes, up to 2^40.
export function whole(text) {
  if (!/^(?:0|[1-9][0-9]{0,12})$/.test(text) || Number(text) > 2 ** 40) throw new Unsound("want a number: " + text.slice(0, 40));
  return Number(text);
}

// parseKey reads a vkey, side+id+base64, and holds the id to the key.
export async function parseKey(text) {
  const m = /^([a-z][a-z0-9-]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  if (!m) throw new Unsound("want a public key, side+id+base64: " + text.trim().slice(0, 60));
  const raw = base64(m[3]);
  if (raw.length !== 33 || raw[0] !== 1) throw new Unsound("not an Ed25519 key: " + m[1] + "+" + m[2]);
  const key = raw.slice(1);
  const id = await keyID(m[1], 1, key);
  if (id !== m[2]) throw new Unsound("the key id of " + m[1] + "+" + m[2] + " does not fit the key, which has " + id);
  return { name: m[1], id, cosigID: await keyID(m[1], 4, key), key, text: text.trim(), short: m[1] + "+" + id };
}

async function keyID(name, kind, key) {
  return hex((await sha256(utf8.encode(name + "\n"), Uint8Array.of(kind), key)).slice(0, 4));
}

// parseKeys reads one key a line; empty lines are left out.
export async function parseKeys(text) {
  const keys = [];
  for (const line of text.split("\n")) if (line.trim()) keys.push(await parseKey(line));
  return keys;
}

// splitNote takes a note apart strictly: its text with the final newline, and
// its signature lines.
export function splitNote(bytes) {
  let all;
  try { all = strict.decode(bytes); } catch { throw new Unsound("the note is not UTF-8"); }
  const at = all.lastIndexOf("\n\n");
  if (bytes.length > 65535 || at < 0 || !all.endsWith("\n") || at + 2 === all.length) throw new Unsound("not a signed note");
  const text = all.slice(0, at + 1);
  if (text.startsWith("cosignature/v1\n") || /[\u0000-\u0009\u000b-\u001f]/.test(text)) throw new Unsound("not the text of a note");
  const lines = all.slice(at + 2, -1).split("\n").map(signature);
  if (lines.length > 16 || new Set(lines.map((l) => l.name + "+" + l.id)).size !== lines.length) throw new Unsound("a key signs the note twice, or too many do");
  return { text, lines };
}

function signature(line) {
  const m = /^\u2014 ([^\s+]+) (\S+)$/.exec(line);
  if (!m) throw new Unsound("not a signature line: " + line.slice(0, 40));
  const raw = base64(m[2]);
  if (raw.length < 5) throw new Unsound("a signature line without a signature: " + m[1]);
  return { name: m[1], id: hex(raw.slice(0, 4)), sig: raw.slice(4) };
}

// openNote checks every signature and cosignature by a known key. One that does
// not hold is Unsound; those by other keys are listed as unknown.
export async function openNote(bytes, keys) {
  const { text, lines } = splitNote(bytes);
  const out = { text, signed: [], cosigned: [], unknown: [] };
  for (const l of lines) {
    const plain = keys.find((k) => k.name === l.name && k.id === l.id);
    const cosig = keys.find((k) => k.name === l.name && k.cosigID === l.id);
    if (plain) {
      if (!(await holds(plain, l.sig, utf8.encode(text)))) throw new Unsound("the signature by " + plain.short + " does not fit the text");
      out.signed.push(plain);
    } else if (cosig) {
      out.cosigned.push({ by: cosig, at: await cosignedAt(cosig, l.sig, text) });
    } else {
      out.unknown.push(l.name + "+" + l.id);
    }
  }
  return out;
}

async function holds(key, sig, message) {
  if (sig.length !== 64) return false;
  const k = await crypto.subtle.importKey("raw", key.key, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, k, sig, message);
}

async function cosignedAt(key, sig, text) {
  const bad = new Unsound("the cosignature by " + key.name + " does not fit the checkpoint");
  if (sig.length !== 72) throw bad;
  const at = new DataView(sig.buffer, sig.byteOffset, 8).getBigUint64(0);
  if (at === 0n || at > 253402300799n) throw bad;
  const message = utf8.encode("cosignature/v1\ntime " + at + "\n" + text);
  if (!(await holds(key, sig.slice(8), message))) throw bad;
  return new Date(Number(at) * 1000);
}

// parseCheckpoint reads the three lines of a state of a ledger.
export function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.length !== 4 || lines[3] !== "") throw new Unsound("not a checkpoint of three lines");
  const m = /^twoseas\/([a-z][a-z0-9-]*)\/[a-z0-9][a-z0-9-]*\/\S+$/.exec(lines[0]);
  if (!m) throw new Unsound("not a ledger of Twoseas: " + lines[0].slice(0, 80));
  return { origin: lines[0], owner: m[1], size: whole(lines[1]), root: hash(lines[2]) };
}

// openCheckpoint returns a state that a key of the side whose ledger it is has
// signed, and who else stands for it.
export async function openCheckpoint(bytes, keys) {
  const n = await openNote(bytes, keys);
  const c = parseCheckpoint(n.text);
  const by = n.signed.find((k) => k.name === c.owner);
  if (!by) throw new Unsound("no known key of " + c.owner + " signed the checkpoint");
  return { ...c, by, cosigned: n.cosigned.filter((s) => s.by.name !== c.owner), unknown: n.unknown };
}

export const leafHash = (leaf) => sha256(Uint8Array.of(0), leaf);
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

// rootFromPath recomputes the root from a leaf's hash (RFC 9162, 2.1.3.2).
export async function rootFromPath(index, size, leaf, path) {
  if (index < 0 || index >= size) throw new Unsound("leaf " + index + " is not in a ledger of " + size + " leaves");
  let fn = BigInt(index), sn = BigInt(size) - 1n, r = leaf;
  for (const p of path) {
    if (sn === 0n) throw new Unsound("the proof has a hash too many");
    if (fn & 1n || fn === sn) {
      r = await nodeHash(p, r);
      while (!(fn & 1n) && fn !== 0n) { fn >>= 1n; sn >>= 1n; }
    } else {
      r = await nodeHash(r, p);
    }
    fn >>= 1n; sn >>= 1n;
  }
  if (sn !== 0n) throw new Unsound("the proof has a hash too few");
  return r;
}

// checkInclusion holds a leaf to a checkpoint.
export async function checkInclusion(index, leaf, path, checkpoint) {
  const root = await rootFromPath(index, checkpoint.size, await leafHash(leaf), path);
  if (!same(root, checkpoint.root)) throw new Unsound("the leaf and its proof give the root " + toBase64(root) + ", the checkpoint says " + toBase64(checkpoint.root));
}

// checkConsistency holds a later state to an earlier one (RFC 9162, 2.1.4.2).
export async function checkConsistency(oldSize, oldRoot, now, proof) {
  if (oldSize > now.size) throw new Unsound("the ledger had " + oldSize + " leaves and now has " + now.size + ": it was set back");
  if (oldSize === now.size || oldSize === 0) {
    if (proof.length || (oldSize && !same(oldRoot, now.root))) throw new Unsound("two different states of " + now.size + " leaves");
    return;
  }
  let path = [...proof], fn = BigInt(oldSize) - 1n, sn = BigInt(now.size) - 1n;
  if (!path.length) throw new Unsound("the proof of consistency is empty");
  if (!(BigInt(oldSize) & (BigInt(oldSize) - 1n))) path = [oldRoot, ...path];
  while (fn & 1n) { fn >>= 1n; sn >>= 1n; }
  let fr = path[0], sr = path[0];
  for (const c of path.slice(1)) {
    if (sn === 0n) throw new Unsound("the proof of consistency has a hash too many");
    if (fn & 1n || fn === sn) {
      fr = await nodeHash(c, fr);
      sr = await nodeHash(c, sr);
      while (!(fn & 1n) && fn !== 0n) { fn >>= 1n; sn >>= 1n; }
    } else {
      sr = await nodeHash(sr, c);
    }
    fn >>= 1n; sn >>= 1n;
  }
  if (sn !== 0n || !same(fr, oldRoot) || !same(sr, now.root)) {
    throw new Unsound("the ledger of " + now.size + " leaves does not continue the one of " + oldSize + ": something was changed or taken out");
  }
}

// cutLine returns the first line and the rest.
function cutLine(bytes) {
  const at = bytes.indexOf(10);
  if (at < 0) throw new Unsound("the file ends too early");
  return [strict.decode(bytes.subarray(0, at)), bytes.subarray(at + 1)];
}

function expect(bytes, want) {
  const [line, rest] = cutLine(bytes);
  if (line !== want) throw new Unsound("want the line " + want);
  return rest;
}

// counted reads "name <bytes>", so many bytes, and a newline.
function counted(bytes, name) {
  const [line, rest] = cutLine(bytes);
  if (!line.startsWith(name + " ")) throw new Unsound("want the line " + name);
  const n = whole(line.slice(name.length + 1));
  if (n < 1 || n > 65535 || rest.length < n + 1 || rest[n] !== 10) throw new Unsound("want " + n + " bytes and a newline");
  return [rest.subarray(0, n), rest.subarray(n + 1)];
}

// hashes reads the lines of a proof and the empty line after them.
function hashes(bytes) {
  const path = [];
  for (let rest = bytes; ;) {
    let line;
    [line, rest] = cutLine(rest);
    if (line === "") return [path, rest];
    if (path.push(hash(line)) > 63) throw new Unsound("a proof of more than 63 hashes");
  }
}

// parseEntry reads one leaf with its proof, twoseas/entry/v1.
export function parseEntry(bytes) {
  let rest = expect(bytes, "twoseas/entry/v1"), leaf, line, path;
  [leaf, rest] = counted(rest, "leaf");
  rest = expect(rest, "c2sp.org/tlog-proof@v1");
  [line, rest] = cutLine(rest);
  if (!line.startsWith("index ")) throw new Unsound("want the line index");
  const index = whole(line.slice(6));
  [path, rest] = hashes(rest);
  splitNote(rest);
  return { leaf, index, path, checkpoint: rest };
}

// parseSince reads what continues a remembered state: an add-checkpoint
// request of c2sp.org/tlog-witness.
export function parseSince(bytes) {
  let [line, rest] = cutLine(bytes);
  if (!line.startsWith("old ")) throw new Unsound("want the line old");
  const old = whole(line.slice(4));
  let path;
  [path, rest] = hashes(rest);
  splitNote(rest);
  return { old, path, checkpoint: rest };
}

// parseGrowth reads two states of one ledger, twoseas/growth/v1.
export function parseGrowth(bytes) {
  let rest = expect(bytes, "twoseas/growth/v1"), before;
  [before, rest] = counted(rest, "checkpoint");
  return { before, ...parseSince(rest) };
}

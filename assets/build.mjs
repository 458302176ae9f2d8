// Bundles the style sheets, scripts and icons of the pages into
// internal/edge/web/assets/dist: each under a name with the hash of its
// content, with gzip and Brotli variants, and a manifest of the names. Run it
// with `make assets`.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../internal/edge/web/assets/dist");
const src = join(here, "src");

// icons of Tabler's set by what the pages call them.
const icons = {
  overview: "layout-dashboard", waiting: "inbox", threats: "radar-2", imports: "file-import", releases: "checklist",
  exchange: "arrows-exchange", agreements: "file-certificate", ledger: "list-check", audit: "eye-check", people: "users", incidents: "alert-triangle", requests: "lifebuoy", contacts: "address-book", operate: "server-cog",
};

function sprite() {
  const symbols = Object.entries(icons).map(([name, file]) => {
    const svg = readFileSync(join(here, "node_modules/@tabler/icons/icons/outline", file + ".svg"), "utf8");
    const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${inner.trim()}</symbol>`;
  });
  const mark = readFileSync(join(src, "mark.svg"), "utf8");
  const inner = mark.slice(mark.indexOf(">", mark.indexOf("<svg")) + 1, mark.lastIndexOf("</svg>"));
  symbols.push(`<symbol id="mark" viewBox="0 0 32 32">${inner.trim()}</symbol>`);
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

const manifest = {};

function write(name, bytes) {
  const data = Buffer.from(bytes);
  const dot = name.lastIndexOf(".");
  const file = `${name.slice(0, dot)}.${createHash("sha256").update(data).digest("hex").slice(0, 16)}${name.slice(dot)}`;
  writeFileSync(join(out, file), data);
  writeFileSync(join(out, file + ".gz"), gzipSync(data, { level: 9 }));
  writeFileSync(join(out, file + ".br"), brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  manifest[name] = file;
}

mkdirSync(out, { recursive: true });
for (const file of readdirSync(out)) if (file !== ".gitkeep") rmSync(join(out, file));

const entries = readdirSync(src).filter((f) => /\.(js|css)$/.test(f) && !f.startsWith("_"));
const result = await build({
  entryPoints: entries.map((f) => join(src, f)), bundle: true, minify: true, write: false, format: "esm", target: "es2022",
  outdir: out, external: ["*.woff2"], legalComments: "none", nodePaths: [join(here, "node_modules")], logLevel: "warning",
});
for (const f of result.outputFiles) write(f.path.slice(out.length + 1), f.contents);
write("icons.svg", sprite());
write("mark.svg", readFileSync(join(src, "mark.svg")));
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 1));
for (const [name, file] of Object.entries(manifest)) {
  console.log(name.padEnd(16), String(readFileSync(join(out, file)).length).padStart(8), String(readFileSync(join(out, file + ".br")).length).padStart(8), "brotli");
}

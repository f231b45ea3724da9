// Bundles `web/` into `web/dist/` with esbuild: `node build.mjs [FOLDER]`. `cargo xtask generate` runs it.
//
// Each script calls its entry's `start(COZEGATE_SERVED)`. The gateway replaces that one name by JSON when it serves the script
// (`crates/portal/src/scripts/mod.rs`). The output depends on the sources and on esbuild's version only.

import { build } from "esbuild";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const WEB = path.dirname(fileURLToPath(import.meta.url));
const OUTPUT = path.resolve(process.argv[2] ?? path.join(WEB, "dist"));

/** What a `rem` is on our own pages. */
const REM_PX = 16;

const SCRIPTS = [
  { name: "embed.js", entry: "./embed/main.js", isShort: true },
  { name: "window.js", entry: "./window/main.js", isShort: true },
  // The person who installs a userscript reads it first.
  { name: "userscript.js", entry: "./userscript/main.js", isShort: false },
];

/** The style sheet of the shadow root, in the order of the cascade. */
const SHEETS = ["./styles.css", "./chat/chat.css", "./window/window.css"];

/**
 * Bundles a virtual entry in `web/`.
 * @param {"js" | "css"} loader
 * @param {string} contents
 * @param {import("esbuild").BuildOptions} options
 */
async function bundle(loader, contents, options) {
  const { outputFiles } = await build({
    absWorkingDir: WEB,
    bundle: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    stdin: { contents, resolveDir: WEB, sourcefile: "entry", loader },
    target: "es2022",
    // Modules are strict; a classic script has to say so.
    tsconfigRaw: { compilerOptions: { alwaysStrict: true } },
    write: false,
    ...options,
  });
  return outputFiles[0].text;
}

/** A `rem` in a shadow root is the size that the page around chooses, so sizes become pixels. @param {string} css */
function inPixels(css) {
  return css.replace(/(\d*\.?\d+)rem\b/g, (_, number) => `${Number((number * REM_PX).toFixed(4))}px`);
}

await mkdir(OUTPUT, { recursive: true });
for (const { name, entry, isShort } of SCRIPTS) {
  const start = `import { start } from "${entry}";\nstart(COZEGATE_SERVED);\n`;
  const script = await bundle("js", start, { format: "iife", minify: isShort });
  await writeFile(path.join(OUTPUT, name), script);
}
const imports = SHEETS.map((sheet) => `@import "${sheet}";`).join("\n");
const sheet = await bundle("css", imports, { minify: true });
await writeFile(path.join(OUTPUT, "window.css"), inPixels(sheet));

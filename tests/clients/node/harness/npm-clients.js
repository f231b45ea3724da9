// Bundles npm-clients.jsx as a site would.

import path from "node:path";
import { build } from "esbuild";

/** Returns the script. */
export async function npmClients() {
  const result = await build({
    entryPoints: [path.join(import.meta.dirname, "npm-clients.jsx")],
    bundle: true,
    format: "iife",
    platform: "browser",
    define: { "process.env.NODE_ENV": '"production"' },
    write: false,
    logLevel: "silent",
  });
  return result.outputFiles[0].text;
}

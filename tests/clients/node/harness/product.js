// Starts the real cozegate binary (demo, emulator, services) and reads what a stranger can see of it.
//
// Owns the process: it ends with the test file that started it, whatever happened there. Knows the outside only
// (addresses, HTTP, the emulator's control side, the log).

import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const SUFFIX = process.platform === "win32" ? ".exe" : "";
const BINARY = process.env.COZEGATE_BIN ?? path.join(ROOT, "target", "debug", `cozegate${SUFFIX}`);

/** Where tests leave what people may want to look at. */
export const OUTPUT = process.env.COZEGATE_TEST_OUTPUT ?? path.join(ROOT, "target");

// Far above what starting or stopping takes on a loaded machine; these only turn a hang into a failure.
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 30_000;

/** A running cozegate. What its commands have in common: the emulator behind it, and how it begins and ends. */
class Running {
  #process;
  #home;
  #settings = {};

  /** Use `start`. */
  constructor(process, home, emulator) {
    this.#process = process;
    this.#home = home;
    /** What the emulator says about itself: `api_base`, `apps`, `bots` ... */
    this.emulator = emulator;
  }

  /**
   * Starts it and waits until it serves, which its first line of output says.
   * @param {Record<string, string>} [settings] environment variables besides the necessary ones
   * @param {Record<string, string>} [files] what stands in its working directory, by name
   */
  static async start(settings = {}, files = {}) {
    const home = mkdtempSync(path.join(tmpdir(), "cozegate-clients-"));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(home, name), text, { mode: 0o600 });
    try {
      const { child, told } = await launch(home, this.command, settings);
      const running = new this(child, home, told);
      running.#settings = settings;
      return running;
    } catch (error) {
      rmSync(home, { recursive: true, force: true });
      throw error;
    }
  }

  /** Asks it to end as an operator would, and waits until it has. */
  async stop() {
    await this.halt("SIGTERM");
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** Ends the process and leaves its files; `SIGKILL` is a crash. */
  async halt(signal) {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    const watchdog = setTimeout(() => this.#process.kill("SIGKILL"), STOP_DEADLINE_MS);
    this.#process.kill(signal);
    await ended;
    clearTimeout(watchdog);
  }

  /** Starts it again after `halt`, with the same files, and with `command` for what it was told on its command line. */
  async launchAgain(command) {
    this.#process = (await launch(this.#home, command, this.#settings)).child;
  }

  /** The path of a file in its working directory. */
  file(name) {
    return path.join(this.#home, name);
  }

  /** Writes a file of its working directory anew, makes it read its configuration again, and waits until that is in force. */
  async readAgain(name, text) {
    const said = () => readFileSync(path.join(this.#home, "stderr.log"), "utf8").split("was read again").length;
    const before = said();
    writeFileSync(path.join(this.#home, name), text);
    this.#process.kill("SIGHUP");
    const deadline = Date.now() + START_DEADLINE_MS;
    while (said() === before) {
      if (Date.now() > deadline) throw new Error("it did not read its configuration again");
      await delay(20);
    }
  }

  /** The emulator's JWT app with its private key. */
  jwtApp() {
    const app = this.app("jwt");
    return { ...app, private_key: readFileSync(app.private_key_file, "ascii") };
  }

  /** The emulator's app of one client type: `client_id`, `name`, and what else belongs to the type. */
  app(kind) {
    return this.emulator.apps.find((app) => app.kind === kind);
  }

  /** The id of the published bot whose name holds `name`. */
  bot(name) {
    return this.emulator.bots.find((bot) => bot.name.includes(name) && bot.published).id;
  }

  /** What the platform's double has received after the sequence number `since`, oldest first. */
  async journal(since = 0) {
    const answer = await fetch(`${this.emulator.api_base}/_emulator/journal?since=${since}`);
    return (await answer.json()).requests;
  }

  /** Tells the double's control side to do something; the paths are those under `/_emulator`. */
  async order(path, order) {
    const url = `${this.emulator.api_base}/_emulator/${path}`;
    const answer = await fetch(url, { method: "PUT", body: JSON.stringify(order) });
    if (!answer.ok) throw new Error(`PUT /_emulator/${path} answered ${answer.status}: ${await answer.text()}`);
  }

  /** Lets no answer of a bot go beyond its first `deltas` deltas. */
  holdAnswersAfter(deltas) {
    return this.order("pace", { hold_after: deltas });
  }

  /** Lets all answers go on. */
  releaseAnswers() {
    return this.order("pace", {});
  }
}

/** A running `cozegate demo`. */
export class Product extends Running {
  static command = ["demo", ...["proxy", "auth", "emulator"].map((listener) => `--${listener}-addr=127.0.0.1:0`)];

  /** Use `Product.start`. */
  constructor(process, home, told) {
    super(process, home, told.emulator);
    /** The proxy's address, without a slash at the end. */
    this.proxy = told.proxy;
    /** The auth service's address. */
    this.auth = told.auth;
  }

  /** Opens a new visitor's session; returns `{ handle, user, ... }`. */
  async openSession() {
    const answer = await fetch(`${this.auth}/auth/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    if (!answer.ok) throw new Error(`POST /auth/session answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }
}

/** A running `cozegate emulator`: the platform's double alone, whose bots speak without pauses. */
export class Emulator extends Running {
  static command = ["emulator", "--addr=127.0.0.1:0"];

  /** Use `Emulator.start`. */
  constructor(process, home, told) {
    super(process, home, told);
    /** The address of its API, without a slash at the end. */
    this.apiBase = told.api_base;
    /** The address of its pages. */
    this.wwwBase = told.www_base;
    this.userId = told.user_id;
    this.workspaceId = told.workspace_id;
  }

  static async start(settings = {}) {
    const emulator = await super.start(settings);
    await emulator.order("pace", { delta_spacing_ms: 0 });
    return emulator;
  }

  /** Lets the owner of `app` switch it off, and on again after `meanwhile`. */
  async deactivated(app, meanwhile) {
    await this.order(`apps/${app.client_id}`, { disabled: true });
    try {
      await meanwhile();
    } finally {
      await this.order(`apps/${app.client_id}`, { disabled: false });
    }
  }
}

/**
 * A running `cozegate serve` in front of an emulator, with one app per client type, called like its type. `web` is the
 * default; logins come back to the service.
 */
export class Served extends Running {
  static command = ["serve", "--proxy-addr=127.0.0.1:0", "--auth-addr=127.0.0.1:0"];

  /** Use `Served.before`. */
  constructor(process, home, told) {
    super(process, home, undefined);
    /** The proxy's address, without a slash at the end. */
    this.proxy = told.proxy;
    /** The auth service's address. */
    this.auth = told.auth;
  }

  /**
   * Starts it in front of `emulator`.
   * @param {Emulator} emulator
   * @param {Record<string, string>} [settings] environment variables, which outweigh the file
   */
  static async before(emulator, settings = {}) {
    // Which port it gets is known when it has got it.
    const toml = (auth) => configuration(emulator, `${auth}/callback`);
    const served = await this.start(settings, { "cozegate.toml": toml("http://127.0.0.1:8081"), ...secrets(emulator) });
    served.emulator = emulator.emulator;
    for (const kind of ["web", "pkce"]) {
      await emulator.order(`apps/${emulator.app(kind).client_id}`, { redirect_uris: [`${served.auth}/callback`] });
    }
    await served.readAgain("cozegate.toml", toml(served.auth));
    return served;
  }

  /**
   * Starts it in public mode, with the JWT app alone; visitors reach both services at `origin`, and pages of `origins` may
   * use them.
   */
  static async publicly(emulator, origin, origins) {
    const toml = [
      'mode = "public"',
      jwtApp(emulator),
      "[server]",
      `auth_url = "${origin}"`,
      `proxy_url = "${origin}"`,
      'trusted_proxies = ["127.0.0.1"]',
      "[cors]",
      `origins = ${JSON.stringify(origins)}`,
      "[sites.main]",
      `bots = ${JSON.stringify(emulator.emulator.bots.map((bot) => bot.id))}`,
      "[visitors]",
      'kinds = ["anonymous"]',
      'secret_file = "visitors.secret"',
      "[limits]",
      "sessions_per_minute = 0",
    ].join("\n");
    const served = await this.start({}, { "cozegate.toml": toml, ...secrets(emulator) });
    served.emulator = emulator.emulator;
    return served;
  }

  /** Starts it again after `halt`, at the addresses that it had. */
  async begin() {
    const at = (base) => new URL(base).host;
    await this.launchAgain(["serve", `--proxy-addr=${at(this.proxy)}`, `--auth-addr=${at(this.auth)}`]);
  }
}

function configuration(emulator, redirectUri) {
  const redirect = `redirect_uri = "${redirectUri}"`;
  return [
    'default_app = "web"',
    appSection(emulator, "web", 'client_secret_file = "client_secret"', redirect),
    appSection(emulator, "pkce", redirect),
    appSection(emulator, "device"),
    jwtApp(emulator),
  ].join("\n");
}

function jwtApp(emulator) {
  const keyId = emulator.app("jwt").public_key_id;
  return appSection(emulator, "jwt", `public_key_id = "${keyId}"`, 'private_key_file = "private_key.pem"');
}

function appSection(emulator, kind, ...lines) {
  return [
    `[apps.${kind}]`,
    `kind = "${kind}"`,
    `api_base = "${emulator.apiBase}"`,
    `client_id = "${emulator.app(kind).client_id}"`,
    ...lines,
  ].join("\n");
}

function secrets(emulator) {
  return { client_secret: emulator.app("web").client_secret, "private_key.pem": emulator.jwtApp().private_key };
}

/** Starts the process and reads its first line. */
async function launch(home, command, settings) {
  const log = openSync(path.join(home, "stderr.log"), "a");
  const child = spawn(BINARY, [...command, "--json"], {
    cwd: home,
    env: environment(home, settings),
    stdio: ["ignore", "pipe", log],
  });
  closeSync(log);
  // The runner ends a file that hangs; the product must not outlive it.
  const lastResort = () => child.kill("SIGKILL");
  process.once("exit", lastResort);
  child.once("exit", () => process.removeListener("exit", lastResort));

  const watchdog = setTimeout(() => child.kill("SIGKILL"), START_DEADLINE_MS);
  try {
    return { child, told: JSON.parse(await firstLine(child)) };
  } catch (error) {
    child.kill("SIGKILL");
    const said = readFileSync(path.join(home, "stderr.log"), "utf8");
    throw new Error(`${BINARY} told no addresses on its first line; it said:\n${said}`, { cause: error });
  } finally {
    clearTimeout(watchdog);
  }
}

/** An environment without anybody's settings: ours would make the tests pass here and fail elsewhere. */
function environment(home, settings) {
  const kept = ["PATH", "SYSTEMROOT", "TEMP", "TMP"].filter((name) => process.env[name] !== undefined);
  const own = Object.fromEntries(kept.map((name) => [name, process.env[name]]));
  return { ...own, HOME: home, USERPROFILE: home, LANG: "C.UTF-8", ...settings };
}

async function firstLine(child) {
  const lines = createInterface({ input: child.stdout });
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  const read = (async () => {
    for await (const line of lines) return line;
    throw new Error("it ended without a line");
  })();
  failed.catch(() => {});
  return Promise.race([read, failed]);
}

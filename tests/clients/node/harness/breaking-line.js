// A line between browser and gateway that breaks at one request: the gateway gets it, the browser gets nothing.

import { once } from "node:events";
import net from "node:net";

export class BreakingLine {
  #server;
  /** The gateway's name: to others it does not answer. */
  #host;
  /** With what the request begins at which it breaks, once. */
  #breakAt = null;

  /** Use `BreakingLine.start`. */
  constructor(server, host) {
    this.#server = server;
    this.#host = host;
    this.origin = `http://127.0.0.1:${server.address().port}`;
  }

  /** @param {string} target an `http://` address */
  static async start(target) {
    const { host, hostname, port } = new URL(target);
    const server = net.createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const line = new BreakingLine(server, host);
    server.on("connection", (browser) => line.#join(browser, net.connect(Number(port), hostname)));
    return line;
  }

  breakAt(beginning) {
    this.#breakAt = beginning;
  }

  stop() {
    this.#server.close();
  }

  #join(browser, gateway) {
    let isBreaking = false;
    browser.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      if (this.#breakAt && text.startsWith(this.#breakAt)) {
        this.#breakAt = null;
        isBreaking = true;
      }
      gateway.write(text.replace(`Host: ${new URL(this.origin).host}`, `Host: ${this.#host}`), "latin1");
    });
    gateway.on("data", (bytes) => {
      // The gateway has answered, so the platform has the request.
      if (isBreaking) browser.resetAndDestroy();
      else browser.write(bytes);
    });
    for (const [one, other] of [
      [browser, gateway],
      [gateway, browser],
    ]) {
      one.on("close", () => other.destroy());
      one.on("error", () => other.destroy());
    }
  }
}

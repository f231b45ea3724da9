// A site of somebody else, with pages that a test writes, and the host that has the Chat SDK's script.

import { once } from "node:events";
import http from "node:http";

/** A server on a port of its own. */
export class Site {
  #server;

  constructor(server, host) {
    this.#server = server;
    this.origin = `http://${host}:${server.address().port}`;
  }

  /**
   * @param {(url: URL) => { type?: string, headers?: Record<string, string>, body?: string, status?: number } | undefined} answerTo may be asynchronous
   * @param {string} [host] by which browsers call it; for them `localhost` is another site than `127.0.0.1`
   */
  static async start(answerTo, host = "127.0.0.1") {
    const server = http.createServer(async (request, response) => {
      const { type = "text/html; charset=utf-8", headers = {}, body = "", status = 200 } =
        (await answerTo(new URL(request.url, "http://site"))) ?? { status: 404 };
      response.writeHead(status, { "content-type": type, ...headers }).end(body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Site(server, host);
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** A page with `head` in it. */
export const page = (head, body = "<h1>A shop</h1><p>Something to buy.</p>") =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`;

/** Our tag, as a site would write it. */
export function tag(auth, attributes) {
  const written = Object.entries(attributes).map(([name, value]) => ` data-${name}="${String(value).replaceAll('"', "&quot;")}"`);
  return `<script src="${auth}/embed.js"${written.join("")} async></script>`;
}

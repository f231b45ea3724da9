// cozegate in public mode, as visitors meet it: behind a reverse proxy of the operator's, one host for both services.

import { once } from "node:events";
import http from "node:http";
import { Served } from "./product.js";

/** What the proxy of cozegate answers; everything else is for the auth service. */
const PROXY_PATHS = /^\/(v1|v3|open_api)\/|^\/https(:|%3A)/i;

/** A reverse proxy on a port of its own, as docs/guides/embed.md sets nginx up. */
export class ReverseProxy {
  #server;
  /** Where the services are: `{ proxy, auth }`, once they listen. */
  behind = undefined;

  static async start() {
    const reverse = new ReverseProxy();
    reverse.#server = http.createServer((request, response) => reverse.#pass(request, response));
    reverse.#server.listen(0, "127.0.0.1");
    await once(reverse.#server, "listening");
    /** By which visitors call it. For browsers `localhost` is another site than `127.0.0.1`. */
    reverse.origin = `http://localhost:${reverse.#server.address().port}`;
    return reverse;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #pass(request, response) {
    const base = PROXY_PATHS.test(request.url) ? this.behind.proxy : this.behind.auth;
    const headers = { ...request.headers, "x-forwarded-for": request.socket.remoteAddress };
    const onward = http.request(base + request.url, { method: request.method, headers });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  }
}

/** Starts cozegate behind `reverse`, in front of `emulator`; pages of `origins` may use it. */
export async function servePublic(emulator, reverse, origins) {
  const served = await Served.publicly(emulator, reverse.origin, origins);
  reverse.behind = { proxy: served.proxy, auth: served.auth };
  return served;
}

// A gateway whose policy refuses everything, on HTTP and on WebSocket, and which counts how often it is asked.

import { once } from "node:events";
import http from "node:http";

/** What the gateway answers (docs/reference/problems.md). */
export const REFUSAL = {
  type: "urn:cozegate:problem:operation-not-allowed",
  title: "This operation is not allowed for visitors",
  status: 403,
  detail: "The site does not allow this operation.",
  code: 990403,
  msg: "This operation is not allowed for visitors",
  operation: "refused",
  setting: "sites.main.allow",
};

const HEADERS = { "content-type": "application/problem+json", "x-request-id": "r1" };

export class RefusingGateway {
  #server;
  /** `METHOD /path` of each request, in order. */
  asked = [];

  static async start() {
    const gateway = new RefusingGateway();
    gateway.#server = http.createServer((request, response) => {
      gateway.#note(request);
      request.resume().on("end", () => response.writeHead(403, HEADERS).end(JSON.stringify(REFUSAL)));
    });
    gateway.#server.on("upgrade", (request, socket) => {
      gateway.#note(request);
      const body = JSON.stringify(REFUSAL);
      const head = Object.entries({ ...HEADERS, "content-length": Buffer.byteLength(body), connection: "close" });
      const lines = ["HTTP/1.1 403 Forbidden", ...head.map(([name, value]) => `${name}: ${value}`)];
      socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
    });
    gateway.#server.listen(0, "127.0.0.1");
    await once(gateway.#server, "listening");
    gateway.origin = `http://127.0.0.1:${gateway.#server.address().port}`;
    return gateway;
  }

  #note({ method, url }) {
    this.asked.push(`${method} ${url.split("?")[0]}`);
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

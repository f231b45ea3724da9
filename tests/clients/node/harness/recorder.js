// Records what clients send to the proxy, in a form that another suite can replay: ids, users, handles and addresses are
// placeholders, so a record holds no secret and does not change from run to run.

import { once } from "node:events";
import http from "node:http";

/** Fields that belong to a connection, or that the sender of the replay makes. */
const LEFT_OUT = new Set(["connection", "content-length", "cookie", "host", "keep-alive", "transfer-encoding"]);

const ID = String.raw`\d{15,20}`;
/** Where an id stands, and what it is. The text around it is kept. */
const PLACES = [
  [`(/v1/conversations/)${ID}`, "conversation_id"],
  [`(/messages/)${ID}`, "message_id"],
  [String.raw`(\bconversation_id(?:=|\\*":\s*\\*"))${ID}`, "conversation_id"],
  [String.raw`(\bchat_id(?:=|\\*":\s*\\*"))${ID}`, "chat_id"],
  [String.raw`(\b(?:message|after|before)_id(?:=|\\*":\s*\\*"))${ID}`, "message_id"],
  [String.raw`(\bfile_id(?:=|\\*":\s*\\*"))${ID}`, "file_id"],
].map(([form, name]) => [new RegExp(form, "g"), `$1{{${name}}}`]);

export class Recorder {
  #server;
  #target = "";
  /** Which client is at work. */
  client = "";
  /** Texts that are replaced: users, origins. @type {Map<string, string>} */
  #names = new Map();
  /** The records as lines of JSON, each once, in the order in which they came. @type {Set<string>} */
  lines = new Set();

  /** Starts a server that forwards to the proxy of `pointAt` and records what it forwards. */
  static async start() {
    const recorder = new Recorder();
    recorder.#server = http.createServer((request, response) => recorder.#forward(request, response));
    recorder.#server.listen(0, "127.0.0.1");
    await once(recorder.#server, "listening");
    recorder.origin = `http://127.0.0.1:${recorder.#server.address().port}`;
    recorder.name(recorder.origin, "proxy_origin");
    return recorder;
  }

  pointAt(proxy) {
    this.#target = proxy;
    this.name(proxy, "proxy_origin");
  }

  /** Replaces `text` by `{{placeholder}}` in each record from now on. */
  name(text, placeholder) {
    this.#names.set(text, `{{${placeholder}}}`);
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /**
   * Records one request.
   * @param {{ method: string, target: string, headers: Record<string, string>, body: string }} request
   */
  note({ method, target, headers, body }) {
    const boundary = /boundary=([^;\s]+)/.exec(headers["content-type"] ?? "")?.[1];
    const plain = (text) => {
      let named = boundary ? text.replaceAll(boundary, "recorded-boundary") : text;
      for (const [found, placeholder] of this.#names) named = named.replaceAll(found, placeholder);
      for (const [form, placeholder] of PLACES) named = named.replace(form, placeholder);
      return named;
    };
    const kept = Object.entries(headers)
      .filter(([name]) => !LEFT_OUT.has(name))
      .map(([name, value]) => [name, name === "authorization" ? "Bearer {{handle}}" : plain(String(value))]);
    const sorted = Object.fromEntries(kept.sort(([one], [other]) => (one < other ? -1 : 1)));
    this.lines.add(JSON.stringify({ client: this.client, method, target: plain(target), headers: sorted, body: plain(body) }));
  }

  #forward(request, response) {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      const { method, url, headers } = request;
      const body = Buffer.concat(pieces);
      // Preflights are the browser's, and files are asked for by pages and not by visitors.
      if (method !== "OPTIONS" && !url.startsWith("/http")) this.note({ method, target: url, headers, body: body.toString("utf8") });
      const target = new URL(url, this.#target);
      const forwarded = http.request(target, { method, headers: { ...headers, host: target.host } }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      forwarded.on("error", () => response.destroy());
      response.on("close", () => forwarded.destroy());
      forwarded.end(body);
    });
  }
}

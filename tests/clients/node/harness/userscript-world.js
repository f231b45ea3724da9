// The script in one document, as its manager sees it: runs it, does what it asks for, and tells it what comes of that.

import http from "node:http";

/** The script in one document. */
export class World {
  menu = new Map();
  #manager;
  #kind;
  #cdp;
  #contextId;
  #requests = new Map();

  constructor(manager, kind, cdp, contextId) {
    this.#manager = manager;
    this.#kind = kind;
    this.#cdp = cdp;
    this.#contextId = contextId;
  }

  async run(expression) {
    const answer = await this.#evaluate(expression);
    if (answer?.exceptionDetails) console.error("the userscript threw", answer.exceptionDetails.exception?.description);
  }

  /** Calls what the world has for us. */
  call(name, ...args) {
    return this.#evaluate(`gmFromManager.${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`);
  }

  async #evaluate(expression) {
    try {
      // A manager's world has no tools' privilege to evaluate texts.
      return await this.#cdp.send("Runtime.evaluate", {
        expression,
        contextId: this.#contextId,
        allowUnsafeEvalBlockedByCSP: false,
      });
    } catch {
      // The document is gone.
      return undefined;
    }
  }

  /** Takes what the script asks its manager for. */
  take(message) {
    const manager = this.#manager;
    switch (message.type) {
      case "value":
        if (message.json === null) manager.values.delete(message.name);
        else manager.values.set(message.name, message.json);
        break;
      case "menu":
        if (message.label === null) this.menu.delete(message.id);
        else this.menu.set(message.id, message.label);
        break;
      case "notification":
        manager.notifications.push(message.text);
        break;
      case "clipboard":
        manager.clipboard = message.text;
        break;
      case "element":
        this.#addElement(message);
        break;
      case "request":
        this.#send(message);
        break;
      case "abort":
        this.#requests.get(message.id)?.();
        break;
      default:
        throw new Error(`the script said ${message.type}`);
    }
  }

  /** The document is gone, and with it who asked. */
  end() {
    for (const abort of this.#requests.values()) abort();
  }

  /** Runs a script element's code in the page's own world, past its policy. */
  async #addElement({ code, src }) {
    const text =
      code ??
      (await fetch(src).then(
        (answer) => answer.text(),
        () => "",
      )) ??
      "";
    await this.#cdp.send("Runtime.evaluate", { expression: text }).catch(() => undefined);
  }

  #send({ id, method, url, headers, body, contentType, anonymous }) {
    const manager = this.#manager;
    const made = {
      method,
      url,
      headers,
      body: body ? Buffer.from(body, "base64").toString("utf8") : "",
      chunks: 0,
      isAborted: false,
    };
    manager.requests.push(made);
    if (!manager.mayConnect(url)) {
      const error = `Refused to connect to "${url}": URL is not a part of the @connect list`;
      this.call("failed", id, { error });
      return;
    }
    const { hostname } = new URL(url);
    const jar = manager.cookies(hostname);
    const cookie = anonymous ? "" : [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const sent = {
      "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/146.0",
      accept: "*/*",
      "sec-fetch-site": "none",
      "sec-fetch-mode": "cors",
      "sec-fetch-dest": "empty",
      ...(contentType ? { "content-type": contentType } : {}),
      ...(cookie ? { cookie } : {}),
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    };
    made.sent = sent;
    const request = http.request(url, { method, headers: sent }, (answer) => {
      made.status = answer.statusCode;
      for (const line of anonymous ? [] : (answer.headers["set-cookie"] ?? [])) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
        jar.set(name, value);
      }
      const lines = [];
      for (let index = 0; index < answer.rawHeaders.length; index += 2) {
        lines.push(`${answer.rawHeaders[index].toLowerCase()}: ${answer.rawHeaders[index + 1]}`);
      }
      this.call("head", id, {
        status: answer.statusCode,
        statusText: answer.statusMessage,
        responseHeaders: `${lines.join("\r\n")}\r\n`,
        finalUrl: url,
      });
      answer.on("data", (bytes) => {
        made.chunks += 1;
        this.call("chunk", id, bytes.toString("base64"));
      });
      answer.on("end", () => this.call("end", id));
      answer.on("error", () => this.call("failed", id, { error: "" }));
    });
    request.on("error", () => {
      if (!made.isAborted) this.call("failed", id, { error: "" });
    });
    request.on("close", () => {
      this.#requests.delete(id);
      manager.told();
    });
    this.#requests.set(id, () => {
      made.isAborted = true;
      request.destroy();
    });
    request.end(body ? Buffer.from(body, "base64") : undefined);
  }
}

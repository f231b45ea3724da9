// A person with a browser that knows no scripts: opens pages, types into them and presses their buttons.
//
// Sends what a browser would send for the page as it is. Where a redirect leaves the platform the person stops: nobody
// listens at the addresses of the emulator's apps, and who wants to know what would have arrived there reads `address`.

/** Somebody with an account at the platform. */
export class Person {
  #wwwBase;

  /** @param {string} wwwBase where the platform's pages are */
  constructor(wwwBase) {
    this.#wwwBase = new URL(wwwBase);
    /** @type {URL} what the browser shows in its address bar */
    this.address = undefined;
    /** @type {{ status: number, text: string, form: Form | undefined } | undefined} the page, unless it is elsewhere */
    this.page = undefined;
  }

  /** Opens an address and follows redirects. */
  async open(address) {
    await this.#send(new URL(address), {});
  }

  /** Types into a field of the page's form. */
  type(name, text) {
    const { fields } = this.page.form;
    if (!fields.has(name)) throw new Error(`no field ${name} on ${this.address}`);
    fields.set(name, text);
  }

  /** Presses the button whose label holds `label`. */
  async press(label) {
    const { method, fields, buttons } = this.page.form;
    const button = buttons.find((button) => button.label.includes(label));
    if (!button) throw new Error(`no button ${label} on ${this.address}`);
    const sent = new URLSearchParams(fields);
    if (button.name) sent.set(button.name, button.value);
    const target = new URL(this.address);
    if (method === "get") {
      target.search = sent;
      await this.#send(target, {});
    } else {
      await this.#send(target, { method: "POST", body: sent, headers: { origin: target.origin } });
    }
  }

  /** Opens an address that asks for consent, and gives it; returns what the browser then tells the app. */
  approve(address) {
    return this.#decide(address, "Approve");
  }

  /** The same with a no. */
  deny(address) {
    return this.#decide(address, "Deny");
  }

  async #decide(address, label) {
    await this.open(address);
    await this.press(label);
    return Object.fromEntries(this.address.searchParams);
  }

  async #send(address, request) {
    const answer = await fetch(address, { ...request, redirect: "manual" });
    this.address = address;
    const location = answer.headers.get("location");
    if (location === null) {
      const text = await answer.text();
      this.page = { status: answer.status, text, form: readForm(text) };
      return;
    }
    await answer.body?.cancel();
    const next = new URL(location, address);
    if (next.origin === this.#wwwBase.origin) return this.#send(next, {});
    this.address = next;
    this.page = undefined;
  }
}

/**
 * Reads the only form of a page. It is no parser of HTML: the pages are the emulator's, and what is not found is missed
 * by the test that looks for it.
 * @returns {Form | undefined}
 *
 * @typedef {{ method: string, fields: Map<string, string>, buttons: Button[] }} Form it goes to the page's own address
 * @typedef {{ name: string, value: string, label: string }} Button
 */
function readForm(html) {
  const form = html.match(/<form ([^>]*)>(.*?)<\/form>/s);
  if (!form) return undefined;
  const [, head, inside] = form;
  if (attribute(head, "action")) throw new Error("a form that goes elsewhere");
  const inputs = [...inside.matchAll(/<input ([^>]*)>/g)].map(([, input]) => input);
  const buttons = [...inside.matchAll(/<button([^>]*)>([^<]*)<\/button>/g)];
  return {
    method: attribute(head, "method"),
    fields: new Map(inputs.map((input) => [attribute(input, "name"), attribute(input, "value")])),
    buttons: buttons.map(([, button, label]) => ({
      name: attribute(button, "name"),
      value: attribute(button, "value"),
      label,
    })),
  };
}

const attribute = (tag, name) => tag.match(new RegExp(`(?:^|\\s)${name}="([^"]*)"`))?.[1] ?? "";

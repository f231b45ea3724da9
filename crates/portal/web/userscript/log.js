// What happened, for people who look for a mistake: the newest lines, without anything secret, to be copied from the menu.

const KEPT_LINES = 400;
const LONGEST_LINE = 600;

/** Forms of what nobody may read: handles, visitor passes, Coze's tokens, JWTs, credentials in headers and addresses. */
const SECRETS = [
  /\b(?:cg[hv]|cz[su]|pat|sat)_[\w-]{6,}/g,
  /\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g,
  /\bBearer(?:\s|%20|\+)+[^\s"',&]+/gi,
  /\b(?:authorization|access_token|refresh_token|token|pairing)["']?\s*[=:]\s*["']?[^\s"',&}]+/gi,
];

/** The debug log. */
export class DebugLog {
  /** @type {string[]} */
  #lines = [];
  #secrets;
  #now;
  #echo;

  /**
   * @param {object} parts
   * @param {string[]} [parts.secrets] exact texts to leave out
   * @param {() => number} [parts.now]
   * @param {(line: string) => void} [parts.echo] is told each line as well
   */
  constructor({ secrets = [], now = Date.now, echo = () => undefined }) {
    this.#secrets = secrets.filter(Boolean);
    this.#now = now;
    this.#echo = echo;
  }

  /**
   * Adds a line.
   * @param {string} what
   * @param {unknown} [detail] an error or something that reads well
   */
  add(what, detail) {
    const text = detail === undefined ? what : `${what}: ${said(detail)}`;
    const line = `${new Date(this.#now()).toISOString()} ${this.#redacted(text)}`.slice(0, LONGEST_LINE);
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    this.#echo(line);
  }

  /** Returns all lines. */
  text() {
    return this.#lines.join("\n");
  }

  /** @param {string} text */
  #redacted(text) {
    let safe = text.replace(/[\r\n]+/g, " ");
    for (const secret of this.#secrets) safe = safe.replaceAll(secret, "•••");
    for (const form of SECRETS) safe = safe.replace(form, "•••");
    return safe;
  }
}

/** @param {unknown} detail */
function said(detail) {
  if (detail instanceof Error) {
    const cause = detail.cause instanceof Error ? ` (${detail.cause.message})` : "";
    return `${detail.name}: ${detail.message}${cause}`;
  }
  return typeof detail === "string" ? detail : (JSON.stringify(detail) ?? String(detail));
}

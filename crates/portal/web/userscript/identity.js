// Who this browser is: "time of first use + random", made once and kept (row R4 of the documents that this began with).
//
// In local mode it is the `session_name`: whoever knows it reads the history, so the random part cannot be guessed. The
// name that an older script kept is taken over, with its history.

const KEY = "cozegate_user";
/** Where the first scripts of this kind kept it. */
const LEGACY_KEY = "coze_session_name";

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
const RANDOM_LENGTH = 20;
/** What `session_name` may be: the gateway refuses others. */
const NAME = /^[\w.:@-]{1,128}$/;
const EXPORT_KIND = "cozegate-user";

/** The id of this browser's user. */
export class Identity {
  #store;
  #now;
  #fill;

  /**
   * @param {import("./store.js").Store} store
   * @param {{ now?: () => number, fill?: (bytes: Uint8Array) => Uint8Array }} [parts]
   */
  constructor(store, { now = Date.now, fill = (bytes) => crypto.getRandomValues(bytes) } = {}) {
    this.#store = store;
    this.#now = now;
    this.#fill = fill;
  }

  /** Returns the id; makes it the first time. */
  get id() {
    const kept = this.#store.read(KEY);
    if (isName(kept)) return kept;
    const legacy = this.#store.read(LEGACY_KEY);
    return this.#keep(isName(legacy) ? legacy : this.#made());
  }

  /** Becomes somebody new; the old id is gone unless somebody has written it down. */
  renew() {
    return this.#keep(this.#made());
  }

  /** Returns what `import` takes back, for people to keep. */
  export() {
    return JSON.stringify({ kind: EXPORT_KIND, id: this.id });
  }

  /**
   * Becomes who an exported text, or a bare id, names.
   * @param {string} text
   * @returns {boolean} false when it names nobody
   */
  import(text) {
    const id = readExport(text.trim());
    if (!isName(id)) return false;
    this.#keep(id);
    return true;
  }

  /** @param {string} id */
  #keep(id) {
    this.#store.write(KEY, id);
    return id;
  }

  #made() {
    return `session_${this.#now().toString(36)}_${randomDigits(this.#fill)}`;
  }
}

/**
 * @param {unknown} value
 * @returns {value is string}
 */
function isName(value) {
  return typeof value === "string" && NAME.test(value);
}

/** @param {string} text */
function readExport(text) {
  if (!text.startsWith("{")) return text;
  try {
    const { kind, id } = JSON.parse(text);
    return kind === EXPORT_KIND ? id : null;
  } catch {
    return null;
  }
}

/** @param {(bytes: Uint8Array) => Uint8Array} fill */
function randomDigits(fill) {
  let digits = "";
  while (digits.length < RANDOM_LENGTH) {
    for (const byte of fill(new Uint8Array(RANDOM_LENGTH))) {
      // Bytes above a multiple of 36 would make some digits likelier than others.
      if (byte < 252 && digits.length < RANDOM_LENGTH) digits += DIGITS[byte % DIGITS.length];
    }
  }
  return digits;
}

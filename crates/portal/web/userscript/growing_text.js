// Cuts a text that is told again and again, each time longer, into what is new each time.

/** How much of the end of what was seen is compared, to notice a text that is no continuation. */
const COMPARED = 64;

/** A text that grows. */
export class GrowingText {
  #seen = "";
  #isLost = false;

  /**
   * Takes the text as it is now; returns what is new. A manager that tells something else than it began with is not
   * believed again before the end.
   * @param {string | undefined} text
   * @returns {string}
   */
  grow(text) {
    if (!text || this.#isLost) return "";
    if (!continues(text, this.#seen)) {
      this.#isLost = true;
      return "";
    }
    return this.#take(withoutHalfCharacter(text));
  }

  /**
   * Takes the whole text; returns what was not given out yet, or null when what was given out is not its beginning. A
   * manager that names no text at the end has told all of it before.
   * @param {string | undefined} text
   * @returns {string | null}
   */
  end(text) {
    if (text === undefined) return this.#isLost ? null : "";
    if (!text.startsWith(this.#seen)) return null;
    return this.#take(text);
  }

  /** @param {string} text */
  #take(text) {
    const rest = text.slice(this.#seen.length);
    if (rest) this.#seen = text;
    return rest;
  }
}

/**
 * @param {string} text
 * @param {string} seen
 */
function continues(text, seen) {
  const from = Math.max(0, seen.length - COMPARED);
  return text.length >= seen.length && text.startsWith(seen.slice(from), from);
}

/**
 * A character outside the basic plane may have come with its first half only.
 * @param {string} text
 */
function withoutHalfCharacter(text) {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}

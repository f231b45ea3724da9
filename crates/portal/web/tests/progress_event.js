// The class of progress events, which Node has not.

class ProgressEvent extends Event {
  /**
   * @param {string} type
   * @param {{ loaded?: number, total?: number, lengthComputable?: boolean }} [init]
   */
  constructor(type, { loaded = 0, total = 0, lengthComputable = false } = {}) {
    super(type);
    Object.assign(this, { loaded, total, lengthComputable });
  }
}
/** @type {any} */ (globalThis).ProgressEvent ??= ProgressEvent;

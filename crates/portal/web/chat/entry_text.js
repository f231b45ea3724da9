// A noted request as a line of plain text, to paste into a report. English and in digits, like a log.

/**
 * @param {import("./recorder.js").Entry} entry
 * @returns {string}
 */
export function entryText(entry) {
  const { method, origin, path, status, kind, state, headMs, firstMs, totalMs, bytes, events, logId, credential } = entry;
  const eventCount = [...events].map(([name, count]) => `${name} ${count}`).join(", ");
  const timings = entry.timings.map(({ name, description, ms }) =>
    [name, description, ms === null ? "" : `${milliseconds(ms)} ms`].filter(Boolean).join(" "),
  );
  return [
    new Date(entry.startedAt).toISOString().slice(11, 23),
    method,
    origin + path,
    status ?? "no answer",
    kind,
    state === "done" ? "" : state,
    entry.isRetry ? "retry" : "",
    credential ? `credential ${credential}` : "",
    headMs === null ? "" : `head ${milliseconds(headMs)} ms`,
    firstMs === null ? "" : `first byte ${milliseconds(firstMs)} ms`,
    totalMs === null ? "" : `total ${milliseconds(totalMs)} ms`,
    bytes ? `${bytes} bytes` : "",
    eventCount ? `events (${eventCount})` : "",
    timings.length > 0 ? `gateway (${timings.join("; ")})` : "",
    logId ? `log ${logId}` : "",
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/**
 * Returns a span as short as it can be compared.
 * @param {number} ms
 */
export function milliseconds(ms) {
  return ms < 10 ? String(Math.round(ms * 10) / 10) : String(Math.round(ms));
}

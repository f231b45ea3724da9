// What can stand between a request and its answer, and what may be done about it.
//
// The one question that matters: may the request be sent again? It may when the platform certainly never got it; where that
// is unknown, only requests that do the same twice may.

/** How the gateway's own problems are called (RFC 9457 `type`). */
const PROBLEM = "urn:cozegate:problem:";

/** Codes that a dead handle or token gives (4101 also means a missing permission). */
const DEAD_TOKEN_CODES = new Set([4100, 4101, 700012006]);

/** What the gateway's policy says no with. No SDK takes it for a dead token, so each ends at the first answer. */
export const POLICY_CODE = 990403;

/** A request without the answer that it was made for. */
export class Trouble extends Error {
  /**
   * @param {object} facts
   * @param {"away" | "busy" | "refused"} facts.kind nobody there, too much at once, or a plain no
   * @param {boolean} [facts.isUnheard] the platform certainly has not got the request
   * @param {number} [facts.retryAfterMs]
   * @param {string} [facts.name] of the gateway's problem
   * @param {string} [facts.detail] its own words about it
   * @param {boolean} [facts.isOfPolicy] the policy said no
   * @param {Response} [facts.response]
   * @param {unknown} [facts.cause]
   */
  constructor({ kind, isUnheard = false, retryAfterMs = 0, name = "", detail = "", isOfPolicy = false, response, cause }) {
    super(detail || name || kind, { cause });
    this.name = "Trouble";
    this.kind = kind;
    this.isUnheard = isUnheard;
    this.retryAfterMs = retryAfterMs;
    this.problem = name;
    this.detail = detail;
    this.isOfPolicy = isOfPolicy;
    this.response = response;
  }

  /** Whether waiting may help. */
  get isPassing() {
    return this.kind !== "refused";
  }
}

/**
 * @param {unknown} cause of a request that nobody answered
 */
export function nobodyThere(cause) {
  return new Trouble({ kind: "away", cause });
}

/**
 * Returns the trouble that an answer tells of and that waiting may end, or null. Errors of the platform's are none: they
 * are the answer.
 * @param {Response} response
 * @param {any} body its JSON, or null when it is none
 */
export function passingTrouble(response, body) {
  const { status } = response;
  const name = problemName(body);
  const facts = { name, detail: detailOf(body), retryAfterMs: retryAfterOf(response), response };
  // What stands before a gateway that is away speaks HTML.
  if (!name) return body === null && [502, 503, 504].includes(status) ? new Trouble({ ...facts, kind: "away" }) : null;
  if (status === 429) return new Trouble({ ...facts, kind: "busy", isUnheard: true });
  // With 503 the gateway speaks of itself: its store, a token that is being renewed, its end.
  const isUnheard = status === 503 || /-unreachable$/.test(name);
  return isUnheard || /^upstream-/.test(name) ? new Trouble({ ...facts, kind: "away", isUnheard }) : null;
}

/**
 * Returns the trouble that waiting does not end.
 * @param {Response} response
 * @param {any} body
 */
export function refusal(response, body) {
  return new Trouble({ kind: "refused", name: problemName(body), detail: detailOf(body), isOfPolicy: body?.code === POLICY_CODE, response });
}

/**
 * Whether an answer is the gateway's own no, which waiting does not end: it cannot do its part (nobody has logged in, or the
 * platform refuses its key), or its policy does not allow the request.
 * @param {Response} response
 * @param {any} body
 */
export function isRefusal(response, body) {
  return (response.status >= 500 && problemName(body) !== "") || body?.code === POLICY_CODE;
}

/**
 * Whether an answer says that the handle is no longer good.
 * @param {number} status
 * @param {any} body
 */
export function isDeadHandle(status, body) {
  return status === 401 || DEAD_TOKEN_CODES.has(Number(body?.code));
}

/** @param {any} body */
function problemName(body) {
  const type = String(body?.type ?? "");
  return type.startsWith(PROBLEM) ? type.slice(PROBLEM.length) : "";
}

/** @param {any} body */
function detailOf(body) {
  const words = [body?.detail, body?.msg, body?.title];
  return words.find((text) => typeof text === "string" && text) ?? "";
}

/** @param {Response} response */
function retryAfterOf(response) {
  const seconds = Number(response.headers.get("retry-after"));
  return seconds > 0 ? seconds * 1000 : 0;
}

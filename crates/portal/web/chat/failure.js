// What can go wrong between this page and an answer, in kinds that a person can act on. Words are the view's.
//
// Coze reports errors as `{code, msg, detail: {logid}}`, often with HTTP 200; the gateway answers RFC 9457 problems with
// `code` and `msg` beside them. Both are read here and nowhere else.

import { POLICY_CODE } from "../client/trouble.js";

/**
 * @typedef {"action" | "busy" | "interrupted" | "login" | "missing" | "not-allowed" | "permission" | "quota" | "rate"
 *   | "refused" | "sensitive" | "session" | "too-long" | "unpublished" | "unreachable" | "upstream"} FailureKind
 */

/** What the gateway calls it when the app acts for a person and nobody has logged in. */
const LOGIN_REQUIRED = "urn:cozegate:problem:login-required";

/** @type {ReadonlyMap<number, FailureKind>} */
const KIND_BY_CODE = new Map([
  [4008, "quota"],
  [4009, "rate"],
  [4010, "too-long"],
  [4011, "quota"],
  [4013, "rate"],
  [4015, "unpublished"],
  [4016, "busy"],
  [4019, "quota"],
  [4020, "rate"],
  [4022, "quota"],
  [4027, "quota"],
  [4028, "quota"],
  [4100, "session"],
  [4101, "permission"],
  [4105, "sensitive"],
  [4200, "missing"],
  [5000, "upstream"],
  [POLICY_CODE, "not-allowed"],
  [700012006, "session"],
]);

/** A request that did not give what it was made for. */
export class Failure extends Error {
  /**
   * @param {FailureKind} kind
   * @param {{ status?: number | undefined, code?: number | undefined, reason?: string, logId?: string | undefined, cause?: unknown }} [facts]
   */
  constructor(kind, { status, code, reason = "", logId, cause } = {}) {
    super(reason || kind, { cause });
    this.name = "Failure";
    this.kind = kind;
    this.status = status;
    this.code = code;
    /** What the other side said, in its own words. */
    this.reason = reason;
    /** The number under which Coze's support finds the request. */
    this.logId = logId;
  }
}

/**
 * Returns the failure of a fetch that gave no response.
 * @param {unknown} cause
 */
export function unreachable(cause) {
  return new Failure("unreachable", { cause });
}

/**
 * Returns the failure that an answer reports, or null when it reports none. A missing `code` means success (protocol 6).
 * @param {any} body the parsed JSON, or null when it is none
 * @param {Response} [response]
 */
export function failureIn(body, response) {
  const status = response?.status;
  const code = Number(body?.code ?? 0);
  const isRefused = status !== undefined && status >= 400;
  if (!isRefused && !(code !== 0 && Number.isFinite(code))) return null;
  return new Failure(body?.type === LOGIN_REQUIRED ? "login" : kindOf(status, code), {
    status: isRefused ? status : undefined,
    code: code || undefined,
    reason: [body?.msg, body?.message, body?.detail, body?.title].find((text) => typeof text === "string" && text) ?? "",
    logId: logIdOf(body, response),
  });
}

/**
 * @param {number | undefined} status
 * @param {number} code
 * @returns {FailureKind}
 */
function kindOf(status = 200, code) {
  const kind = KIND_BY_CODE.get(code);
  if (kind) return kind;
  if (status === 401) return "session";
  if (status === 403) return "permission";
  if (status === 404) return "missing";
  if (status === 413) return "too-long";
  if (status === 429) return "rate";
  if (status >= 500) return "upstream";
  return "refused";
}

/**
 * Returns Coze's log id, else the gateway's own number for the request. Headers first, as the SDKs do (protocol 4.1).
 * @param {any} body
 * @param {Response} [response]
 * @returns {string | undefined}
 */
export function logIdOf(body, response) {
  return (
    response?.headers.get("x-tt-logid") ||
    body?.detail?.logid ||
    body?.error?.logid ||
    response?.headers.get("x-request-id") ||
    body?.request_id ||
    undefined
  );
}

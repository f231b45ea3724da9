// What to tell people about a gateway that does not do what it should: what happened, why, and what to do next.

import { localNetworkPermission } from "./page_transport.js";

/**
 * @typedef {"not-running" | "connect-refused" | "network-denied" | "pairing" | "busy" | "refused"} Kind
 *
 * @typedef {object} Explained
 * @property {Kind} kind
 * @property {string} text
 * @property {PermissionStatus | null} permission that is in the way
 */

/** Problems of the gateway's that a newly installed script does not have. */
const CURED_BY_REINSTALLING = new Set(["pairing-needed", "pairing-wrong"]);

/**
 * @param {import("../client/trouble.js").Trouble} trouble
 * @param {object} parts
 * @param {import("../pages/page_data.js").Say} parts.say
 * @param {string} parts.authBase
 * @param {boolean} parts.isPage whether requests are the page's own
 * @param {Pick<Navigator, "permissions"> | undefined} parts.navigator
 * @returns {Promise<Explained>}
 */
export async function explain(trouble, { say, authBase, isPage, navigator }) {
  if (trouble.kind === "busy") return { kind: "busy", text: say("userscript-trouble-busy"), permission: null };
  if (trouble.kind === "refused") return { ...refused(trouble, say, authBase), permission: null };
  if (/** @type {any} */ (trouble.cause)?.kind === "connect-refused") {
    const text = say("userscript-trouble-connect", { host: new URL(authBase).hostname });
    return { kind: "connect-refused", text, permission: null };
  }
  const permission = isPage ? await localNetworkPermission(navigator) : null;
  if (permission?.state === "denied") {
    return { kind: "network-denied", text: say("userscript-trouble-network"), permission };
  }
  return { kind: "not-running", text: say("userscript-trouble-away", { address: authBase }), permission };
}

/**
 * @param {import("../client/trouble.js").Trouble} trouble
 * @param {import("../pages/page_data.js").Say} say
 * @param {string} authBase
 * @returns {{ kind: Kind, text: string }}
 */
function refused({ problem, detail, response }, say, authBase) {
  if (CURED_BY_REINSTALLING.has(problem)) {
    return { kind: "pairing", text: say("userscript-trouble-pairing", { address: installAddress(authBase) }) };
  }
  const reason = detail || problem || `HTTP ${response?.status ?? 0}`;
  return { kind: "refused", text: say("userscript-trouble-refused", { reason }) };
}

/**
 * Where the script is installed from.
 * @param {string} authBase
 */
export function installAddress(authBase) {
  return `${authBase}/cozegate.user.js`;
}

// Requests by the page's own fetch, for managers that grant no other: they obey the page's CSP, and browsers ask people
// before a public page may talk to this machine ("local network access").

import { pageTransport } from "../client/transport.js";

/** The permission's names, from the newest; browsers know some of them or none. */
const PERMISSIONS = ["loopback-network", "local-network-access", "local-network"];
const LOOPBACK = /^https?:\/\/(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::\d+)?(?:\/|$)/i;

/**
 * @param {Window & typeof globalThis} scope
 * @returns {import("../client/transport.js").Send}
 */
export function loopbackTransport(scope) {
  const fetch = scope.fetch.bind(scope);
  const send = pageTransport(
    /** @type {any} */ ({
      fetch: (/** @type {string} */ url, /** @type {RequestInit} */ init) =>
        fetch(url, { ...init, ...addressSpaceOf(url) }),
    }),
  );
  return (call) => send(call);
}

/**
 * The address space that a request says it is for: without it, a browser may take plain http for mixed content instead of
 * asking for the permission.
 * @param {string} url
 * @returns {Record<string, string>}
 */
export function addressSpaceOf(url) {
  return LOOPBACK.test(url) ? { targetAddressSpace: "loopback" } : {};
}

/**
 * Returns how it stands with the permission, or null where the browser knows none.
 * @param {Pick<Navigator, "permissions"> | undefined} navigator
 * @returns {Promise<PermissionStatus | null>}
 */
export async function localNetworkPermission(navigator) {
  for (const name of PERMISSIONS) {
    try {
      const status = await navigator?.permissions?.query({ name: /** @type {PermissionName} */ (name) });
      if (status) return status;
    } catch {
      // This browser does not know it by that name.
    }
  }
  return null;
}

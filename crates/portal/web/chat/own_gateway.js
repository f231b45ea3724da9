// The gateway client of our own pages: their origin is the auth service, and what they ask for can be looked at.

import { Gateway } from "../client/gateway.js";
import { pageTransport } from "../client/transport.js";
import { namedApp } from "./address.js";
import { keep, kept } from "./keep.js";

/**
 * @param {object} [parts]
 * @param {typeof fetch} [parts.fetch]
 * @param {(isWaiting: boolean) => void} [parts.onWaiting] requests wait for a gateway that is away, or no longer
 */
export function ownGateway({ fetch = globalThis.fetch.bind(globalThis), onWaiting = () => {} } = {}) {
  const app = namedApp();
  // For browsers that keep no cookie; it names a visitor and opens nothing.
  const key = app ? `cozegate.visitor.${app}` : "cozegate.visitor";
  return new Gateway({
    authBase: location.origin,
    app,
    send: pageTransport(/** @type {any} */ ({ fetch, XMLHttpRequest })),
    pass: {
      read: () => kept("localStorage", key),
      write: (value) => keep("localStorage", key, value ?? ""),
    },
    // A refusal is not waited for: the request that met it says so.
    onTrouble: (trouble) => onWaiting(trouble?.isPassing ?? false),
  });
}

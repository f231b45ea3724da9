// Which app, which bot, whether the inspector is open: all may stand in the page's address (to share, to bookmark); the bot is
// remembered in this browser, too.

import { keep, kept } from "./keep.js";

const KEY = "cozegate.bot";

/**
 * Returns the bot that the address names, else the configured one, else the one chosen here before.
 * @param {{ bot_id: string | null, bots: { id: string }[] | null }} config
 * @returns {string | null}
 */
export function rememberedBot(config) {
  const named = new URL(location.href).searchParams.get("bot_id") || config.bot_id;
  if (named) return named;
  const chosen = kept("localStorage", KEY);
  const isOffered = config.bots === null || config.bots.some(({ id }) => id === chosen);
  if (chosen && isOffered) return chosen;
  return config.bots?.length === 1 ? (config.bots[0]?.id ?? null) : null;
}

/**
 * Returns the app that the address names, by its name in the gateway's configuration; null for its default app.
 * @returns {string | null}
 */
export function namedApp() {
  return new URL(location.href).searchParams.get("app") || null;
}

/** @param {string} botId */
export function rememberBot(botId) {
  keep("localStorage", KEY, botId);
  const address = new URL(location.href);
  address.searchParams.set("bot_id", botId);
  history.replaceState(null, "", address);
}

/** Whether the address asks for the inspector. */
export function inspectorIsNamed() {
  return new URL(location.href).searchParams.get("inspect") === "1";
}

/** @param {boolean} isOpen */
export function rememberInspector(isOpen) {
  const address = new URL(location.href);
  if (isOpen) address.searchParams.set("inspect", "1");
  else address.searchParams.delete("inspect");
  history.replaceState(null, "", address);
}

/** Forgets the choice made here; the address stays until another bot is chosen. */
export function forgetBot() {
  keep("localStorage", KEY, "");
}

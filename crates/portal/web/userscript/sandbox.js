// A world of its own for the Chat SDK inside the userscript's sandbox: it sees the page's document, but its fetch,
// XMLHttpRequest and WebSocket are ours, and what it calls global stays here. The page neither sees nor blocks it.

/** Names that scripts use for the global object. */
const GLOBALS = ["window", "self", "globalThis", "global"];
/** Names that a script may use bare, and that must be the patched ones. */
const PATCHED = ["fetch", "XMLHttpRequest", "WebSocket"];

/**
 * Returns a window-like object over `scope`: what is set on it stays on it, everything else is the real one's.
 * @param {Window & typeof globalThis} scope
 * @returns {Window & typeof globalThis}
 */
export function ownWorld(scope) {
  /** @type {Record<PropertyKey, unknown>} */
  const own = Object.create(null);
  /** Functions of the real window, which insist on it. @type {Map<unknown, unknown>} */
  const bound = new Map();
  /** @type {Record<PropertyKey, unknown>} */
  const world = new Proxy(own, {
    has: (target, name) => name in target || name in scope,
    get(target, name) {
      if (name in target) return target[name];
      const value = borrowed(scope, name, bound);
      // `top` and `parent` of a page that stands in no other: who compares them with `self` shall find what is so.
      return value === scope ? world : value;
    },
    set: (target, name, value) => {
      // Handlers and addresses are the real window's business: `onerror`, `location`, `name`.
      if (name in target || !isAccessor(scope, name)) target[name] = value;
      else Reflect.set(scope, name, value, scope);
      return true;
    },
    getOwnPropertyDescriptor: (target, name) => Reflect.getOwnPropertyDescriptor(target, name),
  });
  for (const name of GLOBALS) own[name] = world;
  for (const name of PATCHED) own[name] = borrowed(scope, name, bound);
  return /** @type {any} */ (world);
}

/**
 * Runs a classic script in `world`. Throws what it throws, and EvalError where the page's CSP reaches this far.
 * @param {string} code
 * @param {Window & typeof globalThis} world
 */
export function runIn(world, code) {
  // A script that declares its global with `var` would keep it to itself here.
  const kept = 'if (typeof CozeWebSDK !== "undefined") window.CozeWebSDK = CozeWebSDK;';
  const names = [...GLOBALS, ...PATCHED];
  const run = new Function(...names, `${code}\n;${kept}`);
  run.apply(world, [...GLOBALS.map(() => world), ...PATCHED.map((name) => late(world, name))]);
}

/**
 * A bare name is bound when the script begins; what it stands for may be patched later.
 * @param {any} world
 * @param {string} name
 */
function late(world, name) {
  if (name === "fetch") return (/** @type {unknown[]} */ ...args) => world.fetch(...args);
  return world[name];
}

/**
 * @param {any} scope
 * @param {PropertyKey} name
 * @param {Map<unknown, unknown>} bound
 */
function borrowed(scope, name, bound) {
  const value = scope[name];
  // Classes keep their statics and their prototype; plain functions of a window want it as `this`.
  if (typeof value !== "function" || Object.hasOwn(value, "prototype")) return value;
  const known = bound.get(value);
  if (known) return known;
  const function_ = value.bind(scope);
  bound.set(value, function_);
  return function_;
}

/**
 * @param {any} scope
 * @param {PropertyKey} name
 */
function isAccessor(scope, name) {
  for (let holder = scope; holder; holder = Object.getPrototypeOf(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, name);
    if (property) return property.set !== undefined;
  }
  return false;
}

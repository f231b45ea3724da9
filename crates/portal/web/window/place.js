// Where the button and the panel stand. Pure: numbers in, numbers out.
//
// A place is kept as shares of the room that the button has: (1, 1) is the lower right corner, whatever the screen's size.
// So the button is always on the screen, also on one that is smaller than the last.

/**
 * @typedef {{ x: number, y: number }} Place each from 0 to 1
 * @typedef {{ width: number, height: number }} Size
 * @typedef {{ left: number, top: number }} Spot in pixels of the viewport
 */

/** The button's size. */
export const LAUNCHER_PX = 56;
/** Between what we show and the edge of the screen, or each other. */
const GAP_PX = 16;
/** One press of an arrow key. */
const STEP_PX = 24;
/** On less than this the panel takes the whole screen. */
const NARROW_PX = 520;
const LOW_PX = 420;

/** @type {Place} */
export const CORNER = { x: 1, y: 1 };

/**
 * @param {Place} place
 * @param {Size} viewport
 * @returns {Spot}
 */
export function launcherAt(place, viewport) {
  return {
    left: Math.round(GAP_PX + place.x * roomIn(viewport.width)),
    top: Math.round(GAP_PX + place.y * roomIn(viewport.height)),
  };
}

/**
 * The place of a button that was dragged to a spot; one outside the screen gives the nearest inside.
 * @param {Spot} spot
 * @param {Size} viewport
 * @returns {Place}
 */
export function placeOf(spot, viewport) {
  return { x: share(spot.left, viewport.width), y: share(spot.top, viewport.height) };
}

/**
 * The place after an arrow key, or null for another key.
 * @param {Place} place
 * @param {string} key
 * @param {Size} viewport
 * @returns {Place | null}
 */
export function stepped(place, key, viewport) {
  const { left, top } = launcherAt(place, viewport);
  switch (key) {
    case "ArrowLeft":
      return placeOf({ left: left - STEP_PX, top }, viewport);
    case "ArrowRight":
      return placeOf({ left: left + STEP_PX, top }, viewport);
    case "ArrowUp":
      return placeOf({ left, top: top - STEP_PX }, viewport);
    case "ArrowDown":
      return placeOf({ left, top: top + STEP_PX }, viewport);
    default:
      return null;
  }
}

/**
 * Where the panel opens: beside the button, on the side with more room; null for the whole screen.
 * @param {Place} place
 * @param {Size} viewport
 * @param {Size} wanted
 * @param {boolean} hasLauncher without one the panel stands in the corner itself
 * @returns {(Spot & Size) | null}
 */
export function panelAt(place, viewport, wanted, hasLauncher) {
  if (viewport.width < NARROW_PX || viewport.height < LOW_PX) return null;
  const launcher = launcherAt(place, viewport);
  const besides = hasLauncher ? LAUNCHER_PX + GAP_PX : 0;
  const width = Math.min(wanted.width, viewport.width - 2 * GAP_PX);
  const isBelow = launcher.top + LAUNCHER_PX / 2 < viewport.height / 2;
  const isRight = launcher.left + LAUNCHER_PX / 2 > viewport.width / 2;
  const left = isRight ? launcher.left + LAUNCHER_PX - width : launcher.left;
  const above = launcher.top + (hasLauncher ? -GAP_PX : LAUNCHER_PX);
  const room = isBelow ? viewport.height - launcher.top - besides - GAP_PX : above - GAP_PX;
  // In the middle of the screen neither side has the room; then the panel lies over the button's edge.
  const height = Math.min(wanted.height, Math.max(room, LOW_PX - 2 * GAP_PX), viewport.height - 2 * GAP_PX);
  const top = isBelow ? launcher.top + besides : above - height;
  return {
    left: between(left, GAP_PX, viewport.width - width - GAP_PX),
    top: between(top, GAP_PX, viewport.height - height - GAP_PX),
    width,
    height,
  };
}

/**
 * A place as it is kept.
 * @param {Place} place
 */
export function written({ x, y }) {
  return `${x.toFixed(4)},${y.toFixed(4)}`;
}

/**
 * Reads a place that was kept; null for anything else.
 * @param {string | null | undefined} text
 * @returns {Place | null}
 */
export function read(text) {
  const [, x, y] = /^([\d.]+),([\d.]+)$/.exec(text ?? "") ?? [];
  return x === undefined || y === undefined ? null : clamped({ x: Number(x), y: Number(y) });
}

/**
 * The place itself where its numbers can be used, else null.
 * @param {Place | null | undefined} place
 * @returns {Place | null}
 */
export function clamped(place) {
  if (!place || !Number.isFinite(place.x) || !Number.isFinite(place.y)) return null;
  return { x: between(place.x, 0, 1), y: between(place.y, 0, 1) };
}

/** @param {number} length of one side of the screen */
function roomIn(length) {
  return Math.max(0, length - LAUNCHER_PX - 2 * GAP_PX);
}

/**
 * @param {number} at
 * @param {number} length
 */
function share(at, length) {
  const room = roomIn(length);
  return room === 0 ? 1 : between((at - GAP_PX) / room, 0, 1);
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
function between(value, least, most) {
  return Math.max(least, Math.min(value, most));
}

// node:test with a time limit for each test.
//
// Node's own `--test-timeout` limits a whole file as well, and a file with many tests on a busy machine is slow without any
// of its tests being stuck. The limit turns a hang into a failure with a name; no test is expected to come near it.

import { test as testWithoutLimit } from "node:test";

export { after, afterEach, before, beforeEach, describe } from "node:test";

const LIMIT_MS = 300_000;

/**
 * @param {string} name
 * @param {import("node:test").TestFn} run
 */
export const test = (name, run) => testWithoutLimit(name, { timeout: LIMIT_MS }, run);

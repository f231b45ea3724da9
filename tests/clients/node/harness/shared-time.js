// The time of the SDK and of the emulator: while the SDK waits, none passes here, and all of it there.

import { AsyncLocalStorage } from "node:async_hooks";

export class SharedTime {
  /** How long the SDK has waited each time, in seconds. */
  waits = [];
  #emulator;
  #test;
  #passed = 0;
  /** True inside calls of the SDK: timers of anybody else (the test's own requests have some) are none of ours. */
  #ofTheSdk = new AsyncLocalStorage();

  /** Both clocks are right again when the test `t` has ended. */
  constructor(t, emulator) {
    this.#test = t;
    this.#emulator = emulator;
    t.after(() => emulator.order("clock", { offset_seconds: 0 }));
  }

  /** Lets time pass for both. */
  async advance(seconds) {
    this.#passed += seconds;
    await this.#emulator.order("clock", { offset_seconds: this.#passed });
  }

  /**
   * Calls the SDK.
   * @template T
   * @param {() => Promise<T>} call
   * @param {(() => unknown)[]} interludes what happens while it waits: the first in its first wait, and so on
   */
  during(call, ...interludes) {
    const { setTimeout } = globalThis;
    this.#test.mock.method(globalThis, "setTimeout", (resume, milliseconds, ...rest) => {
      // The SDK waits for seconds; its HTTP client sets timers of 0.
      const waits = this.#ofTheSdk.getStore() && milliseconds >= 1000;
      if (!waits) return setTimeout(resume, milliseconds, ...rest);
      this.waits.push(milliseconds / 1000);
      this.#ofTheSdk.run(false, async () => {
        await this.advance(milliseconds / 1000);
        await interludes.shift()?.();
        resume();
      });
    });
    return this.#ofTheSdk.run(true, call);
  }
}

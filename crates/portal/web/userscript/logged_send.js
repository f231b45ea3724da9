// Writes every request into the debug log: where it went, what came back, how long it took. Not what it carried.

/**
 * @param {import("../client/transport.js").Send} send
 * @param {import("./log.js").DebugLog} log
 * @param {() => number} [now]
 * @returns {import("../client/transport.js").Send}
 */
export function loggedSend(send, log, now = () => performance.now()) {
  return async (call) => {
    const begun = now();
    const took = () => `after ${Math.round(now() - begun)} ms`;
    // Queries name conversations and, at a socket's address, a credential.
    const name = `${call.method} ${call.url.replace(/[?#].*$/s, "")}`;
    try {
      const answer = await send(call);
      log.add(`${name}: ${answer.status} ${took()}`);
      return answer;
    } catch (error) {
      log.add(`${name}: no answer ${took()}`, error);
      throw error;
    }
  };
}

// The window's geometry, the reading of its markup, and its requests by way of a gateway client.

import assert from "node:assert/strict";
import test from "node:test";
import { GatewayLine } from "../chat/gateway_line.js";
import { pieces } from "../window/markup.js";
import { CORNER, clamped, launcherAt, panelAt, placeOf, read, stepped, written } from "../window/place.js";

const DESK = { width: 1200, height: 800 };
const PHONE = { width: 360, height: 640 };

test("the usual place is the lower right corner of every screen", () => {
  assert.deepEqual(launcherAt(CORNER, DESK), { left: 1128, top: 728 });
  assert.deepEqual(launcherAt(CORNER, PHONE), { left: 288, top: 568 });
});

test("a button that was dragged off the screen stays at its edge", () => {
  const place = placeOf({ left: -500, top: 5000 }, DESK);

  assert.deepEqual(place, { x: 0, y: 1 });
  assert.deepEqual(launcherAt(place, DESK), { left: 16, top: 728 });
});

test("where it was dropped is where it stands", () => {
  const spot = { left: 333, top: 222 };

  assert.deepEqual(launcherAt(placeOf(spot, DESK), DESK), spot);
});

test("arrow keys move it, other keys do not", () => {
  const place = placeOf({ left: 400, top: 400 }, DESK);
  const moved = stepped(place, "ArrowUp", DESK);

  assert.deepEqual(moved && launcherAt(moved, DESK), { left: 400, top: 376 });
  assert.equal(stepped(place, "Enter", DESK), null);
});

test("a place survives being kept, and nonsense is none", () => {
  assert.deepEqual(read(written({ x: 0.25, y: 1 })), { x: 0.25, y: 1 });
  for (const text of [null, undefined, "", "1", "1,2,3", "a,b", "-1,0"]) assert.equal(read(text), null, String(text));
  assert.deepEqual(clamped({ x: 7, y: -1 }), { x: 1, y: 0 });
  assert.equal(clamped({ x: Number.NaN, y: 0 }), null);
});

test("the panel is on the screen wherever the button is, and never under it", () => {
  const wanted = { width: 420, height: 660 };
  for (let x = 0; x <= 1; x += 0.1) {
    for (const y of [0, 0.1, 0.9, 1]) {
      const panel = panelAt({ x, y }, DESK, wanted, true);
      assert.ok(panel);
      const launcher = launcherAt({ x, y }, DESK);
      assert.ok(panel.left >= 0 && panel.left + panel.width <= DESK.width, `${x} ${y}`);
      assert.ok(panel.top >= 0 && panel.top + panel.height <= DESK.height, `${x} ${y}`);
      assert.ok(panel.top >= launcher.top + 56 || panel.top + panel.height <= launcher.top, `${x} ${y}`);
    }
  }
});

test("on a small screen the panel takes all of it", () => {
  assert.equal(panelAt(CORNER, PHONE, { width: 420, height: 660 }, true), null);
  assert.equal(panelAt(CORNER, { width: 1000, height: 300 }, { width: 420, height: 660 }, true), null);
});

test("markup is read piece by piece, references included", () => {
  const read = [...pieces('<!-- no --><p class="a" hidden>1 &#38; &lt;2&#x3e;<br><path d="M0 0"/></p>')];

  assert.deepEqual(read, [
    { kind: "open", tag: "p", attributes: [["class", "a"], ["hidden", ""]], isClosed: false },
    { kind: "text", text: "1 & <2>" },
    { kind: "open", tag: "br", attributes: [], isClosed: true },
    { kind: "open", tag: "path", attributes: [["d", "M0 0"]], isClosed: true },
    { kind: "close", tag: "p" },
  ]);
});

test("markup in a form that our templates do not have is an error", () => {
  for (const markup of ["<p class=a>", "<p class='a'>", "<>", "a < b", "<p"]) {
    assert.throws(() => [...pieces(markup)], SyntaxError, markup);
  }
});

test("requests go through the gateway client, as the user that it speaks for", async () => {
  /** @type {any[]} */
  const called = [];
  const line = new GatewayLine({
    session: async () => ({ userId: "visitor-7" }),
    call: async (path, init) => {
      called.push([path, init.method]);
      return new Response("ok");
    },
  });

  const said = await line.use(async ({ userId, send }) => {
    const answer = await send("/v1/x", { method: "GET", headers: {} });
    return `${userId} ${await answer.text()}`;
  });

  assert.equal(said, "visitor-7 ok");
  assert.deepEqual(called, [["/v1/x", "GET"]]);
});

for (const [trouble, kind] of /** @type {const} */ ([
  [{ kind: "away", problem: "" }, "unreachable"],
  [{ kind: "busy", problem: "rate-limited" }, "rate"],
  [{ kind: "refused", problem: "origin-not-allowed" }, "session"],
  [{ kind: "refused", problem: "login-required" }, "login"],
])) {
  test(`a session that is not to be had (${trouble.kind} ${trouble.problem}) is the chat's failure "${kind}"`, async () => {
    const line = new GatewayLine({ session: () => Promise.reject(trouble), call: () => Promise.reject(new Error("no")) });

    await assert.rejects(line.use(async () => "never"), { kind });
  });
}

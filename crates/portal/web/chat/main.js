// The chat page starts here: finds the bot, enters its room.

import { finder, readBlock, speaker } from "../pages/page_data.js";
import { forgetBot, inspectorIsNamed, rememberBot, rememberedBot, rememberInspector } from "./address.js";
import { Api } from "./api.js";
import { GatewayLine } from "./gateway_line.js";
import { Inspector } from "./inspector.js";
import { keep, kept } from "./keep.js";
import { ownGateway } from "./own_gateway.js";
import { Recorder } from "./recorder.js";
import { Room } from "./room.js";

const DRAFT_KEY = "cozegate.draft";

/**
 * What the server tells this page.
 * @type {{ bot_id: string | null, bots: { id: string, name: string }[] | null, title: string | null, lang: string }}
 */
const config = readBlock("config");

const find = finder(document);
const say = speaker(readBlock("texts"));
const recorder = new Recorder();
const fetch = recorder.around(globalThis.fetch.bind(globalThis));

const inspector = new Inspector(find, say, recorder, rememberInspector);
if (inspectorIsNamed()) inspector.open = true;

const room = new Room({
  find,
  say,
  lang: config.lang,
  api: new Api(new GatewayLine(ownGateway({ fetch, onWaiting: (isWaiting) => room.tellWaiting(isWaiting) }))),
  // A draft survives a reload of the tab; it is the visitor's own text and no secret of ours.
  draft: {
    read: () => kept("sessionStorage", DRAFT_KEY) ?? "",
    write: (text) => keep("sessionStorage", DRAFT_KEY, text),
  },
  bots: config.bots,
  title: "",
  choice: config.bot_id === null ? "offered" : "needed",
  on: { onBot: (botId) => (botId ? rememberBot(botId) : forgetBot()) },
});

const botId = rememberedBot(config);
await (botId ? room.enter(botId) : room.pick());

// What the platform makes of a token or of an attempt to get one, as the official SDK tells it.

import assert from "node:assert/strict";
import { AuthenticationError, BadRequestError, ChatEventType, CozeAPI, RoleType } from "@coze/api";

const CLASSES = { 400: BadRequestError, 401: AuthenticationError };

/** The official SDK with a token of the platform's, straight at the emulator. */
export const cozeWith = (emulator, token) => new CozeAPI({ token: token.access_token, baseURL: emulator.apiBase });

/** The SDK can use a token: it knows the account behind it, and chats. */
export async function assertWorks(emulator, token) {
  const coze = cozeWith(emulator, token);
  const question = { role: RoleType.User, content: "as myself", content_type: "text" };
  const chat = { bot_id: emulator.bot("Echo"), user_id: "u", additional_messages: [question] };
  const events = [];
  for await (const { event } of coze.chat.stream(chat)) events.push(event);
  const { user_id } = await coze.users.me();
  assert.equal(user_id, emulator.userId);
  assert.equal(events.at(-1), ChatEventType.DONE);
}

/** For `assert.rejects`: a refusal of the OAuth family: `{"error_code","error_message","error"}` (protocol 4.1). */
export const refused = (status, code, message) => (error) => {
  assert.ok(error instanceof CLASSES[status], String(error));
  const { error_code, error: plain, error_message } = error.rawError;
  assert.deepEqual({ error_code, error: plain, error_message }, { error_code: code, error: code, error_message: message });
  // The SDK looks for `code` and `msg`, which this family has not: in the error's own text only the log id is left.
  assert.ok(error.logid);
  assert.equal(error.message, `logid: ${error.logid}`);
  return true;
};

/** For `assert.rejects`: what a dead access token brings, outside the OAuth family (protocol 4.3). */
export function invalidToken(error) {
  assert.ok(error instanceof AuthenticationError, String(error));
  assert.equal(error.code, 700012006);
  assert.equal(error.msg, "access token invalid");
  return true;
}

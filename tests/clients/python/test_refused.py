"""A refusal of the gateway's policy (403, code 990403) ends each call of the official Python SDK at its first answer.

No second request follows, and no second token is fetched. The gateway is a stub that refuses everything and counts.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cozepy import AsyncTokenAuth, Coze, CozeAPIError, Message, TokenAuth
from cozepy.websockets.chat import WebsocketsChatClient

from flavours import Async

BOT = "7500000000000000001"
REFUSAL = {
    "type": "urn:cozegate:problem:operation-not-allowed",
    "title": "This operation is not allowed for visitors",
    "status": 403,
    "detail": "The site does not allow this operation.",
    "code": 990403,
    "msg": "This operation is not allowed for visitors",
    "operation": "refused",
    "setting": "sites.main.allow",
}


class RefusingGateway:
    """Refuses everything and notes what it was asked."""

    def __init__(self):
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def refuse(self):
                asked.append(f"{self.command} {self.path.split('?')[0]}")
                self.rfile.read(int(self.headers.get("content-length") or 0))
                body = json.dumps(REFUSAL).encode()
                self.send_response(403)
                self.send_header("content-type", "application/problem+json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = refuse

            def log_message(self, *_):
                """Nothing is written."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class CountedToken(TokenAuth):
    """A token that counts how often the SDK takes it."""

    taken = 0

    @property
    def token(self):
        self.taken += 1
        return super().token


class AsyncCountedToken(AsyncTokenAuth):
    """The same for the flavour with `async`."""

    taken = 0

    @property
    async def atoken(self):
        self.taken += 1
        return self._token


@pytest.fixture
def gateway():
    running = RefusingGateway()
    yield running
    running.stop()


def question():
    return [Message.build_user_question_text("hello")]


CHAT = {"bot_id": BOT, "user_id": "u"}

# Calls of the SDK, with the one request that each makes.
CALLS = {
    "POST /v3/chat": lambda coze: coze.chat.create(**CHAT, additional_messages=question()),
    "POST /v3/chat (poll)": lambda coze: coze.chat.create_and_poll(**CHAT, additional_messages=question()),
    "POST /v3/chat (stream)": lambda coze: list(coze.chat.stream(**CHAT, additional_messages=question())),
    "POST /v3/chat/cancel": lambda coze: coze.chat.cancel(conversation_id="1", chat_id="2"),
    "POST /v1/conversation/create": lambda coze: coze.conversations.create(bot_id=BOT),
    "GET /v1/conversations": lambda coze: coze.conversations.list(bot_id=BOT),
    "POST /v1/conversation/message/list": lambda coze: coze.conversations.messages.list(conversation_id="1"),
    "POST /v1/files/upload": lambda coze: coze.files.upload(file=("x.txt", b"x")),
    f"GET /v1/bots/{BOT}": lambda coze: coze.bots.retrieve(bot_id=BOT, use_api_version=2),
    "GET /v1/workspaces": lambda coze: coze.workspaces.list(),
    "POST /v1/audio/speech": lambda coze: coze.audio.speech.create(input="x", voice_id="1"),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_ends_at_the_first_refusal(sdk, gateway, call):
    is_async = isinstance(sdk, Async)
    if is_async and "poll" in call:
        pytest.skip("the flavour with async does not poll")
    auth = AsyncCountedToken("cgh_1") if is_async else CountedToken("cgh_1")
    coze = sdk.Coze(auth=auth, base_url=gateway.origin)

    with pytest.raises(CozeAPIError) as raised:
        CALLS[call](coze)

    assert (raised.value.code, raised.value.msg) == (REFUSAL["code"], REFUSAL["msg"])
    assert gateway.asked == [call.split(" (")[0]]
    assert auth.taken == 1, "no token is fetched for a refusal"


def test_a_websocket_ends_at_the_first_refusal(gateway):
    requester = Coze(auth=TokenAuth("cgh_1"), base_url=gateway.origin)._requester
    client = WebsocketsChatClient(
        base_url=gateway.origin.replace("http://", "ws://"), requester=requester, bot_id=BOT, on_event={}
    )

    with pytest.raises(CozeAPIError) as raised, client():
        pytest.fail("it is open")

    assert "HTTP 403" in str(raised.value)
    assert gateway.asked == ["GET /v1/chat"]

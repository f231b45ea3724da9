"""The official Python SDK talks over WebSocket: to the platform's double alone, and through the proxy with a handle."""

import json

import httpx
import pytest
import websockets.sync.client
from cozepy import Coze, CozeAPIError, MessageType, TokenAuth
from cozepy.websockets.audio.speech import InputTextBufferAppendEvent, WebsocketsAudioSpeechClient
from cozepy.websockets.audio.transcriptions import InputAudioBufferAppendEvent, WebsocketsAudioTranscriptionsClient
from cozepy.websockets.chat import ConversationMessageCreateEvent, WebsocketsChatClient
from cozepy.websockets.ws import WebsocketsEventType as Event
from websockets.exceptions import ConnectionClosed, InvalidStatus

TEXT = "今天天气不错。And tomorrow?"
DEADLINE_SECONDS = 30


class Door:
    """One way to the platform: an address and what is accepted there."""

    def __init__(self, base, token, bot):
        self.base = base.replace("http://", "ws://")
        self.token = token
        self.bot = bot
        # PY makes the WebSocket's address from an https base only (protocol 1.2), so its clients get theirs by hand.
        self.requester = Coze(auth=TokenAuth(token), base_url=base)._requester

    def open(self, client, handlers, **options):
        return client(base_url=self.base, requester=self.requester, on_event=handlers, **options)

    def raw(self, path, in_query=False, **options):
        """A connection without the SDK; its messages are the test's own."""
        headers = {} if in_query else {"Authorization": f"Bearer {self.token}"}
        separator = "&" if "?" in path else "?"
        query = f"{separator}authorization=Bearer%20{self.token}" if in_query else ""
        return websockets.sync.client.connect(f"{self.base}{path}{query}", additional_headers=headers, **options)


@pytest.fixture(params=["alone", "through the proxy"])
def door(request, product):
    if request.param == "alone":
        token = httpx.get(f"{product.auth}/callback", headers={"Accept": "application/json"}).json()["access_token"]
        return Door(product.emulator["api_base"], token, product.bot("Echo"))
    return Door(product.proxy, product.open_session()["handle"], product.bot("Echo"))


class Heard:
    """Collects events, and what went wrong besides."""

    def __init__(self, *event_types):
        self.events = []
        self.handlers = {event_type: self._take for event_type in (*event_types, Event.ERROR)}

    def _take(self, _client, event):
        self.events.append(event)

    def of(self, event_type):
        return [event for event in self.events if getattr(event, "event_type", None) == event_type]

    def wrong(self):
        """Error events, and exceptions of the SDK's own threads."""
        told = [event for event in self.events if isinstance(event, Exception)]
        return told + self.of(Event.ERROR)


def test_a_chat_brings_text_and_sound(door):
    heard = Heard(
        Event.CHAT_CREATED,
        Event.CONVERSATION_CHAT_CREATED,
        Event.CONVERSATION_MESSAGE_DELTA,
        Event.CONVERSATION_MESSAGE_COMPLETED,
        Event.CONVERSATION_AUDIO_DELTA,
        Event.CONVERSATION_AUDIO_COMPLETED,
        Event.CONVERSATION_CHAT_COMPLETED,
    )
    client = door.open(WebsocketsChatClient, heard.handlers, bot_id=door.bot)
    with client():
        question = {"role": "user", "content_type": "text", "content": TEXT}
        client.conversation_message_create(ConversationMessageCreateEvent.Data.model_validate(question))
        client.wait([Event.CONVERSATION_CHAT_COMPLETED], wait_all=False)

    assert heard.wrong() == []
    asked, *answers = [event.data for event in heard.of(Event.CONVERSATION_MESSAGE_COMPLETED)]
    assert (asked.type, asked.content) == (MessageType.QUESTION, TEXT)
    [answer] = [message for message in answers if message.type == MessageType.ANSWER]
    deltas = "".join(event.data.content for event in heard.of(Event.CONVERSATION_MESSAGE_DELTA))
    assert answer.content == deltas == TEXT
    # PY reads the sound as bytes.
    assert len(heard.of(Event.CONVERSATION_AUDIO_DELTA)) >= 2
    assert heard.events[0].event_type == Event.CHAT_CREATED
    assert heard.events[-1].data.usage.token_count > 0


def test_what_is_spoken_can_be_transcribed(door):
    spoken = Heard(Event.SPEECH_AUDIO_UPDATE)
    client = door.open(WebsocketsAudioSpeechClient, spoken.handlers)
    with client():
        client.input_text_buffer_append(InputTextBufferAppendEvent.Data.model_validate({"delta": TEXT}))
        client.input_text_buffer_complete()
        client.wait([Event.SPEECH_AUDIO_COMPLETED], wait_all=False)
    sound = [event.data.delta for event in spoken.of(Event.SPEECH_AUDIO_UPDATE)]

    written = Heard(Event.TRANSCRIPTIONS_MESSAGE_UPDATE)
    client = door.open(WebsocketsAudioTranscriptionsClient, written.handlers)
    with client():
        for delta in sound:
            client.input_audio_buffer_append(InputAudioBufferAppendEvent.Data.model_validate({"delta": delta}))
        client.input_audio_buffer_complete()
        client.wait([Event.TRANSCRIPTIONS_MESSAGE_COMPLETED], wait_all=False)

    assert spoken.wrong() == written.wrong() == []
    assert [event.data.content for event in written.of(Event.TRANSCRIPTIONS_MESSAGE_UPDATE)] == [TEXT]


def test_a_bad_token_is_refused_at_the_door_with_a_log_id(product):
    client = Door(product.emulator["api_base"], "czs_unknown", "1").open(WebsocketsChatClient, {}, bot_id="1")

    with pytest.raises(CozeAPIError, match="401") as refused:
        client.connect()

    assert refused.value.logid


def test_an_unknown_handle_is_refused_at_the_door_and_goes_no_further(product):
    before = product.journal.mark()
    client = Door(product.proxy, "cgh_unknown", "1").open(WebsocketsChatClient, {}, bot_id="1")

    with pytest.raises(CozeAPIError, match="401"):
        client.connect()

    assert product.journal.entries(before) == []


def test_a_bot_that_is_not_ones_own_is_told_on_the_open_connection(door):
    with door.raw("/v1/chat?bot_id=1") as connection:
        event = json.loads(connection.recv(DEADLINE_SECONDS))
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(DEADLINE_SECONDS)

    assert (event["event_type"], event["data"]["code"]) == ("error", 4101)
    assert closed.value.rcvd.code == 1005


def test_the_handle_in_the_address_is_enough_and_stays_here(product):
    before = product.journal.mark()
    door = Door(product.proxy, product.open_session()["handle"], product.bot("Echo"))

    with door.raw(f"/v1/chat?bot_id={door.bot}", in_query=True) as connection:
        assert json.loads(connection.recv(DEADLINE_SECONDS))["event_type"] == "chat.created"

    [opened] = [entry for entry in product.journal.entries(before) if entry["path"] == "/v1/chat"]
    assert (opened["status"], opened["authorization_kind"]) == (101, "czs")
    assert opened["query"] == f"bot_id={door.bot}"
    assert "cgh_" not in repr(product.journal.entries()) + product.log()


def test_a_foreign_page_is_refused_at_the_door(product):
    before = product.journal.mark()
    door = Door(product.proxy, product.open_session()["handle"], product.bot("Echo"))

    with pytest.raises(InvalidStatus) as refused:
        door.raw(f"/v1/chat?bot_id={door.bot}", in_query=True, origin="https://evil.example")

    assert refused.value.response.status_code == 403
    assert [entry for entry in product.journal.entries(before) if entry["path"] == "/v1/chat"] == []

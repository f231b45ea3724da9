"""What the tests of this folder share: one running product and one emulator, and people who use them."""

import os

import cozepy.auth
import pytest
from cozepy import ChatEventType, Coze, Message, TokenAuth

from flavours import Async, SharedTime, Sync
from person import Person
from product import Emulator, Product

# Loopback is reached directly, whatever proxy this machine uses for the world.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


@pytest.fixture(scope="session")
def product():
    running = Product()
    yield running
    running.clean_up()


@pytest.fixture
def session(product):
    """A new visitor's session: `handle`, `user`, `expires_at`."""
    return product.open_session()


@pytest.fixture
def coze(product, session):
    """The official SDK, as a new visitor would use it: the proxy's address and a handle."""
    return Coze(auth=TokenAuth(session["handle"]), base_url=product.proxy)


@pytest.fixture
def another_coze(product):
    """The same for a second visitor."""
    return Coze(auth=TokenAuth(product.open_session()["handle"]), base_url=product.proxy)


@pytest.fixture(scope="session")
def emulator():
    """The platform's double, with nothing of ours in front of it."""
    running = Emulator()
    yield running
    running.clean_up()


@pytest.fixture
def person(emulator):
    """Somebody with an account at the emulator and a browser."""
    return Person(emulator.www_base)


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def sdk(request):
    """The official SDK's classes, in both flavours."""
    flavour = request.param()
    yield flavour
    flavour.close()


@pytest.fixture
def coze_with(sdk, emulator):
    """The official SDK with a token of the platform's, straight at the emulator."""
    return lambda token: sdk.Coze(auth=sdk.TokenAuth(token.access_token), base_url=emulator.api_base)


@pytest.fixture
def assert_works(coze_with, emulator):
    """The official SDK can use a token: it knows the account behind it, and chats."""

    def check(token):
        coze = coze_with(token)
        question = Message.build_user_question_text("as myself")
        events = list(coze.chat.stream(bot_id=emulator.bot("Echo"), user_id="u", additional_messages=[question]))
        assert coze.users.me().user_id == emulator.user_id
        assert events[-1].event == ChatEventType.CONVERSATION_CHAT_COMPLETED

    return check


@pytest.fixture
def shared_time(emulator, monkeypatch):
    """A clock for the official SDK and the emulator that passes when a test or the SDK's waiting says so."""
    shared = SharedTime(emulator)
    monkeypatch.setattr(cozepy.auth, "time", shared)
    yield shared
    emulator.order("clock", offset_seconds=0)

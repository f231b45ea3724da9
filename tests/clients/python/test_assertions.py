"""The emulator's token endpoint judges assertions as the platform does (protocol 2 and 4.2).

Straight at the emulator, with foreign code on our side: the official SDK where it can produce the case, PyJWT where it
cannot. If these hold, the product's own assertions are judged by something that would refuse wrong ones.
"""

import time
import uuid
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from cozepy import ChatEventType, Coze, JWTAuth, JWTOAuthApp, Message
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from product import TOKEN_PATH


@pytest.fixture
def app(product):
    return product.jwt_app()


@pytest.fixture
def sign(product, app):
    """Signs an assertion that is good but for what the test overrides."""

    def make(private_key=None, header=(), **claims):
        now = int(time.time())
        host = urlsplit(product.emulator["api_base"]).netloc
        good = {"iss": app["client_id"], "aud": host, "iat": now, "exp": now + 600, "jti": uuid.uuid4().hex}
        headers = {"kid": app["public_key_id"], **dict(header)}
        return jwt.encode({**good, **claims}, private_key or app["private_key"], algorithm="RS256", headers=headers)

    return make


@pytest.fixture
def exchange(product, sign):
    """Signs likewise and exchanges the assertion; returns the HTTP answer."""
    return lambda **overrides: exchange_raw(product, sign(**overrides))


def exchange_raw(product, assertion, **changes):
    body = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "duration_seconds": 900, **changes}
    headers = {"Authorization": f"Bearer {assertion}"}
    return httpx.post(product.emulator["api_base"] + TOKEN_PATH, json=body, headers=headers)


def assert_refused(answer, mentions):
    body = answer.json()
    assert answer.status_code == 401
    assert body["error_code"] == body["error"] == "invalid_client"
    assert mentions in body["error_message"]
    assert answer.headers["x-tt-logid"]


def test_the_official_sdk_gets_a_token_and_chats_with_it(product, app):
    oauth = JWTOAuthApp(
        client_id=app["client_id"],
        private_key=app["private_key"],
        public_key_id=app["public_key_id"],
        base_url=product.emulator["api_base"],
    )
    token = oauth.get_access_token(ttl=600, session_name="direct")
    coze = Coze(auth=JWTAuth(oauth_app=oauth), base_url=product.emulator["api_base"])
    messages = [Message.build_user_question_text("direct")]

    events = list(coze.chat.stream(bot_id=product.bot("Echo"), user_id="u", additional_messages=messages))

    assert token.access_token.startswith("czs_")
    # Protocol 2.3: an instant, not a duration.
    assert token.expires_in == pytest.approx(time.time() + 600, abs=30)
    assert events[-1].event == ChatEventType.CONVERSATION_CHAT_COMPLETED


def test_a_right_assertion_is_taken(exchange):
    answer = exchange()

    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"


def test_an_unknown_key_id_is_refused(exchange):
    # The platform's own spelling.
    assert_refused(exchange(header={"kid": "no-such-key"}), "invalid jwt: kid not been registred")


def test_a_foreign_audience_is_refused(exchange):
    assert_refused(exchange(aud="www.example.com"), "aud")


def test_a_signature_of_another_key_is_refused(exchange):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = stranger.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    assert_refused(exchange(private_key=pem), "signature")


def test_an_assertion_past_its_end_is_refused(exchange):
    now = int(time.time())

    assert_refused(exchange(iat=now - 1200, exp=now - 600), "exp")


def test_an_assertion_is_good_for_one_exchange_only(exchange):
    reused = uuid.uuid4().hex

    first, second = exchange(jti=reused), exchange(jti=reused)

    assert first.status_code == 200
    assert_refused(second, "jti")


def test_an_issuer_that_is_not_the_app_of_the_key_is_refused(exchange):
    assert_refused(exchange(iss="1100000000009"), "invalid jwt")


def test_something_that_is_no_assertion_is_refused(product):
    # Protocol 4.2: the platform's words for an empty bearer and for anything that is not a JWT.
    assert_refused(exchange_raw(product, "not-an-assertion"), "verify jwt empty error")


def test_another_grant_is_not_supported(product, sign):
    answer = exchange_raw(product, sign(), grant_type="client_credentials")

    assert answer.status_code == 400
    assert answer.json()["error_code"] == "unsupported_grant_type"


def test_a_token_longer_than_a_day_is_refused(product, sign):
    answer = exchange_raw(product, sign(), duration_seconds=86400)

    assert answer.status_code == 400
    assert answer.json()["error_code"] == "invalid_request"

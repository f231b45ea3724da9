"""What goes wrong, as the official SDK and a plain client see it."""

import httpx
import pytest
from cozepy import Coze, CozeAPIError, Message, TokenAuth

from product import TOKEN_PATH


@pytest.fixture
def stranger(product):
    """The SDK with a handle that nobody has given out."""
    return Coze(auth=TokenAuth("not-a-handle"), base_url=product.proxy)


def ask(coze, product, bot_id=None):
    messages = [Message.build_user_question_text("hello")]
    bot_id = bot_id or product.bot("Echo")
    return list(coze.chat.stream(bot_id=bot_id, user_id="u", additional_messages=messages))


def test_an_unknown_handle_is_an_authentication_error_for_the_sdk(stranger, product):
    before = product.journal.mark()

    with pytest.raises(CozeAPIError) as raised:
        stranger.users.me()

    assert raised.value.code == 4100
    assert product.journal.entries(before) == [], "nothing is sent upstream for a stranger"


def test_an_unknown_handle_is_refused_before_a_stream_begins(stranger, product):
    with pytest.raises(CozeAPIError) as raised:
        ask(stranger, product)

    assert raised.value.code == 4100


def test_the_refusal_is_a_problem_with_code_and_msg_beside_it(product):
    answer = httpx.get(f"{product.proxy}/v1/users/me", headers={"Authorization": "Bearer not-a-handle"})

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == 401
    assert body["code"] == 4100
    assert body["type"] and body["title"] and body["msg"]
    assert "not-a-handle" not in answer.text


def test_an_error_of_the_platform_reaches_the_sdk_unchanged(coze, product):
    with pytest.raises(CozeAPIError) as raised:
        ask(coze, product, bot_id="1")

    assert raised.value.code == 4200
    assert "bot_id=1" in raised.value.msg
    assert raised.value.logid


def test_a_path_of_nobody_is_a_problem_and_goes_nowhere(product, session):
    before = product.journal.mark()

    answer = httpx.get(f"{product.proxy}/admin", headers={"Authorization": f"Bearer {session['handle']}"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert product.journal.entries(before) == []


def test_the_token_endpoint_cannot_be_reached_through_the_proxy(product, session):
    before = product.journal.mark()

    bearer = {"Authorization": f"Bearer {session['handle']}"}
    answer = httpx.post(product.proxy + TOKEN_PATH, json={}, headers=bearer)

    assert 400 <= answer.status_code < 500
    assert product.journal.entries(before) == []

"""The official SDK's own way to tokens for a service: `JWTOAuthApp` and `JWTAuth` (protocol 2).

What it can not get wrong, and a stranger could, is in `test_assertions.py`.
"""

import time
import uuid

import pytest
from cozepy import Message, Scope

from flavours import refused


@pytest.fixture
def app(emulator):
    return emulator.jwt_app()


@pytest.fixture
def keys(app):
    return {name: app[name] for name in ("client_id", "private_key", "public_key_id")}


@pytest.fixture
def oauth(sdk, keys, emulator):
    return sdk.JWTOAuthApp(**keys, base_url=emulator.api_base)


@pytest.fixture
def coze_by(sdk, emulator):
    """The SDK, which fetches its tokens itself by way of `auth`."""
    return lambda auth: sdk.Coze(auth=auth, base_url=emulator.api_base)


def conversations(coze, emulator):
    return [conversation.id for conversation in coze.conversations.list(bot_id=emulator.bot("Echo")).items]


def test_a_token_lives_as_long_as_it_was_ordered_to(oauth, coze_with, assert_works, shared_time):
    token = oauth.get_access_token(ttl=60)

    assert token.access_token.startswith("czs_")
    assert token.refresh_token == "", "there is none: the next assertion takes its place"
    assert token.expires_in == pytest.approx(time.time() + 60, abs=30)
    assert_works(token)
    shared_time.advance(61)
    with refused("access token invalid", code=700012006):
        coze_with(token).users.me()


@pytest.mark.parametrize("ttl", [1, 86399])
def test_a_life_of_a_second_to_a_day_can_be_ordered(oauth, ttl):
    assert oauth.get_access_token(ttl=ttl).expires_in == pytest.approx(time.time() + ttl, abs=30)


@pytest.mark.parametrize("ttl", [0, 86400])
def test_a_life_beyond_a_day_or_of_nothing_can_not_be_ordered(oauth, ttl):
    with refused("invalid request: duration_seconds"):
        oauth.get_access_token(ttl=ttl)


def test_a_session_name_has_conversations_of_its_own(oauth, coze_with, emulator):
    name, other_name = uuid.uuid4().hex, uuid.uuid4().hex
    mine = oauth.get_access_token(ttl=600, session_name=name)
    yours = oauth.get_access_token(ttl=600, session_name=other_name)
    question = Message.build_user_question_text("mine")

    list(coze_with(mine).chat.stream(bot_id=emulator.bot("Echo"), user_id="u", additional_messages=[question]))

    again = oauth.get_access_token(ttl=600, session_name=name)
    assert len(conversations(coze_with(again), emulator)) == 1, "a new token of the same name sees the same"
    assert conversations(coze_with(yours), emulator) == []


@pytest.mark.parametrize("names", [["Echo"], []], ids=["of one bot", "of no bot"])
def test_a_scope_arrives_as_it_was_built(oauth, emulator, names):
    bots = [emulator.bot(name) for name in names]
    before = emulator.journal.mark()

    token = oauth.get_access_token(ttl=600, scope=Scope.build_bot_chat(bots))

    [exchange] = emulator.journal.mints(before)
    assert token.access_token
    assert exchange["oauth"]["permissions"] == ["Connector.botChat"]
    assert exchange["oauth"].get("bot_ids", []) == bots


def test_jwt_auth_fetches_one_token_for_many_calls_and_the_next_when_it_has_ended(
    sdk, keys, coze_by, emulator, shared_time
):
    coze = coze_by(sdk.JWTAuth(**keys, ttl=900, base_url=emulator.api_base))
    before = emulator.journal.mark()

    coze.users.me()
    coze.users.me()
    shared_time.advance(600)
    coze.users.me()
    first = emulator.journal.mints(before)
    shared_time.advance(301)
    coze.users.me()

    assert len(first) == 1
    assert len(emulator.journal.mints(before)) == 2


def test_jwt_auth_orders_two_hours_unless_told_otherwise(sdk, oauth, coze_by, emulator):
    before = emulator.journal.mark()

    coze_by(sdk.JWTAuth(oauth_app=oauth)).users.me()

    [exchange] = emulator.journal.mints(before)
    assert exchange["oauth"]["duration_seconds"] == 7200


def test_each_token_costs_an_assertion_of_its_own(oauth):
    first, second = oauth.get_access_token(ttl=600), oauth.get_access_token(ttl=600)

    assert first.access_token != second.access_token


def test_a_key_that_is_not_registered_is_refused(sdk, keys, coze_by, emulator):
    strange = sdk.JWTOAuthApp(**{**keys, "public_key_id": "no-such-key"}, base_url=emulator.api_base)

    # The platform's own spelling, also for who never sees the exchange.
    with refused("invalid jwt: kid not been registred"):
        strange.get_access_token(ttl=600)
    with refused("invalid jwt: kid not been registred"):
        coze_by(sdk.JWTAuth(oauth_app=strange)).users.me()


def test_an_app_of_another_kind_is_no_issuer(sdk, keys, emulator):
    web = emulator.app("web")
    mistaken = sdk.JWTOAuthApp(**{**keys, "client_id": web["client_id"]}, base_url=emulator.api_base)

    # What the platform says here is unknown; the text is the emulator's own.
    with refused("invalid jwt: invalid iss"):
        mistaken.get_access_token(ttl=600)


def test_a_deactivated_app_gets_nothing_until_it_is_active_again(oauth, coze_with, app, emulator):
    token = oauth.get_access_token(ttl=600)
    before = emulator.journal.mark()

    with emulator.deactivated(app):
        with refused(f"app: {app['name']} is currently deactivated by the owner"):
            oauth.get_access_token(ttl=600)
        with refused("access token invalid", code=700012006):
            coze_with(token).users.me()

    assert emulator.journal.outcomes(before) == ["access_deny"]
    assert coze_with(token).users.me()

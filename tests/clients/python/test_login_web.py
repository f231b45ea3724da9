"""The official SDK logs a person in through a web app: consent, code, client secret, refresh (protocol 3.1, 3.2)."""

import time
from urllib.parse import urlsplit

import pytest

from flavours import refused

QUARTER_OF_AN_HOUR = 15 * 60
THIRTY_DAYS = 30 * 24 * 60 * 60


@pytest.fixture
def app(emulator):
    return emulator.app("web")


@pytest.fixture
def redirect_uri(app):
    return app["redirect_uris"][0]


@pytest.fixture
def oauth_with(sdk, emulator, app):
    """The SDK for the web app, with a secret of the test's choice."""

    def make(client_secret):
        return sdk.WebOAuthApp(
            client_id=app["client_id"],
            client_secret=client_secret,
            base_url=emulator.api_base,
            www_base_url=emulator.www_base,
        )

    return make


@pytest.fixture
def oauth(oauth_with, app):
    return oauth_with(app["client_secret"])


@pytest.fixture
def get_code(oauth, person, redirect_uri):
    """Sends a person to the consent page, where they agree."""
    return lambda: person.approve(oauth.get_oauth_url(redirect_uri))["code"]


@pytest.fixture
def log_in(oauth, get_code, redirect_uri):
    return lambda: oauth.get_access_token(redirect_uri, get_code())


def test_a_person_who_agrees_lets_the_app_act_for_them(oauth, person, redirect_uri, assert_works):
    back = person.approve(oauth.get_oauth_url(redirect_uri, state="s"))

    token = oauth.get_access_token(redirect_uri, back["code"])

    assert str(person.address).startswith(redirect_uri)
    assert back["code"].startswith("code_")
    assert token.access_token.startswith("czu_")
    assert token.refresh_token
    assert token.token_type == "Bearer"
    # Protocol 2.3: an instant, not a duration.
    assert token.expires_in == pytest.approx(time.time() + QUARTER_OF_AN_HOUR, abs=30)
    assert_works(token)


@pytest.mark.parametrize("state", ["", "a b&c=d#e/+%", "状态"])
def test_the_state_comes_back_as_it_was_sent(oauth, person, redirect_uri, state):
    assert person.approve(oauth.get_oauth_url(redirect_uri, state=state))["state"] == state


def test_the_person_sees_who_asks_and_where_the_answer_goes(oauth, person, redirect_uri, app):
    person.open(oauth.get_oauth_url(redirect_uri))

    assert urlsplit(str(person.address)).path == "/oauth/consent"
    assert app["name"] in person.page.text
    assert redirect_uri in person.page.text


def test_a_person_who_refuses_sends_the_app_an_error_and_no_code(oauth, person, redirect_uri):
    back = person.deny(oauth.get_oauth_url(redirect_uri, state="s"))

    assert str(person.address).startswith(redirect_uri)
    assert (back["error"], back["state"]) == ("access_denied", "s")
    assert "code" not in back


def test_consent_may_be_asked_in_a_workspace(oauth, person, redirect_uri, assert_works, emulator):
    url = oauth.get_oauth_url(redirect_uri, workspace_id=emulator.workspace_id)

    assert_works(oauth.get_access_token(redirect_uri, person.approve(url)["code"]))


def test_a_workspace_of_somebody_else_ends_on_an_error_page(oauth, person, redirect_uri):
    person.open(oauth.get_oauth_url(redirect_uri, workspace_id="1"))

    assert person.page.status == 400
    assert "invalid request: workspace_id" in person.page.text


def test_an_address_that_is_not_registered_is_sent_nothing(oauth, person, redirect_uri):
    person.open(oauth.get_oauth_url(f"{redirect_uri}/"))

    assert person.page.status == 400
    assert "invalid request: redirect_uri" in person.page.text


def test_a_refreshed_pair_replaces_the_old_one(oauth, log_in, assert_works):
    old = log_in()

    new = oauth.refresh_access_token(old.refresh_token)

    assert new.access_token != old.access_token
    assert new.refresh_token != old.refresh_token
    assert_works(new)
    with refused("invalid request: refresh_token"):
        oauth.refresh_access_token(old.refresh_token)
    assert_works(oauth.refresh_access_token(new.refresh_token))


def test_a_refresh_token_of_nobody_is_refused(oauth):
    with refused("invalid request: refresh_token"):
        oauth.refresh_access_token("not-a-refresh-token")


def test_a_strict_platform_ends_the_old_access_token_with_the_refresh(oauth, log_in, coze_with, emulator):
    old = log_in()

    with emulator.strict():
        new = oauth.refresh_access_token(old.refresh_token)

    with refused("access token invalid", code=700012006):
        coze_with(old).users.me()
    assert coze_with(new).users.me()


def test_a_strict_platform_ends_the_login_whose_old_refresh_token_comes_again(oauth, log_in, coze_with, emulator):
    old = log_in()
    new = oauth.refresh_access_token(old.refresh_token)

    with emulator.strict(), refused("invalid request: refresh_token"):
        oauth.refresh_access_token(old.refresh_token)

    with refused("invalid request: refresh_token"):
        oauth.refresh_access_token(new.refresh_token)
    with refused("access token invalid", code=700012006):
        coze_with(new).users.me()


def test_an_access_token_ends_after_a_quarter_of_an_hour_and_a_refresh_brings_the_next(
    oauth, log_in, coze_with, shared_time
):
    token = log_in()
    shared_time.advance(QUARTER_OF_AN_HOUR + 1)

    with refused("access token invalid", code=700012006):
        coze_with(token).users.me()

    assert coze_with(oauth.refresh_access_token(token.refresh_token)).users.me()


def test_a_refresh_token_ends_after_thirty_days_that_count_from_its_own_issue(oauth, log_in, shared_time):
    first = log_in()
    shared_time.advance(THIRTY_DAYS - 60)
    second = oauth.refresh_access_token(first.refresh_token)
    shared_time.advance(THIRTY_DAYS - 60)
    third = oauth.refresh_access_token(second.refresh_token)
    shared_time.advance(THIRTY_DAYS + 1)

    with refused("invalid request: refresh_token"):
        oauth.refresh_access_token(third.refresh_token)


def test_a_code_buys_one_pair_only(oauth, get_code, redirect_uri, coze_with):
    code = get_code()
    token = oauth.get_access_token(redirect_uri, code)

    with refused("invalid request: code"):
        oauth.get_access_token(redirect_uri, code)

    assert coze_with(token).users.me()


def test_a_strict_platform_ends_the_login_whose_code_comes_again(
    oauth, get_code, redirect_uri, coze_with, emulator
):
    code = get_code()
    token = oauth.get_access_token(redirect_uri, code)

    with emulator.strict(), refused("invalid request: code"):
        oauth.get_access_token(redirect_uri, code)

    with refused("access token invalid", code=700012006):
        coze_with(token).users.me()


def test_a_code_is_worth_nothing_with_another_redirect_uri(oauth, get_code, redirect_uri):
    with refused("invalid request: redirect_uri"):
        oauth.get_access_token(f"{redirect_uri}/", get_code())


def test_a_wrong_client_secret_buys_and_refreshes_nothing(oauth_with, get_code, log_in, redirect_uri, emulator):
    stranger = oauth_with("not-the-secret")
    code, token = get_code(), log_in()
    before = emulator.journal.mark()

    # What the platform says here is unknown; the text is the emulator's own.
    with refused("invalid client_secret"):
        stranger.get_access_token(redirect_uri, code)
    with refused("invalid client_secret"):
        stranger.refresh_access_token(token.refresh_token)

    # The SDK keeps the text and drops the code beside it.
    assert emulator.journal.outcomes(before) == ["invalid_client", "invalid_client"]


def test_a_deactivated_app_gets_nothing_until_it_is_active_again(
    oauth, person, get_code, log_in, redirect_uri, coze_with, app, emulator
):
    code, token = get_code(), log_in()
    deactivated = f"app: {app['name']} is currently deactivated by the owner"
    before = emulator.journal.mark()

    with emulator.deactivated(app):
        with refused(deactivated):
            oauth.get_access_token(redirect_uri, code)
        with refused(deactivated):
            oauth.refresh_access_token(token.refresh_token)
        with refused("access token invalid", code=700012006):
            coze_with(token).users.me()
        person.open(oauth.get_oauth_url(redirect_uri))

    assert deactivated in person.page.text
    assert emulator.journal.outcomes(before) == ["access_deny"] * 3
    assert coze_with(token).users.me()
    assert oauth.get_access_token(redirect_uri, code).access_token
    assert oauth.refresh_access_token(token.refresh_token).access_token

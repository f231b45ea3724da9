"""The official SDK logs a person in through a public app: a code with a proof key, and no secret (protocol 3.3)."""

import secrets
from urllib.parse import parse_qs, urlsplit

import pytest

from flavours import refused


@pytest.fixture
def app(emulator):
    return emulator.app("pkce")


@pytest.fixture
def redirect_uri(app):
    return app["redirect_uris"][0]


@pytest.fixture
def verifier():
    """As the official samples make it: 22 characters, fewer than RFC 7636 wants."""
    return secrets.token_urlsafe(16)


@pytest.fixture
def oauth(sdk, emulator, app):
    return sdk.PKCEOAuthApp(
        client_id=app["client_id"], base_url=emulator.api_base, www_base_url=emulator.www_base
    )


@pytest.fixture(params=["plain", "S256"])
def method(request):
    return request.param


@pytest.fixture
def get_code(oauth, person, redirect_uri, verifier):
    """Sends a person to the consent page, where they agree."""

    def get(method="S256"):
        return person.approve(oauth.get_oauth_url(redirect_uri, verifier, method))["code"]

    return get


def test_a_person_who_agrees_lets_the_app_act_for_them(
    oauth, get_code, redirect_uri, verifier, method, assert_works
):
    token = oauth.get_access_token(redirect_uri, get_code(method), verifier)

    assert token.access_token.startswith("czu_")
    assert_works(token)


def test_plain_is_what_the_sdk_sends_unless_told_otherwise(oauth, redirect_uri, verifier):
    query = parse_qs(urlsplit(oauth.get_oauth_url(redirect_uri, verifier)).query)

    assert query["code_challenge_method"] == ["plain"]
    assert query["code_challenge"] == [verifier]


def test_the_vector_of_the_sdk_is_understood(oauth, person, redirect_uri):
    url = oauth.get_oauth_url(redirect_uri, "code_verifier", "S256")

    assert "code_challenge=73oehA2tBul5grZPhXUGQwNAjxh69zNES8bu2bVD0EM" in url
    assert oauth.get_access_token(redirect_uri, person.approve(url)["code"], "code_verifier").access_token


def test_the_person_is_asked_on_the_page_of_public_apps(oauth, person, redirect_uri, verifier, app):
    person.open(oauth.get_oauth_url(redirect_uri, verifier))

    assert urlsplit(str(person.address)).path == "/oauth2/authorize"
    assert app["name"] in person.page.text


def test_a_person_who_refuses_sends_the_app_an_error_and_no_code(oauth, person, redirect_uri, verifier):
    back = person.deny(oauth.get_oauth_url(redirect_uri, verifier, state="s"))

    assert (back["error"], back["state"]) == ("access_denied", "s")
    assert "code" not in back


def test_consent_may_be_asked_in_a_workspace(oauth, person, redirect_uri, verifier, assert_works, emulator):
    url = oauth.get_oauth_url(redirect_uri, verifier, workspace_id=emulator.workspace_id)

    assert_works(oauth.get_access_token(redirect_uri, person.approve(url)["code"], verifier))


def test_a_refreshed_pair_replaces_the_old_one_without_any_secret(
    oauth, get_code, redirect_uri, verifier, assert_works, emulator
):
    old = oauth.get_access_token(redirect_uri, get_code(), verifier)
    before = emulator.journal.mark()

    new = oauth.refresh_access_token(old.refresh_token)

    [refresh] = emulator.journal.mints(before)
    assert refresh["authorization_kind"] == "none"
    assert new.access_token != old.access_token
    assert_works(new)
    with refused("invalid request: refresh_token"):
        oauth.refresh_access_token(old.refresh_token)
    assert_works(oauth.refresh_access_token(new.refresh_token))


def test_a_wrong_verifier_is_refused(oauth, get_code, redirect_uri, verifier, method):
    with refused("invalid request: code_verifier"):
        oauth.get_access_token(redirect_uri, get_code(method), f"{verifier}x")


def test_a_code_buys_one_pair_only(oauth, get_code, redirect_uri, verifier):
    code = get_code()
    oauth.get_access_token(redirect_uri, code, verifier)

    with refused("invalid request: code"):
        oauth.get_access_token(redirect_uri, code, verifier)


def test_a_code_is_worth_nothing_with_another_redirect_uri(oauth, get_code, redirect_uri, verifier):
    with refused("invalid request: redirect_uri"):
        oauth.get_access_token(f"{redirect_uri}/", get_code(), verifier)


def test_a_web_app_is_not_taken_for_a_public_one(sdk, person, redirect_uri, verifier, emulator):
    web = emulator.app("web")
    mistaken = sdk.PKCEOAuthApp(
        client_id=web["client_id"], base_url=emulator.api_base, www_base_url=emulator.www_base
    )
    code = person.approve(mistaken.get_oauth_url(redirect_uri, verifier, "S256"))["code"]
    before = emulator.journal.mark()

    with refused("invalid request: client_secret"):
        mistaken.get_access_token(redirect_uri, code, verifier)
    with refused("invalid request: client_secret"):
        mistaken.refresh_access_token("any")

    assert emulator.journal.outcomes(before) == ["invalid_request"] * 2


def test_an_app_without_this_flow_ends_on_an_error_page(sdk, person, redirect_uri, verifier, emulator):
    device = emulator.app("device")
    mistaken = sdk.PKCEOAuthApp(
        client_id=device["client_id"], base_url=emulator.api_base, www_base_url=emulator.www_base
    )

    person.open(mistaken.get_oauth_url(redirect_uri, verifier))

    assert person.page.status == 400
    assert "invalid app type" in person.page.text


def test_a_deactivated_app_gets_nothing(oauth, get_code, redirect_uri, verifier, app, emulator):
    code = get_code()

    with emulator.deactivated(app), refused(f"app: {app['name']} is currently deactivated by the owner"):
        oauth.get_access_token(redirect_uri, code, verifier)

"""The official SDK logs a person in on a device without a browser: they approve it elsewhere (protocol 3.4)."""

import pytest
from cozepy import CozePKCEAuthError
from cozepy import CozePKCEAuthErrorType as Outcome

from flavours import refused


@pytest.fixture
def app(emulator):
    return emulator.app("device")


@pytest.fixture
def oauth(sdk, emulator, app):
    return sdk.DeviceOAuthApp(client_id=app["client_id"], base_url=emulator.api_base, www_base_url=emulator.www_base)


@pytest.fixture
def poll(oauth):
    """Asks once, for a device that is not to get its token yet; returns what the SDK makes of the answer."""

    def once(begun):
        with pytest.raises(CozePKCEAuthError) as raised:
            oauth.get_access_token(begun.device_code)
        assert raised.value.logid
        return raised.value.error

    return once


def test_a_device_waits_until_a_person_approves_it(oauth, poll, person, assert_works):
    begun = oauth.get_device_code()
    waiting = poll(begun)
    person.approve(begun.verification_url)

    token = oauth.get_access_token(begun.device_code)

    assert begun.device_code.startswith("dc_")
    # Here a duration, unlike a token's (protocol 3.4).
    assert (begun.expires_in, begun.interval) == (300, 5)
    assert waiting == Outcome.AUTHORIZATION_PENDING
    assert person.page.status == 200
    assert token.access_token.startswith("czu_")
    assert_works(token)


def test_the_person_sees_which_device_asks(oauth, person, app):
    begun = oauth.get_device_code()

    person.open(begun.verification_url)

    assert app["name"] in person.page.text
    assert begun.user_code in person.page.text


def test_the_code_may_be_typed_by_hand(oauth, person):
    begun = oauth.get_device_code()
    person.open(begun.verification_uri)
    person.type(user_code=begun.user_code.replace("-", " ").lower())
    person.press("Continue")
    person.press("Approve")

    assert oauth.get_access_token(begun.device_code).access_token


def test_the_sdk_polls_by_itself_until_the_person_approves(oauth, person, assert_works, shared_time):
    begun = oauth.get_device_code()
    shared_time.during_waits(lambda: None, lambda: person.approve(begun.verification_url))

    token = oauth.get_access_token(begun.device_code, poll=True)

    assert shared_time.waits == [5, 5]
    assert_works(token)


def test_the_sdk_slows_down_when_it_is_told_to(oauth, poll, person, shared_time, emulator):
    begun = oauth.get_device_code()
    poll(begun)
    before = emulator.journal.mark()
    shared_time.during_waits(lambda: None, lambda: person.approve(begun.verification_url))

    assert oauth.get_access_token(begun.device_code, poll=True).access_token

    assert shared_time.waits == [10, 10]
    tries = ["slow_down", "authorization_pending", "approved", "issued"]
    assert emulator.journal.outcomes(before) == tries


def test_an_impatient_device_is_told_to_slow_down(oauth, poll):
    begun = oauth.get_device_code()

    assert [poll(begun), poll(begun)] == [Outcome.AUTHORIZATION_PENDING, Outcome.SLOW_DOWN]


def test_a_device_that_a_person_refuses_gets_nothing(oauth, poll, person):
    begun = oauth.get_device_code()

    person.deny(begun.verification_url)

    assert person.page.status == 200
    assert poll(begun) == Outcome.ACCESS_DENIED


def test_polling_ends_when_the_person_refuses(oauth, person, shared_time):
    begun = oauth.get_device_code()
    shared_time.during_waits(lambda: person.deny(begun.verification_url))

    with pytest.raises(CozePKCEAuthError) as raised:
        oauth.get_access_token(begun.device_code, poll=True)

    assert raised.value.error == Outcome.ACCESS_DENIED
    assert shared_time.waits == [5]


def test_a_device_code_waits_for_five_minutes_only(oauth, poll, person, shared_time):
    begun = oauth.get_device_code()
    shared_time.advance(begun.expires_in + 1)

    person.open(begun.verification_url)

    assert person.page.status == 404
    assert poll(begun) == Outcome.EXPIRED_TOKEN


def test_an_approval_is_collected_once(oauth, person):
    begun = oauth.get_device_code()
    person.approve(begun.verification_url)
    oauth.get_access_token(begun.device_code)

    with refused("invalid request: device_code"):
        oauth.get_access_token(begun.device_code)


def test_a_device_may_be_bound_to_a_workspace(oauth, person, assert_works, emulator):
    begun = oauth.get_device_code(workspace_id=emulator.workspace_id)
    person.approve(begun.verification_url)

    assert_works(oauth.get_access_token(begun.device_code))


def test_a_workspace_of_somebody_else_is_refused(oauth):
    with refused("invalid request: workspace_id"):
        oauth.get_device_code(workspace_id="1")


def test_a_refreshed_pair_replaces_the_old_one_without_any_secret(oauth, person, assert_works):
    begun = oauth.get_device_code()
    person.approve(begun.verification_url)
    old = oauth.get_access_token(begun.device_code)

    new = oauth.refresh_access_token(old.refresh_token)

    assert new.access_token != old.access_token
    assert_works(new)
    with refused("invalid request: refresh_token"):
        oauth.refresh_access_token(old.refresh_token)


def test_an_app_of_another_kind_can_not_start_it(sdk, emulator):
    web = emulator.app("web")
    mistaken = sdk.DeviceOAuthApp(client_id=web["client_id"], base_url=emulator.api_base)
    before = emulator.journal.mark()

    with refused("invalid app type"):
        mistaken.get_device_code()

    assert emulator.journal.outcomes(before) == ["access_deny"]


def test_a_deactivated_app_gets_nothing(oauth, person, app, emulator):
    begun = oauth.get_device_code()
    person.approve(begun.verification_url)
    deactivated = f"app: {app['name']} is currently deactivated by the owner"

    with emulator.deactivated(app):
        with refused(deactivated):
            oauth.get_device_code()
        with refused(deactivated):
            oauth.get_access_token(begun.device_code)

    assert oauth.get_access_token(begun.device_code).access_token

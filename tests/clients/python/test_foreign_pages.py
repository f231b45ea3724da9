"""A page that is not on the list gets nothing, and costs nothing: no token, no readable answer, no exchange."""

import uuid
from urllib.parse import urlsplit

import httpx
import pytest

LISTED = "https://www.coze.cn"

FOREIGN = {
    "a foreign origin": {"Origin": "https://evil.example"},
    "an opaque origin": {"Origin": "null"},
    "a listed name as a prefix": {"Origin": "https://www.coze.cn.evil.example"},
    "a listed name over http": {"Origin": "http://www.coze.cn"},
    "a listed name on another port": {"Origin": "https://www.coze.cn:8443"},
    "another port of this machine": {"Origin": "http://127.0.0.1:1"},
    "a rebound name": {"Host": "evil.example"},
    "a rebound name with a loopback prefix": {"Host": "127.0.0.1.evil.example"},
    "a cross-site script without an origin": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "a same-site script without an origin": {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
}


@pytest.fixture(params=FOREIGN.values(), ids=FOREIGN.keys())
def foreign(request):
    return request.param


def refused(answer):
    assert answer.status_code == 403, answer.text
    assert "access-control-allow-origin" not in answer.headers
    assert "czs_" not in answer.text


def test_a_foreign_page_gets_no_token_and_causes_no_exchange(product, foreign):
    before = product.journal.mark()

    answer = httpx.get(
        f"{product.auth}/callback",
        params={"session_name": uuid.uuid4().hex},
        headers={"X-Requested-With": "XMLHttpRequest", **foreign},
    )

    refused(answer)
    assert product.journal.entries(before) == []


def test_a_foreign_page_opens_no_session(product, foreign):
    before = product.journal.mark()

    answer = httpx.post(f"{product.auth}/auth/session", json={}, headers=foreign)

    refused(answer)
    assert "set-cookie" not in answer.headers
    assert product.journal.entries(before) == []


def test_a_foreign_page_reaches_nothing_through_the_proxy(product, session, foreign):
    before = product.journal.mark()

    answer = httpx.get(
        f"{product.proxy}/v1/users/me", headers={"Authorization": f"Bearer {session['handle']}", **foreign}
    )

    refused(answer)
    assert product.journal.entries(before) == []


def test_a_listed_page_is_served_by_both(product, session):
    headers = {"Origin": LISTED, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    bearer = {"Authorization": f"Bearer {session['handle']}"}

    token = httpx.get(f"{product.auth}/callback", headers={"X-Requested-With": "XMLHttpRequest", **headers})
    account = httpx.get(f"{product.proxy}/v1/users/me", headers={**bearer, **headers})

    for answer in (token, account):
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == LISTED
        assert "origin" in answer.headers["vary"].lower()


def test_a_preflight_of_the_sdk_needs_no_credential(product):
    wanted = "authorization,content-type,x-coze-client-user-agent,agw-js-conv"
    headers = {
        "Origin": LISTED,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": wanted,
    }

    answer = httpx.request("OPTIONS", f"{product.proxy}/v3/chat", headers=headers)

    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] == LISTED
    allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert set(wanted.split(",")) <= allowed


def test_a_preflight_of_a_foreign_page_allows_nothing(product):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    answer = httpx.request("OPTIONS", f"{product.proxy}/v3/chat", headers=headers)

    assert "access-control-allow-origin" not in answer.headers


def test_our_own_page_is_served(product):
    own = product.auth
    headers = {"Origin": own, "Sec-Fetch-Site": "same-origin", "Host": urlsplit(own).netloc}

    assert httpx.post(f"{own}/auth/session", json={}, headers=headers).status_code == 200

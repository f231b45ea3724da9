"""`GET /callback`, as the older scripts call it: one name, one token; the format of their JSON."""

import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

AJAX = {"X-Requested-With": "XMLHttpRequest"}


@pytest.fixture
def callback(product):
    def get(name=None, headers=()):
        parameters = {} if name is None else {"session_name": name}
        return httpx.get(
            f"{product.auth}/callback", params=parameters, headers={**AJAX, **dict(headers)}, timeout=60
        )

    return get


def new_name():
    return f"{int(time.time())}_{uuid.uuid4().hex[:8]}"


def test_the_same_name_gets_the_same_token_and_another_name_another(callback):
    a, b = new_name(), new_name()

    first, again, other = callback(a).json(), callback(a).json(), callback(b).json()

    assert first["access_token"] == again["access_token"]
    assert first["access_token"] != other["access_token"]


def test_the_answer_has_the_historic_fields(callback):
    name = new_name()

    answer = callback(name)

    assert answer.status_code == 200
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert body["access_token"].startswith("czs_")
    assert body["refresh_token"] == ""
    assert body["session_name"] == name
    # A string: the instant twice, for programs and for people.
    matched = re.fullmatch(r"(\d+) \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\)", body["expires_in"])
    assert int(matched[1]) > time.time()
    assert "no-store" in answer.headers["cache-control"]


def test_the_accept_header_asks_for_json_as_well(product):
    answer = httpx.get(f"{product.auth}/callback", headers={"Accept": "application/json"})

    assert answer.headers["content-type"].startswith("application/json")


def test_the_name_may_come_in_a_header(callback):
    name = new_name()

    assert callback(name).json()["access_token"] == callback(headers={"X-Session-Name": name}).json()["access_token"]


def test_a_person_gets_a_page_without_any_token(product):
    answer = httpx.get(f"{product.auth}/callback", headers={"Accept": "text/html"})

    assert answer.headers["content-type"].startswith("text/html")
    assert "czs_" not in answer.text


def test_login_leads_to_callback(product):
    answer = httpx.get(f"{product.auth}/login", follow_redirects=False)

    assert answer.is_redirect
    assert answer.headers["location"].endswith("/callback")


def test_a_hundred_callers_of_one_new_name_cost_one_exchange(callback, product):
    name = new_name()
    before = product.journal.mark()

    with ThreadPoolExecutor(max_workers=100) as pool:
        answers = list(pool.map(lambda _: callback(name), range(100)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["access_token"] for answer in answers}) == 1
    assert len(product.journal.mints(before)) == 1


def test_the_token_of_a_name_carries_that_name_at_the_platform(callback, product):
    name = new_name()
    token = callback(name).json()["access_token"]
    before = product.journal.mark()

    httpx.get(f"{product.emulator['api_base']}/v1/users/me", headers={"Authorization": f"Bearer {token}"})

    [entry] = product.journal.entries(before)
    assert entry["session_name"] == name

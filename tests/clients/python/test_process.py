"""The process itself: what it writes, and how it ends."""

import re
import sys

import httpx
import pytest
from cozepy import Coze, Message, TokenAuth

from product import Product


@pytest.fixture
def own_product():
    """A product that a test may stop."""
    running = Product()
    yield running
    running.clean_up()


def test_no_token_and_no_handle_is_ever_logged(own_product):
    session = own_product.open_session()
    coze = Coze(auth=TokenAuth(session["handle"]), base_url=own_product.proxy)
    messages = [Message.build_user_question_text("hello")]
    list(coze.chat.stream(bot_id=own_product.bot("Echo"), user_id="u", additional_messages=messages))
    token = httpx.get(f"{own_product.auth}/callback", headers={"Accept": "application/json"}).json()["access_token"]

    own_product.stop()

    log = own_product.log()
    assert session["handle"] not in log
    assert token not in log
    assert not re.search(r"czs_[A-Za-z0-9_-]{12,}|PRIVATE KEY", log)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM; ending a process there is not a request")
def test_sigterm_ends_it_with_status_zero(own_product):
    assert own_product.stop() == 0


def test_both_services_say_who_they_are(product):
    about = httpx.get(f"{product.proxy}/").json()
    home = httpx.get(f"{product.auth}/", headers={"Accept": "text/html"})

    assert about["service"] == "cozegate"
    assert about["version"] and about["endpoints"] and about["usage"]
    assert home.status_code == 200
    assert home.headers["content-type"].startswith("text/html")

"""What the tests of this folder share: one running product for all of them, and visitors to talk to it with."""

import os

import pytest
from cozepy import Coze, TokenAuth

from product import Product

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

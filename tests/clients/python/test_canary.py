"""No secret leaves the place that exists to hold it: a long run of the real binary, then a search of all that it left.

Every input carries a secret of its own, the platform's are read off the wire, and everything that a person, a program,
a log or another process of the machine could read is searched for each of them in each spelling.
"""

import base64
import binascii
import json
import os
import secrets
import sys
from urllib.parse import urlencode

import pytest

from canary import SPELLINGS, Canary, Sink, search, unneeded
from overheard import Ears
from scenario import Scenario, fresh

# The places that exist to hold a secret, and which. Whatever is not here holds none.
PURPOSES = [
    # A session's answer is the handle; who names themselves is called by that name.
    (r"^auth POST /auth/session 200 body application/json$", {"handle", "session name", "visitor's pass"}),
    # The pass and the cookie hold the same name, each with a signature of its own.
    (r"^auth POST /auth/session 200 (body application/json|head)$", {"visitor's pass", "visitor's cookie"}),
    # The legacy contract: scripts get the token itself.
    (r"^auth GET /callback 200 body application/json$", {"access token", "session name"}),
    # A page may show its reader what they wrote into its address: the name, and the query in its language links.
    (r"^auth GET /callback 200 body text/html$", {"session name"}),
    (r"^auth GET /(callback|chat|no-such-page|playground|sessions)? (200|404) body text/html$", {"query"}),
    # Who has a session on this machine, for the person at it.
    (r"^auth GET /sessions 200 body text/html$", {"session name"}),
    # The userscript shows the gateway that it is its own.
    (r"^auth GET /cozegate.user.js 200 body text/javascript$", {"pairing secret"}),
    # The way to the consent page, bound to the browser by a cookie.
    (r"^(auth|terminal) GET /login 302 head$", {"state", "login's cookie"}),
    # The legacy way from /login to /callback keeps what the script has written.
    (r"^auth GET /login 302 head$", {"query", "session name"}),
    # What the platform answers is the caller's, and the platform repeats what it was told.
    (r"^proxy POST /v3/chat 200 body", {"body"}),
    (r"^proxy GET /v1/users/me (200|500|502) body", {"answer"}),
    (r"^stdout of token --app (pkce|personal)$", {"access token", "personal access token"}),
    (r"^stdout of token --json", {"access token", "session name"}),
    (r"^file exported\.json$", {"access token", "refresh token"}),
    (r"^file \.local/state/cozegate/visitors\.secret$", {"visitors' secret"}),
    (r"^file \S*client_secret$", {"client secret"}),
    (r"^file \S*token$", {"typo"}),
    # The double tells a program that only knows its address how to prove that it is the web app.
    (r"^stdout of emulator$", {"client secret"}),
]


@pytest.fixture
def scenario():
    running = Scenario(Ears(PURPOSES))
    yield running
    running.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc, signals and pipes")
@pytest.mark.timeout(300)
def test_no_secret_is_found_where_none_may_be(scenario, capsys):
    scenario.settle()
    scenario.visit()
    scenario.be_refused()
    scenario.read_pages()
    scenario.fail_to_log_in()
    for app in ("web", "pkce"):
        scenario.log_in(app)
    scenario.log_in_on_another_device()
    scenario.let_tokens_age()
    scenario.read_pages()
    scenario.use_the_terminal()
    scenario.lose_the_database()
    scenario.reload_nonsense()
    scenario.mistype_elsewhere()
    scenario.log_out()
    scenario.read_files()
    assert scenario.served.stop() == 0
    scenario.read_files()
    scenario.read_the_wire()
    scenario.read_what_was_said()

    canaries, sinks = scenario.canaries, scenario.ears.sinks()
    hits = search(canaries, sinks)

    with capsys.disabled():
        n, m, k = len(canaries), len(sinks), len(SPELLINGS)
        print(f"\ncanaries: {n} secrets x {m} sinks x {k} spellings: {len(hits)} hits")
    assert not hits, "\n".join(hits)
    assert unneeded(PURPOSES, canaries, sinks) == []


# Spelled by others than those who search.
ENCODERS = {
    "raw": bytes,
    "hex": binascii.hexlify,
    "HEX": lambda text: binascii.hexlify(text).upper(),
    "URL-escaped": lambda text: urlencode({"q": text}).encode(),
    "JSON": lambda text: json.dumps({"q": text.decode("latin-1")}).encode(),
    "HTML": lambda text: text.replace(b"&", b"&amp;").replace(b'"', b"&#34;").replace(b"<", b"&lt;"),
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
}


@pytest.mark.parametrize("encoder", ENCODERS)
def test_search_finds_a_planted_secret(encoder):
    texts = [fresh().encode() for _ in range(20)] + [f'Zoë "{fresh()}" <&/>'.encode(), fresh("~").encode()]
    for text in texts:
        canary = Canary("planted", text)
        for before in range(6):
            noise = os.urandom(before) if encoder.startswith("base64") else b"x" * before
            sink = Sink("here", ENCODERS[encoder](noise + text + b"yz"))
            assert search([canary], [sink]), f"{text} after {before} bytes: {sink.content}"


def test_search_finds_a_part_of_a_long_secret_and_nothing_that_is_allowed_or_absent():
    text = secrets.token_bytes(300)
    canary = Canary("planted", text)

    assert search([canary], [Sink("cut", text[90:210])]) == ["planted (raw) in cut"]
    assert search([canary], [Sink("allowed", text, frozenset({"planted"})), Sink("absent", os.urandom(4096))]) == []
    assert unneeded([("allowed", {"planted"}), ("absent", {"planted"})], [canary], [Sink("allowed", text)]) == [
        ("absent", "planted")
    ]

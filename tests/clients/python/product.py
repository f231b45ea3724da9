"""Starts the real cozegate binary, as a demo or as the emulator alone, and reads what a stranger can see of it.

Owns the process: whatever happens in a test, it is stopped. Knows the outside only (addresses, HTTP, the emulator's
control side, the log); nothing here imports or mirrors code of the product.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[3]
SUFFIX = ".exe" if sys.platform == "win32" else ""
BINARY = Path(os.environ.get("COZEGATE_BIN", ROOT / "target" / "debug" / f"cozegate{SUFFIX}"))
TOKEN_PATH = "/api/permission/oauth2/token"

# Far above what starting or stopping takes on a loaded machine; these only turn a hang into a failure.
START_DEADLINE_SECONDS = 60
STOP_DEADLINE_SECONDS = 30


class Running:
    """A running cozegate. What its commands have in common: the emulator in it, and how it begins and ends."""

    COMMAND = ()

    def __init__(self, environment=None):
        self._home = tempfile.TemporaryDirectory(prefix="cozegate-clients-")
        self._log = Path(self._home.name) / "stderr.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [BINARY, *self.COMMAND, "--json"],
                cwd=self._home.name,
                env=_environment(self._home.name, environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        line = self._first_line()
        try:
            self._read(json.loads(line))
            self.journal = Journal(self.emulator["api_base"])
        except (ValueError, KeyError) as error:
            self._process.kill()
            self._process.communicate()
            said = self.log()
            self._home.cleanup()
            raise AssertionError(f"no addresses on the first line: {line!r}\n{said}") from error

    def _read(self, told):
        """Takes the addresses from what the first line told; sets `emulator`, what the emulator says about itself."""
        raise NotImplementedError

    def _first_line(self):
        watchdog = threading.Timer(START_DEADLINE_SECONDS, self._process.kill)
        watchdog.start()
        try:
            return self._process.stdout.readline()
        finally:
            watchdog.cancel()

    def stop(self):
        """Asks it to end as an operator would, and returns its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"did not end {STOP_DEADLINE_SECONDS} s after SIGTERM\n{self.log()}") from None
        finally:
            self._process.stdout.close()

    def log(self):
        """Everything it has written to standard error so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def clean_up(self):
        """Stops it whatever state it is in, and removes its folder."""
        try:
            self.stop()
        finally:
            self._home.cleanup()

    def jwt_app(self):
        """The emulator's JWT app with its `private_key`."""
        app = self.app("jwt")
        return {**app, "private_key": Path(app["private_key_file"]).read_text(encoding="ascii")}

    def app(self, kind):
        """The emulator's app of one client type: `client_id`, `name`, and what else belongs to the type."""
        return next(app for app in self.emulator["apps"] if app["kind"] == kind)

    def bot(self, name):
        """The id of the published bot whose name holds `name`."""
        return next(bot["id"] for bot in self.emulator["bots"] if name in bot["name"] and bot["published"])


class Product(Running):
    """A running `cozegate demo`: `proxy`, `auth` and `emulator["api_base"]` are its addresses."""

    COMMAND = ("demo", *(f"--{listener}-addr=127.0.0.1:0" for listener in ("proxy", "auth", "emulator")))

    def _read(self, told):
        self.proxy, self.auth, self.emulator = told["proxy"], told["auth"], told["emulator"]

    def open_session(self):
        """Opens a new visitor's session; returns the answer of `POST /auth/session`."""
        answer = httpx.post(f"{self.auth}/auth/session", json={})
        answer.raise_for_status()
        return answer.json()


class Emulator(Running):
    """A running `cozegate emulator`: the platform's double alone, whose bots speak without pauses.

    `api_base` and `www_base` are its addresses.
    """

    COMMAND = ("emulator", "--addr=127.0.0.1:0")

    def __init__(self):
        super().__init__()
        self.order("pace", delta_spacing_ms=0)

    def _read(self, told):
        self.emulator = told
        self.api_base, self.www_base = told["api_base"], told["www_base"]
        self.user_id, self.workspace_id = told["user_id"], told["workspace_id"]

    def order(self, path, **order):
        """Tells its control side to do something; the paths are those under `/_emulator`."""
        httpx.put(f"{self.api_base}/_emulator/{path}", json=order).raise_for_status()

    @contextmanager
    def deactivated(self, app):
        """The owner of `app` has switched it off, until the end of the `with`."""
        self.order(f"apps/{app['client_id']}", disabled=True)
        try:
            yield
        finally:
            self.order(f"apps/{app['client_id']}", disabled=False)

    @contextmanager
    def strict(self):
        """Reuse ends a login, and a refresh the old access token, until the end of the `with` (protocol 3.2)."""
        self.order("refresh", revoke_family_on_reuse=True, void_access_token=True)
        try:
            yield
        finally:
            self.order("refresh", revoke_family_on_reuse=False, void_access_token=False)


class Journal:
    """What the platform's double has received."""

    def __init__(self, api_base):
        self._url = f"{api_base}/_emulator/journal"

    def entries(self, since=None):
        """Every request, oldest first; only those after the sequence number `since` where it is given."""
        answer = httpx.get(self._url, params={} if since is None else {"since": since})
        answer.raise_for_status()
        return answer.json()["requests"]

    def mark(self):
        """The sequence number of the newest entry, for `entries(since=...)`."""
        return max((entry["seq"] for entry in self.entries()), default=0)

    def outcomes(self, since):
        """What came of each step of an OAuth flow after `since`: `issued`, `asked`, `approved`, or the error code."""
        return [entry["oauth"]["outcome"] for entry in self.entries(since) if "oauth" in entry]

    def mints(self, since):
        """The token exchanges after `since`."""
        return [entry for entry in self.entries(since) if entry["path"] == TOKEN_PATH]


def _environment(home, extra):
    """An environment without anybody's settings: ours would make the tests pass here and fail elsewhere."""
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return {**environment, "HOME": home, "USERPROFILE": home, "LANG": "C.UTF-8", **extra}

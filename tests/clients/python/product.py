"""Starts the real cozegate binary in demo mode and reads what a stranger can see of it.

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
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[3]
SUFFIX = ".exe" if sys.platform == "win32" else ""
BINARY = Path(os.environ.get("COZEGATE_BIN", ROOT / "target" / "debug" / f"cozegate{SUFFIX}"))
TOKEN_PATH = "/api/permission/oauth2/token"

# Far above what starting or stopping takes on a loaded machine; these only turn a hang into a failure.
START_DEADLINE_SECONDS = 60
STOP_DEADLINE_SECONDS = 30


class Product:
    """A running `cozegate demo`: `proxy`, `auth` and `emulator["api_base"]` are its addresses."""

    def __init__(self, environment=None):
        self._home = tempfile.TemporaryDirectory(prefix="cozegate-clients-")
        self._log = Path(self._home.name) / "stderr.log"
        arguments = [BINARY, "demo", "--json"]
        for listener in ("--proxy-addr", "--auth-addr", "--emulator-addr"):
            arguments += [listener, "127.0.0.1:0"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                arguments,
                cwd=self._home.name,
                env=_environment(self._home.name, environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        line = self._first_line()
        try:
            addresses = json.loads(line)
            self.proxy, self.auth = addresses["proxy"], addresses["auth"]
            self.emulator = addresses["emulator"]
        except (ValueError, KeyError) as error:
            self._process.kill()
            self._process.communicate()
            said = self.log()
            self._home.cleanup()
            raise AssertionError(f"no addresses on the first line: {line!r}\n{said}") from error
        self.journal = Journal(self.emulator["api_base"])

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

    def open_session(self):
        """Opens a new visitor's session; returns the answer of `POST /auth/session`."""
        answer = httpx.post(f"{self.auth}/auth/session", json={})
        answer.raise_for_status()
        return answer.json()

    def jwt_app(self):
        """The emulator's JWT app: `client_id`, `public_key_id`, `private_key_file`."""
        return next(app for app in self.emulator["apps"] if app["kind"] == "jwt")

    def bot(self, name):
        """The id of the published bot whose name holds `name`."""
        return next(bot["id"] for bot in self.emulator["bots"] if name in bot["name"] and bot["published"])


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

    def mints(self, since):
        """The token exchanges after `since`."""
        return [entry for entry in self.entries(since) if entry["path"] == TOKEN_PATH]


def _environment(home, extra):
    """An environment without anybody's settings: ours would make the tests pass here and fail elsewhere."""
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return {**environment, "HOME": home, "USERPROFILE": home, "LANG": "C.UTF-8", **extra}

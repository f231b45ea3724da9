"""Starts the real cozegate binary (demo, emulator, services) and reads what a stranger can see of it.

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
import time
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


class Home:
    """One machine's worth of files: HOME and working directory of the processes that run in it."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="cozegate-clients-")
        self.path = Path(self._folder.name)
        self.written = set()

    def write(self, name, text):
        """Writes a file that its owner alone may read; `written` are all of these."""
        path = self.path / name
        self.written.add(path)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")

    def environment(self, extra):
        """An environment without anybody's settings: ours would make the tests pass here and fail elsewhere."""
        kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        home = str(self.path)
        return {**environment, "HOME": home, "USERPROFILE": home, "LANG": "C.UTF-8", **extra}

    def begin(self, *arguments, environment=None):
        """Starts the binary, which somebody else waits for."""
        return subprocess.Popen(
            [BINARY, *arguments],
            cwd=self.path,
            env=self.environment(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments, environment=None):
        """Runs the binary to its end; returns its exit status and what it said, as bytes."""
        process = self.begin(*arguments, environment=environment)
        try:
            stdout, stderr = process.communicate(timeout=STOP_DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def clean_up(self):
        """Removes all of it."""
        self._folder.cleanup()


class Running:
    """A running cozegate: how it begins, what it says, how it ends. In a home of its own unless it is given one."""

    COMMAND = ()

    def __init__(self, environment=None, home=None):
        self._own_home = Home() if home is None else None
        self._home = home or self._own_home
        self._log = self._home.path / f"{self.COMMAND[0]}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [BINARY, *self.COMMAND, "--json"],
                cwd=self._home.path,
                env=self._home.environment(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.printed = line = self._first_line()
        try:
            self._read(json.loads(line))
        except (ValueError, KeyError) as error:
            self._process.kill()
            self._process.communicate()
            said = self.log()
            self._remove_home()
            raise AssertionError(f"no addresses on the first line: {line!r}\n{said}") from error

    def _read(self, told):
        """Takes the addresses from what the first line told."""
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
        if self._process.stdout.closed:
            return self._process.returncode
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOP_DEADLINE_SECONDS)
            self.printed += self._process.stdout.read()
            return status
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
            self._remove_home()

    def _remove_home(self):
        if self._own_home:
            self._own_home.clean_up()


class WithPlatform(Running):
    """A running cozegate with the platform's double in it."""

    def _meet(self, emulator):
        """Takes what the emulator says about itself."""
        self.emulator = emulator
        self.journal = Journal(emulator["api_base"])

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


class Product(WithPlatform):
    """A running `cozegate demo`: `proxy`, `auth` and `emulator["api_base"]` are its addresses."""

    COMMAND = ("demo", *(f"--{listener}-addr=127.0.0.1:0" for listener in ("proxy", "auth", "emulator")))

    def _read(self, told):
        self.proxy, self.auth = told["proxy"], told["auth"]
        self._meet(told["emulator"])

    def open_session(self):
        """Opens a new visitor's session; returns the answer of `POST /auth/session`."""
        answer = httpx.post(f"{self.auth}/auth/session", json={})
        answer.raise_for_status()
        return answer.json()


class Emulator(WithPlatform):
    """A running `cozegate emulator`: the platform's double alone, whose bots speak without pauses.

    `api_base` and `www_base` are its addresses.
    """

    COMMAND = ("emulator", "--addr=127.0.0.1:0")

    def __init__(self, environment=None):
        super().__init__(environment)
        self.order("pace", delta_spacing_ms=0)

    def _read(self, told):
        self._meet(told)
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
    def failing(self, path, fault):
        """Requests to `path` meet this fault, until the end of the `with`."""
        faults = f"{self.api_base}/_emulator/faults"
        httpx.put(faults, json=[{"match": {"path": path}, "fault": fault}]).raise_for_status()
        try:
            yield
        finally:
            httpx.put(faults, json=[]).raise_for_status()

    @contextmanager
    def strict(self):
        """Reuse ends a login, and a refresh the old access token, until the end of the `with` (protocol 3.2)."""
        self.order("refresh", revoke_family_on_reuse=True, void_access_token=True)
        try:
            yield
        finally:
            self.order("refresh", revoke_family_on_reuse=False, void_access_token=False)


class Served(Running):
    """A running `cozegate serve` on the `cozegate.toml` of a home, which names port 0; it logs all that it can."""

    COMMAND = ("serve", "-vvv")

    def _read(self, told):
        self.proxy, self.auth = told["proxy"], told["auth"]

    def read_again(self, answer):
        """Makes it read its configuration again, and waits until it says `answer`."""
        so_far = self.log().count(answer)
        self._process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        while self.log().count(answer) == so_far:
            assert time.monotonic() < deadline, f"it never said {answer!r}\n{self.log()}"
            time.sleep(0.02)


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

"""A long run of the real binary in which everybody who has a secret uses it: keys, tokens, logins, cookies, mistakes.

Makes each secret known (`canaries`) and has each answer heard (`ears`); what may be where is not its business.
"""

import base64
import json
import os
import re
import secrets
import socket
import time
from urllib.parse import urlencode

import httpx
import pytest
import websockets.sync.client
from websockets.exceptions import InvalidStatus

import mistyped
from canary import Canaries
from overheard import Tap
from person import Person
from product import TOKEN_PATH, Emulator, Home, Served

# What browsers say of somebody who follows a link.
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def fresh(prefix=""):
    """A secret that nobody had before."""
    return prefix + secrets.token_urlsafe(32)


class Scenario:
    """The run: a home, the emulator behind a tap, the services, and people who use them."""

    def __init__(self, ears):
        self.canaries = Canaries()
        self.ears = ears
        self.home, self.another_home = Home(), Home()
        self.emulator = Emulator({"RUST_LOG": "trace"})
        self.tap = Tap(self.emulator.api_base)
        self.person = Person(self.emulator.www_base)
        self.served = None
        # Inputs with letters that every escape spells differently.
        self.name = self.secret("session name", fresh('Zoë & "小明" / '))
        self.query = self.secret("query", fresh('<q> & "'))
        self.header = self.secret("header", fresh("h "))
        self.body = self.secret("body", fresh('b "\\ '))
        self.answer = self.secret("answer", fresh("a "))

    def secret(self, kind, text=None):
        """Makes a secret of this kind known, a new one unless it is given."""
        return self.canaries.add(kind, fresh() if text is None else text)

    def password(self):
        """A password of a database, with letters that an address has to escape."""
        return self.secret("database password", fresh("p@s/ "))

    def typo(self, prefix=""):
        """A secret for a place where none belongs."""
        return self.secret("typo", fresh(prefix))

    def close(self):
        if self.served:
            self.served.stop()
        self.tap.close()
        self.emulator.clean_up()
        for home in (self.home, self.another_home):
            home.clean_up()

    # --- what is there before anybody comes

    def settle(self):
        """Writes the configuration with a secret in each of its places, and starts the services on it."""
        jwt, web = self.emulator.jwt_app(), self.emulator.app("web")
        key = jwt["private_key"]
        for line in key.splitlines()[2:-2]:
            self.secret("private key", line)
        self.secret("private key", base64.b64decode("".join(key.splitlines()[1:-1])))
        self.secret("client secret", web["client_secret"])
        self.home.write("private_key.pem", key)
        self.home.write("service_token", self.secret("service access token", fresh("sat_")))
        self.environment = {
            "CANARY_CLIENT_SECRET": web["client_secret"],
            "CANARY_SEAL_KEY": self.secret("seal key"),
            # Another key's place, which wins over the file.
            "COZEGATE__APPS__PERSONAL__TOKEN": self.secret("personal access token", fresh("pat_")),
        }
        self.toml = f"""
default_app = "main"
[server]
proxy_addr = "127.0.0.1:0"
auth_addr = "127.0.0.1:0"
[store]
seal_key_env = "CANARY_SEAL_KEY"
[apps.main]
kind = "jwt"
api_base = "{self.emulator.api_base}"
client_id = "{jwt["client_id"]}"
public_key_id = "{jwt["public_key_id"]}"
private_key_file = "private_key.pem"
[apps.misaimed]
kind = "jwt"
api_base = "{self.tap.api_base}"
client_id = "{jwt["client_id"]}"
public_key_id = "{jwt["public_key_id"]}"
private_key_file = "private_key.pem"
[apps.web]
kind = "web"
api_base = "{self.tap.api_base}"
client_id = "{web["client_id"]}"
client_secret_env = "CANARY_CLIENT_SECRET"
redirect_uri = "REDIRECT_URI"
[apps.pkce]
kind = "pkce"
api_base = "{self.tap.api_base}"
client_id = "{self.emulator.app("pkce")["client_id"]}"
redirect_uri = "REDIRECT_URI"
[apps.device]
kind = "device"
api_base = "{self.tap.api_base}"
client_id = "{self.emulator.app("device")["client_id"]}"
[apps.personal]
kind = "pat"
api_base = "{self.emulator.api_base}"
[apps.service]
kind = "sat"
api_base = "{self.emulator.api_base}"
token_command = ["cat", "service_token"]
"""
        self.configure("http://127.0.0.1:8081/callback")
        for arguments in (["check"], ["show"], ["show", "--effective"]):
            self.run("config", *arguments)
            self.run("config", *arguments, "--json")
        self.served = Served(self.environment, self.home)
        self.ears.call(auth=self.served.auth, proxy=self.served.proxy)
        self.configure(f"{self.served.auth}/callback")
        self.served.read_again("The configuration was read again and is in force.")
        self.secret("visitors' secret", (self.home.path / ".local/state/cozegate/visitors.secret").read_bytes().strip())

    def configure(self, redirect_uri):
        """Writes the configuration with this redirect URI, which gets registered."""
        for kind in ("web", "pkce"):
            app = self.emulator.app(kind)
            self.emulator.order(f"apps/{app['client_id']}", redirect_uris=[redirect_uri])
        self.home.write("cozegate.toml", self.toml.replace("REDIRECT_URI", redirect_uri))

    def run(self, *arguments, status=0, environment=None, home=None):
        """Runs a command and keeps what it says."""
        environment = self.environment if environment is None else environment
        done = (home or self.home).run(*arguments, environment=environment)
        name = " ".join(arguments)
        assert done.returncode == status, f"{name}: {done.stderr.decode()}"
        self.ears.keep(f"stdout of {name}", done.stdout)
        self.ears.keep(f"stderr of {name}", done.stderr)
        return done

    # --- what visitors do

    def visit(self):
        """Sessions, chats and the legacy contract, as they should be."""
        browser, program = self.ears.browser(), self.ears.program()
        auth, proxy = self.served.auth, self.served.proxy
        headers = {"X-Canary": self.header, "Cookie": f"theme={self.header}", "User-Agent": self.header}
        query = {"canary": self.query}
        # What a browser says of a page's own requests.
        own_page = {"Origin": auth, "Sec-Fetch-Site": "same-origin"}
        first = browser.post(f"{auth}/auth/session", json={}, headers=own_page)
        visitor = self.secret("visitor's pass", first.json()["visitor"])
        for session in (
            first,
            browser.post(f"{auth}/auth/session", json={}, headers=own_page),
            program.post(f"{auth}/auth/session", json={"visitor": visitor}),
            program.post(f"{auth}/auth/session", json={"session_name": self.name}),
        ):
            handle = self.secret("handle", session.json()["handle"])
            question = {"role": "user", "content": self.body, "content_type": "text"}
            chat = {"bot_id": self.emulator.bot("Echo"), "user_id": "u", "stream": True}
            answer = program.post(
                f"{proxy}/v3/chat",
                params=query,
                json={**chat, "additional_messages": [question]},
                headers={**headers, "Authorization": f"Bearer {handle}"},
            )
            assert "conversation.chat.completed" in answer.text
            with self.connect(handle) as connection:
                question = {"role": "user", "content_type": "text", "content": self.body}
                connection.send(json.dumps({"event_type": "conversation.message.create", "data": question}))
                while json.loads(connection.recv())["event_type"] != "conversation.chat.completed":
                    pass
        for cookie in browser.cookies.jar:
            self.secret("visitor's cookie", cookie.value)
        for request in ({"params": {"session_name": self.name}}, {"headers": {"X-Session-Name": self.name.encode()}}):
            legacy = program.get(f"{auth}/callback", **request).json()
            self.secret("access token", legacy["access_token"])
        browser.get(f"{auth}/callback", params={"session_name": self.name, **query})
        program.get(f"{auth}/login", params={"session_name": self.name, **query}, headers=headers)

    def connect(self, handle):
        """Opens a WebSocket with the handle in its address, as pages have to."""
        query = {"bot_id": self.emulator.bot("Echo"), "authorization": f"Bearer {handle}", "canary": self.query}
        address = f"{self.served.proxy.replace('http', 'ws')}/v1/chat?{urlencode(query)}"
        return websockets.sync.client.connect(address, additional_headers={"X-Canary": self.header})

    def be_refused(self):
        """Everything that a caller can do wrong, with something secret in it."""
        browser, program = self.ears.browser(), self.ears.program()
        auth, proxy = self.served.auth, self.served.proxy
        ajax = {"X-Requested-With": "XMLHttpRequest"}
        for wrong in (
            {"content": f'{{"sesion_name": "{self.header}"}}'},
            {"content": json.dumps({"app": self.body})},
            {"content": json.dumps({"visitor": self.body})},
            {"json": {}, "headers": {"Sec-Fetch-Site": "none", "X-Cozegate-Pairing": self.header}},
            {"content": json.dumps({"session_name": self.body + "\n"})},
            {"content": self.body * 1000},
            {"json": {}, "headers": {"Origin": f"https://{fresh('x').lower()}.example"}},
            {"json": {}, "headers": {"Host": self.secret("header", fresh())}},
        ):
            program.post(f"{auth}/auth/session", **wrong)
        for parameters in ({"app": self.query}, {"session_name": self.query + "\n"}, {"app": "misaimed"}):
            program.get(f"{auth}/callback", params=parameters, headers=ajax)
        handle = program.post(f"{auth}/auth/session", json={}).json()["handle"]
        self.secret("handle", handle)
        for credential in (
            f"Bearer {self.secret('handle', fresh('cgh_'))}",
            f"Bearer {self.secret('access token', fresh('czs_'))}",
            f"Bearer {self.secret('access token', fresh('nobody_'))}",
            f"Basic {self.secret('header', fresh())}",
            self.secret("header", fresh()),
        ):
            answer = program.get(f"{proxy}/v1/users/me", headers={"Authorization": credential})
            assert answer.status_code == 401, answer.text
        for unknown in (self.secret("handle", fresh("cgh_")), self.secret("handle", fresh())):
            with pytest.raises(InvalidStatus):
                self.connect(unknown)
        for path in ("/v1/%2e%2e/x", "/elsewhere"):
            program.get(f"{proxy}{path}", params={"canary": self.query}, headers={"Authorization": f"Bearer {handle}"})
        # Apps whose credential the platform does not take, and one in which nobody is logged in.
        for app in ("personal", "service", "misaimed", "web"):
            session = program.post(f"{auth}/auth/session", json={"app": app}).json()
            bearer = {"Authorization": f"Bearer {self.secret('handle', session['handle'])}"}
            assert program.get(f"{proxy}/v1/users/me", headers=bearer).status_code in (401, 502)
        # The platform's own failures, with something in their bodies.
        bearer = {"Authorization": f"Bearer {handle}"}
        for fault in (
            {"status": 500, "body": json.dumps({"code": 5000, "msg": self.answer})},
            {"status": 502, "body": f"<p>{self.answer}</p>", "content_type": "text/html"},
            {"status": 200, "body": self.answer * 9, "cut_after_bytes": 20},
            {"drop_answer": True},
        ):
            with self.emulator.failing("/v1/users/me", fault):
                try:
                    program.get(f"{proxy}/v1/users/me", headers=bearer)
                except httpx.HTTPError:
                    assert "cut_after_bytes" in fault
        browser.get(f"{auth}/no-such-page", params={"canary": self.query})

    def read_pages(self):
        """Every page, in both languages."""
        for language in ("en", "zh-CN"):
            browser = self.ears.browser(language)
            for path in ("/", "/chat", "/callback", "/livez", "/playground", "/readyz", "/sessions"):
                browser.get(self.served.auth + path, params={"canary": self.query})
            for script in ("/embed.js", "/embed/window.js"):
                browser.get(self.served.auth + script, params={"canary": self.query})
            script = browser.get(self.served.auth + "/cozegate.user.js").text
            self.secret("pairing secret", re.search(r'"pairing":"([^"]+)"', script)[1])
            for app in ("web", "pkce", "device", "main", "nobody"):
                for path in ("/login", "/logout"):
                    # From elsewhere, so that nothing begins.
                    browser.get(
                        self.served.auth + path,
                        params={"app": app},
                        headers={**NAVIGATION, "Sec-Fetch-Site": "cross-site"},
                    )
            browser.get(f"{self.served.proxy}/")

    # --- what people do who log in

    def begin(self, browser, app):
        """Begins a login on the pages; returns where the consent page is."""
        begun = browser.get(f"{self.served.auth}/login", params={"app": app, "again": "1"})
        assert begun.status_code == 302, begun.text
        address = begun.headers["location"]
        self.secret("state", httpx.URL(address).params["state"])
        for cookie in browser.cookies.jar:
            if cookie.name.startswith("cozegate_login"):
                self.secret("login's cookie", cookie.value)
        return address

    def come_back(self, browser, answer, **parameters):
        """Comes back from the consent page as browsers do; returns the answer."""
        for name in set(answer) & {"code"}:
            self.secret("code", answer[name])
        headers = {**NAVIGATION, "Sec-Fetch-Site": "same-site"}
        return browser.get(f"{self.served.auth}/callback", params={**answer, **parameters}, headers=headers)

    def log_in(self, app):
        """The whole way, with a yes."""
        browser = self.ears.browser()
        back = self.come_back(browser, self.person.approve(self.begin(browser, app)))
        assert back.status_code == 303, back.text
        assert "logged in" in browser.get(f"{self.served.auth}/login", params={"app": app}).text

    def fail_to_log_in(self):
        """Answers to logins that nobody began here, refusals, and a platform that repeats what it was told."""
        forger = self.ears.browser("zh-CN")
        self.come_back(forger, {"code": self.secret("code", fresh("code_")), "state": self.secret("state")})
        self.come_back(forger, {"code": self.secret("code", fresh("code_"))})
        self.come_back(forger, {"error": self.secret("code", fresh("code_")), "state": self.secret("state")})
        for app in ("web", "pkce"):
            browser = self.ears.browser()
            denied = self.come_back(browser, self.person.deny(self.begin(browser, app)))
            assert denied.status_code == 403
            browser = self.ears.browser()
            answer = self.person.approve(self.begin(browser, app))
            # What it was told with this very request; a platform knows no other secrets of ours.
            told = f"no {answer['code']}"
            if app == "web":
                told += f" {self.environment['CANARY_CLIENT_SECRET']}"
            body = {"error_code": "invalid_grant", "error_message": told, "canary": self.answer}
            with self.emulator.failing(TOKEN_PATH, {"status": 400, "body": json.dumps(body)}):
                assert self.come_back(browser, answer).status_code == 502
            browser = self.ears.browser()
            with self.emulator.failing(TOKEN_PATH, {"status": 500, "body": self.answer, "content_type": "text/html"}):
                assert self.come_back(browser, self.person.approve(self.begin(browser, app))).status_code == 502

    def log_in_on_another_device(self):
        """The device's page, and somebody who agrees at the platform."""
        browser = self.ears.browser()
        page = browser.get(f"{self.served.auth}/device", params={"app": "device"}, follow_redirects=True)
        [address] = re.findall(r'class="address" href="([^"]+)"', page.text)
        self.person.open(address.replace("&#38;", "&").replace("&amp;", "&"))
        self.person.press("Approve")
        while not (page := browser.get(f"{self.served.auth}/device", params={"app": "device"})).is_redirect:
            assert page.status_code == 200, page.text
            # The platform wants five seconds between two questions; the page asks as often.
            time.sleep(0.2)
        assert page.headers["location"] == "/login?app=device"

    def let_tokens_age(self):
        """The platform hands out tokens that end in three seconds; the services renew them, also against refusals."""
        earlier = self.unused_refresh_tokens()
        self.emulator.order("clock", offset_seconds=-897)
        self.log_in("web")
        program = self.ears.program()
        session = program.post(f"{self.served.auth}/auth/session", json={"app": "web"}).json()
        bearer = {"Authorization": f"Bearer {self.secret('handle', session['handle'])}"}

        def ask_until(outcome):
            mark = self.emulator.journal.mark()
            while outcome not in self.emulator.journal.outcomes(mark):
                httpx.get(f"{self.served.proxy}/v1/users/me", headers=bearer)

        ask_until("issued")
        # Heard a moment after it was issued.
        while not (newest := self.unused_refresh_tokens() - earlier):
            time.sleep(0.01)
        told = f"no {self.environment['CANARY_CLIENT_SECRET']} {' '.join(newest)}"
        body = json.dumps({"error_code": "internal_error", "error_message": told, "canary": self.answer})
        with self.emulator.failing(TOKEN_PATH, {"status": 503, "body": body}):
            mark = self.emulator.journal.mark()
            while not self.emulator.journal.mints(mark):
                httpx.get(f"{self.served.proxy}/v1/users/me", headers=bearer)
        self.emulator.order("clock", offset_seconds=0)
        ask_until("issued")
        assert program.get(f"{self.served.proxy}/v1/users/me", headers=bearer).status_code == 200

    def unused_refresh_tokens(self):
        """Those that were handed out and not used yet."""
        issued = re.findall(r'"access_token":"[^"]+".*?"refresh_token":"([^"]+)"', self.tap.heard())
        used = re.findall(r'"grant_type":"refresh_token".*?"refresh_token":"([^"]+)"', self.tap.heard())
        return set(issued) - set(used)

    def log_out(self):
        """By the button, and from a page that may not."""
        browser = self.ears.browser()
        for origin in ("https://www.coze.cn", self.served.auth):
            browser.post(f"{self.served.auth}/logout", data={"app": "web"}, headers={"Origin": origin})

    # --- what is typed

    def use_the_terminal(self):
        """Logins, tokens and login files at the command line, on the store of the running services."""
        self.run("login", "--app", "pkce", status=7)
        self.log_in_at_the_terminal()
        self.run("token", "--app", "pkce")
        minted = self.run("token", "--json", "--session-name", self.name, "-vvv")
        self.secret("access token", json.loads(minted.stdout)["access_token"])
        self.run("token", "--app", "misaimed", "-vvv", status=4)
        self.run("token", "--app", "personal")
        exported = self.run("logout", "--app", "pkce", "--export", "exported.json", "-vvv")
        login = json.loads((self.home.path / "exported.json").read_text())
        assert login["access_token"].encode() not in exported.stdout
        self.run("login", "--app", "pkce", "--import", "exported.json", "--json", "-vvv")
        self.run("logout", "--app", "web", "--export", "exported.json", status=2)
        # Files that are no logins, with a login in them.
        broken = (
            json.dumps({**login, "client_id": "1.app.coze"}),
            json.dumps({**login, "expires_at": self.typo()}),
            json.dumps({**login, "access_token": [login["access_token"]]}),
            json.dumps({**login, "refresh_token": login["refresh_token"] + "\n"}),
            json.dumps(login)[:-1],
        )
        for number, text in enumerate(broken):
            self.home.write(f"broken-{number}.json", text)
            self.run("login", "--app", "pkce", "--import", f"broken-{number}.json", "-vvv", status=2)
        self.run("logout", "--app", "pkce", "--json")

    def log_in_at_the_terminal(self):
        """`login` with a browser of ours in the system's place, which tells what another process could read of it."""
        programs = self.home.path / "bin"
        programs.mkdir()
        browser = programs / "xdg-open"
        browser.write_text('#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ > "$HOME/browser"\n')
        browser.chmod(0o700)
        pipe = self.home.path / "browser"
        os.mkfifo(pipe)
        # Bound, and not listening: nobody else is given the port, and who asks for this very one gets it.
        with socket.socket() as reserved:
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            reserved.bind(("127.0.0.1", 0))
            redirect_uri = f"http://127.0.0.1:{reserved.getsockname()[1]}/callback"
            self.ears.call(terminal=redirect_uri)
            app = self.emulator.app("pkce")
            self.emulator.order(f"apps/{app['client_id']}", redirect_uris=[redirect_uri])
            environment = {
                **self.environment,
                "COZEGATE__APPS__PKCE__REDIRECT_URI": redirect_uri,
                "PATH": f"{programs}:{os.environ['PATH']}",
            }
            login = self.home.begin("login", "--app", "pkce", "-vvv", environment=environment)
            seen = pipe.read_bytes()
            self.ears.keep("arguments and environment of the browser", seen)
            [address] = re.findall(rb"http://127\.0\.0\.1:\d+/login", seen)
            person = self.ears.browser()
            begun = person.get(address.decode())
            self.secret("state", httpx.URL(begun.headers["location"]).params["state"])
            for cookie in person.cookies.jar:
                self.secret("login's cookie", cookie.value)
            answer = self.person.approve(begun.headers["location"])
            person.get(redirect_uri, params={**answer, "state": self.secret("state")})
            person.get(redirect_uri, params=answer)
            stdout, stderr = login.communicate()
        assert login.returncode == 0, stderr
        self.ears.keep("stdout of login", stdout)
        self.ears.keep("stderr of login", stderr)

    # --- what is mistyped

    def reload_nonsense(self):
        """A configuration that is wrong, for whoever asks and for the services that run; then the right one again."""
        right = (self.home.path / "cozegate.toml").read_text()
        for number, wrong in enumerate(mistyped.in_our_file(right, self.typo)):
            self.home.write("cozegate.toml", wrong)
            for command in ("config check", "config check --json", "config show", "serve -vvv"):
                self.run(*command.split(), status=3)
            self.run("init", "--force", "--from", "cozegate.toml", status=3)
            # What is wrong is waited for a while, since it may be half written.
            if number % 6 == 0:
                self.served.read_again("The old configuration stays in force")
        self.home.write("cozegate.toml", right)
        self.served.read_again("The configuration was read again and is in force.")

    def mistype_elsewhere(self):
        """The same in the other sources; and what `init` makes of right ones."""
        for variables in mistyped.in_variables(self.typo):
            self.run("config", "check", environment={**self.environment, **variables}, status=3)
        home = self.another_home
        for name, text in mistyped.in_other_files(self.typo).items():
            home.write(name, text)
            for command in ("config check --config", "config check --json --config", "init --from"):
                self.run(*command.split(), name, home=home, environment={}, status=3)
        console = {"client_type": "web", "client_id": "1.app.coze", "coze_api_base": "https://api.coze.cn"}
        home.write("right.json", json.dumps({**console, "client_secret": self.secret("client secret")}))
        home.write(".env", f"COZE_API_BASE=https://api.coze.cn\nCOZE_API_TOKEN={self.typo()}\n")
        for source in ("right.json", ".env"):
            self.run("init", "--force", "--from", source, home=home, environment={})
            self.run("config", "show", "--effective", home=home, environment={})

    def lose_the_database(self):
        """Stores that cannot be reached, by addresses with a password in them."""
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            for kind, address in mistyped.stores(nobody.getsockname()[1], self.password):
                environment = {"COZEGATE__STORE__KIND": kind, "COZEGATE__STORE__URL": address}
                done = self.run("serve", "-vvv", "--json", environment={**self.environment, **environment}, status=3)
                assert b"could not be opened" in done.stderr, done.stderr

    # --- what is left

    def read_the_wire(self):
        """The platform's secrets, as they went over the wire."""
        wire = self.tap.heard()
        self.canaries.add_all("access token", r'"access_token":"([^"]+)"', wire)
        self.canaries.add_all("refresh token", r'"refresh_token":"([^"]+)"', wire)
        self.canaries.add_all("code", r'"code":"(code_[^"]+)"', wire)
        self.canaries.add_all("code verifier", r'"code_verifier":"([^"]+)"', wire)
        self.canaries.add_all("device code", r'"device_code":"([^"]+)"', wire)
        self.canaries.add_all("assertion", r"Bearer (ey[\w-]+\.[\w-]+\.[\w-]+)", wire.replace("bearer", "Bearer"))

    def read_what_was_said(self):
        """What the processes that run for long have said in the end."""
        self.emulator.stop()
        for name, process in (("serve", self.served), ("emulator", self.emulator)):
            self.ears.keep(f"stdout of {name}", process.printed)
            self.ears.keep(f"stderr of {name}", process.log().encode())

    def read_files(self):
        """Every file below the homes that we did not write ourselves, as it is now."""
        for home in (self.home, self.another_home):
            for path in sorted(home.path.rglob("*")):
                name = str(path.relative_to(home.path))
                if path.is_file() and path not in home.written:
                    self.ears.keep(f"file {name}", path.read_bytes())

"""Who listens in: before the platform, where the secrets flow, and around our own answers, where they must not."""

import re
import socket
import threading
from urllib.parse import urlsplit

import httpx

from canary import Sink


class Tap:
    """Stands before the emulator and hears both sides. What flows there is what has to stay secret."""

    def __init__(self, api_base):
        self._platform = (urlsplit(api_base).hostname, urlsplit(api_base).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.api_base = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._heard = []
        self._start(self._accept)

    def heard(self):
        """Everything so far, the directions of each connection one after the other."""
        return "\n".join(part.decode("utf-8", "replace") for part in self._heard)

    def close(self):
        """Takes no more connections; those that there are end with their other sides."""
        self._listener.close()

    def _accept(self):
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            platform = socket.create_connection(self._platform)
            for source, sink in ((caller, platform), (platform, caller)):
                heard = bytearray()
                self._heard.append(heard)
                self._start(self._pass_on, source, sink, heard)

    @staticmethod
    def _pass_on(source, sink, heard):
        try:
            while piece := source.recv(65536):
                heard.extend(piece)
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # One of the two has left.

    @staticmethod
    def _start(work, *arguments):
        threading.Thread(target=work, args=arguments, daemon=True).start()


class Ears:
    """Clients whose every answer is kept as two sinks, head and body; `purposes` say what each may hold.

    `purposes` is a list of (pattern of the sink's name, kinds of secrets). A name is `auth GET /path 200 head`, or `body`
    and the media type instead of `head`; it has no query.
    """

    def __init__(self, purposes):
        self._purposes = [(re.compile(pattern), frozenset(kinds)) for pattern, kinds in purposes]
        self._sinks = {}
        self._services = {}

    def call(self, **services):
        """Calls the services at these addresses by their names from now on."""
        self._services.update({urlsplit(address).port: name for name, address in services.items()})

    def sinks(self):
        """What was heard so far; the same under the same name once."""
        return list(self._sinks.values())

    def browser(self, language="en"):
        """Somebody's browser: cookies of its own, pages wanted, redirects shown and not followed."""
        headers = {"Accept": "text/html", "Accept-Language": language, "Sec-Fetch-Site": "none"}
        return self._listening(httpx.Client(headers=headers))

    def program(self):
        """A program without cookies."""
        return self._listening(httpx.Client(headers={"Accept": "application/json"}))

    def keep(self, name, content):
        """Keeps something else that was said or written."""
        kinds = [kinds for pattern, kinds in self._purposes if pattern.search(name)]
        self._sinks[name, content] = Sink(name, content, frozenset().union(*kinds))

    def _listening(self, client):
        client.event_hooks = {"response": [self._hear]}
        return client

    def _hear(self, response):
        body = response.read()
        request = response.request
        service = self._services[request.url.port]
        where = f"{service} {request.method} {request.url.path} {response.status_code}"
        form = response.headers.get("content-type", "").split(";")[0]
        head = "\n".join(f"{name}: {value}" for name, value in response.headers.multi_items())
        self.keep(f"{where} head", head.encode())
        self.keep(f"{where} body {form}", body)

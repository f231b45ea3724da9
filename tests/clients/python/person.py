"""A person with a browser that knows no scripts: opens pages, types into them and presses their buttons.

Sends what a browser would send for the page as it is. Where a redirect leaves the platform the person stops: nobody
listens at the addresses of the emulator's apps, and who wants to know what would have arrived there reads `address`.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


class Person:
    """Somebody with the platform at `www_base`; a session and cookies of their own."""

    def __init__(self, www_base):
        self._www_base = httpx.URL(www_base)
        self._browser = httpx.Client()
        self.address = None
        self.page = None

    def open(self, address):
        """Opens an address and follows redirects."""
        self._follow(self._browser.build_request("GET", address))

    def type(self, **fields):
        """Types into the fields of the page's form."""
        for name, text in fields.items():
            assert name in self.page.form.fields, f"no field {name!r} on {self.address}"
            self.page.form.fields[name] = text

    def press(self, label):
        """Presses the button whose label holds `label`."""
        form = self.page.form
        button = next((button for button in form.buttons if label in button.label), None)
        assert button, f"no button {label!r} on {self.address}"
        data = {**form.fields, **({button.name: button.value} if button.name else {})}
        target = urljoin(str(self.address), form.action)
        if form.method == "get":
            request = self._browser.build_request("GET", httpx.URL(target).copy_with(params=data))
        else:
            headers = {"Origin": _origin(self.address)}
            request = self._browser.build_request("POST", target, data=data, headers=headers)
        self._follow(request)

    def approve(self, address):
        """Opens an address that asks for consent, and gives it; returns what the browser then tells the app."""
        return self._decide(address, "Approve")

    def deny(self, address):
        """The same with a no."""
        return self._decide(address, "Deny")

    def _decide(self, address, label):
        self.open(address)
        self.press(label)
        return dict(self.address.params)

    def _follow(self, request):
        answer = self._browser.send(request)
        while answer.is_redirect and _origin(answer.next_request.url) == _origin(self._www_base):
            answer = self._browser.send(answer.next_request)
        self.address = answer.next_request.url if answer.is_redirect else answer.url
        self.page = None if answer.is_redirect else Page(answer.status_code, answer.text)


class Page:
    """A page as it arrived: its status, its text and its form, if it has one."""

    def __init__(self, status, text):
        self.status = status
        self.text = text
        reader = _FormReader()
        reader.feed(text)
        self.form = reader.form


@dataclass
class Form:
    method: str
    action: str
    fields: dict = field(default_factory=dict)
    buttons: list = field(default_factory=list)


@dataclass
class Button:
    name: str
    value: str
    label: str = ""


class _FormReader(HTMLParser):
    """Reads the only form of a page."""

    def __init__(self):
        super().__init__()
        self.form = None
        self._inside = None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            assert self.form is None, "a page with two forms"
            self.form = Form(attributes.get("method", "get").lower(), attributes.get("action", ""))
        elif tag == "input":
            self.form.fields[attributes["name"]] = attributes.get("value", "")
        elif tag == "button":
            self._inside = Button(attributes.get("name", ""), attributes.get("value", ""))
            self.form.buttons.append(self._inside)

    def handle_data(self, text):
        if self._inside:
            self._inside.label += text

    def handle_endtag(self, tag):
        if tag == "button":
            self._inside = None


def _origin(url):
    return f"{url.scheme}://{url.netloc.decode('ascii')}"

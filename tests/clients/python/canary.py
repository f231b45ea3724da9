"""Looks for secrets where none may be: each in every spelling, in everything that was said, sent or written.

Pure: takes bytes, gives back what it found. What counts as a secret, and which place exists to hold one, is said by the
test.
"""

import base64
import html
import json
import re
from dataclasses import dataclass, field
from urllib.parse import quote

# Of a longer text its middle is looked for, so that one that was cut is found as well.
LONGEST_PROBE = 48
# Below, a text could stand somewhere by accident.
SHORTEST_PROBE = 16

SPELLINGS = {
    "raw": lambda text: text,
    "hex": lambda text: text.hex().encode(),
    "HEX": lambda text: text.hex().upper().encode(),
    "URL-escaped": lambda text: quote(text, safe="").encode(),
    "JSON-escaped": lambda text: json.dumps(text.decode("utf-8", "replace"), ensure_ascii=False)[1:-1].encode(),
    "HTML-escaped": lambda text: html.escape(text.decode("utf-8", "replace")).encode(),
    **{
        f"{alphabet} at {offset}": lambda text, encode=encode, offset=offset: _base64(text, encode, offset)
        for alphabet, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode))
        for offset in range(3)
    },
}


def _base64(text, encode, offset):
    """What is the same whatever stands before (so many bytes modulo three) and behind."""
    encoded = encode(bytes(offset) + text).rstrip(b"=")
    begin = 4 if offset else 0
    return encoded[begin : len(encoded) - len(encoded) % 4]


@dataclass(frozen=True)
class Canary:
    """A secret: what it is, and its text."""

    kind: str
    text: bytes

    def spelled(self):
        """What to look for, by spelling: the text, and its longest part that no escape changes. The same once."""
        plain = max(re.findall(rb"[A-Za-z0-9_-]+", self.text) or [b""], key=len)
        probes = {_middle(probe) for probe in (self.text, plain) if len(probe) >= SHORTEST_PROBE}
        spelled = {spell(probe): name for probe in probes for name, spell in reversed(SPELLINGS.items())}
        return [(name, text) for text, name in spelled.items()]


def _middle(text):
    excess = max(len(text) - LONGEST_PROBE, 0)
    return text[excess // 2 : excess // 2 + LONGEST_PROBE]


class Canaries:
    """All secrets, each once."""

    def __init__(self):
        self._all = {}

    def add(self, kind, secret):
        """Adds a secret of a kind, and returns it as it came."""
        text = secret.encode() if isinstance(secret, str) else secret
        assert len(text) >= SHORTEST_PROBE, f"too short to be told from chance: {kind}"
        self._all.setdefault(text, Canary(kind, text))
        return secret

    def add_all(self, kind, pattern, text):
        """Adds what the pattern's only group matches in `text`; there has to be something."""
        found = set(re.findall(pattern, text))
        assert found, f"no {kind} flows there"
        for secret in found:
            self.add(kind, secret)

    def kinds(self):
        return {canary.kind for canary in self}

    def __iter__(self):
        return iter(self._all.values())

    def __len__(self):
        return len(self._all)


@dataclass(frozen=True)
class Sink:
    """Something that was said, sent or written, with the kinds of secrets that it exists to hold."""

    name: str
    content: bytes
    may_hold: frozenset = field(default_factory=frozenset)


def search(canaries, sinks):
    """Every hit, as `kind (spelling) in sink`, once."""
    probes = [(canary.kind, canary.spelled()) for canary in canaries]
    hits = {
        f"{kind} ({spelling}) in {sink.name}"
        for sink in sinks
        for kind, spelled in probes
        if kind not in sink.may_hold
        for spelling, text in spelled
        if text in sink.content
    }
    return sorted(hits)


def unneeded(purposes, canaries, sinks):
    """The permissions that no sink makes use of: each would hide what it does not mean."""
    probes = [(canary.kind, text) for canary in canaries for _, text in canary.spelled()]
    return [
        (pattern, kind)
        for pattern, kinds in purposes
        for kind in sorted(kinds)
        if not any(
            re.search(pattern, sink.name) and any(kind == held and text in sink.content for held, text in probes)
            for sink in sinks
        )
    ]

"""cozepy comes in two flavours, with and without `async`. A test is written once and judges both.

The client itself is unchanged: what is here only runs the coroutines of the second flavour to their ends, and gives
both of them a clock that can be moved.
"""

import asyncio
import inspect
import time
from contextlib import contextmanager

import cozepy
import cozepy.auth
import pytest
from cozepy import CozeAPIError


class Sync:
    """`cozepy.WebOAuthApp` and its sisters, as they are."""

    def __getattr__(self, name):
        return getattr(cozepy, name)

    def close(self):
        """Nothing was opened."""


class Async:
    """`cozepy.AsyncWebOAuthApp` and its sisters, under the names of the first flavour and called like them."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()

    def __getattr__(self, name):
        return _Finished(getattr(cozepy, f"Async{name}"), self._loop)

    def close(self):
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


class _Finished:
    """Something of cozepy whose every call has ended when it returns."""

    def __init__(self, inner, loop):
        self._inner, self._loop = inner, loop

    def __getattr__(self, name):
        return self._wrapped(getattr(self._inner, name))

    def __call__(self, *arguments, **options):
        arguments = [_unwrapped(argument) for argument in arguments]
        options = {name: _unwrapped(option) for name, option in options.items()}
        return self._wrapped(self._inner(*arguments, **options))

    def _wrapped(self, value):
        if inspect.isawaitable(value):
            return self._loop.run_until_complete(value)
        if inspect.isasyncgen(value):
            return self._loop.run_until_complete(_collect(value))
        is_data = isinstance(value, (str, int, list, dict, type(None), cozepy.model.CozeModel))
        return value if is_data else _Finished(value, self._loop)


def _unwrapped(value):
    return value._inner if isinstance(value, _Finished) else value


async def _collect(events):
    return [event async for event in events]


class SharedTime:
    """Stands where cozepy looks for the module `time`: its waits take no time here, and pass at the emulator."""

    def __init__(self, emulator):
        self._emulator = emulator
        self._passed = 0
        self._interludes = []
        self.waits = []

    def time(self):
        return time.time() + self._passed

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.advance(seconds)
        if self._interludes:
            self._interludes.pop(0)()

    def advance(self, seconds):
        """Lets time pass for both."""
        self._passed += seconds
        self._emulator.order("clock", offset_seconds=self._passed)

    def during_waits(self, *interludes):
        """What happens while the client waits: the first in its first wait, and so on."""
        self._interludes = list(interludes)


@contextmanager
def refused(msg, code=None):
    """The client raises an error of the platform's: with that text and, outside the OAuth family, that code."""
    with pytest.raises(CozeAPIError) as raised:
        yield
    assert (raised.value.msg, raised.value.code) == (msg, code)
    assert raised.value.logid

"""Secrets of the operator's, looked for in what is said of whoever cannot be told."""

from __future__ import annotations

import io
import logging
import threading
from typing import TYPE_CHECKING

import pytest
import urllib3

from glia.credential import Credential
from glia.events import FetchRecovered
from glia.log import Libraries, Log
from glia.notify.signed_webhook import SignedWebhook
from support.canaries import Canaries

if TYPE_CHECKING:
    from pathlib import Path


def test_whoever_cannot_be_told_is_named_without_what_is_secret(tmp_path: Path) -> None:
    canaries = Canaries()
    url, secret = tmp_path / "url", tmp_path / "secret"
    secret.write_text(canaries.at("secret"))
    userinfo = f"{canaries.at('user')}:{canaries.at('password')}"
    query = f"{canaries.at('path')}?key={canaries.at('query')}#{canaries.at('fragment')}"
    told: list[str] = []
    for address in ("http://{}@127.0.0.1:9/{}", "ftp://{}@x/{}", "http://{}@[/{}", "{} {}\n\x00"):
        url.write_text(address.format(userinfo, query))
        at, by = Credential("it", url), Credential("it", secret)
        sink = SignedWebhook(at, by, lambda: 0.0, urllib3.Retry(0))
        with pytest.raises(Exception) as failure:  # noqa: PT011  (whichever it is)
            sink.send(FetchRecovered(0.0, ""))
        told += [str(failure.value), repr(failure.value)]
    assert canaries.seen_in(told) == set()


def test_a_thread_that_ends_of_an_exception_says_where_and_not_of_what() -> None:
    def raises() -> None:
        raise ValueError(word)

    word = Canaries().at("")
    libraries = Libraries(Log(stream := io.StringIO()))
    libraries.install()
    try:
        thread = threading.Thread(target=raises, name="glia http")
        thread.start()
        thread.join()
        logging.getLogger("any").warning("cannot reach https://me:%s@example.com/", word)
    finally:
        libraries.remove()
    told = stream.getvalue()
    assert "glia http has ended: a bug in glia: Traceback" in told
    assert "in raises" in told
    assert "https://(sensitive)@example.com/" in told
    assert word not in told

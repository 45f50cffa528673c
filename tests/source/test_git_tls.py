"""git over TLS: who has signed the server's certificate, and who gets the token."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import trustme

from glia.source.failures import RepositoryNotFound, Unauthorized
from glia.source.git.access import Access
from support.git import GIT, GitServer
from support.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glia.source.git.source import GitSource
TOKEN = "ghp_0123456789canary0123456789canary"


class Company:
    """An authority of its own, and a server that shows what certificate it is told to."""

    def __init__(self, folder: Path) -> None:
        (folder / "git").mkdir()
        self.authority, self._stranger = trustme.CA(), trustme.CA()
        self._shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server = GitServer(folder / "git", self._shown)
        self.site = Site(folder, self.server)
        self.ca_file = folder / "company.pem"
        self.authority.cert_pem.write_to_path(self.ca_file)
        self.token_file = folder / "token"
        self.token_file.write_text(TOKEN)
        self.is_itself()

    def is_itself(self) -> None:
        self.authority.issue_cert("127.0.0.1").configure_cert(self._shown)

    def has_expired(self) -> None:
        now = datetime.now(UTC)
        before, after = now - timedelta(days=9), now - timedelta(days=2)
        expired = self.authority.issue_cert("127.0.0.1", not_before=before, not_after=after)
        expired.configure_cert(self._shown)

    def is_another_host(self) -> None:
        self.authority.issue_cert("git.example.com").configure_cert(self._shown)

    def is_a_stranger(self) -> None:
        self._stranger.issue_cert("127.0.0.1").configure_cert(self._shown)

    def source(self, access: Access | None = None) -> GitSource:
        access = access or Access(ca_file=self.ca_file, token_file=self.token_file)
        return self.site.over_http(access=access)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    company = Company(tmp_path_factory.mktemp("tls"))
    with company.server.serving():
        yield company


@pytest.fixture
def company(served: Company, tmp_path: Path) -> Company:
    """The server as it was begun, with a commit that nobody has seen."""
    served.is_itself()
    served.server.faults.redirect_to = served.server.faults.authorization = ""
    served.server.requests.clear()
    served.site.state = tmp_path / "state"
    served.site.origin.commit({"m/a.yaml": tmp_path.name})
    return served


def test_a_certificate_that_is_not_right_is_refused_by_what_is_wrong_with_it(
    company: Company,
) -> None:
    source = company.source()
    held = source.fetch()
    tip = company.site.origin.commit({"m/a.yaml": "2"})
    company.server.requests.clear()
    for changed, fault, remedy in (
        (company.has_expired, "certificate has expired", "have the server's operator renew it"),
        (company.is_another_host, "certificate is not valid for '127.0.0.1'", "by a name that"),
        (company.is_a_stranger, "unable to get local issuer", "name its signer's certificates"),
    ):
        changed()
        with pytest.raises(Unauthorized, match=fault) as caught:
            source.fetch()
        assert remedy in str(caught.value)
        assert source.last == held
    assert not company.server.requests, "nothing was asked of it, and nothing sent"

    company.is_itself()
    assert source.fetch().commit == tip


def test_who_signs_the_certificate_can_be_told_by_option_and_by_variable(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unauthorized, match=r"is not trusted: .* issuer .*--git-ca-file"):
        company.source(Access()).fetch()
    (tmp_path / "broken.pem").write_text("no certificate")
    with pytest.raises(Unauthorized, match="--git-ca-file"):
        company.source(Access(ca_file=tmp_path / "broken.pem")).fetch()

    monkeypatch.setenv("SSL_CERT_FILE", str(company.ca_file))
    assert company.source(Access()).fetch().found.sources


def test_a_certificate_file_stands_instead_of_all_else_that_is_trusted(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A curl with GnuTLS would add the system's folder; what it reads, it tells."""
    told = tmp_path / "told"
    (tmp_path / "git").write_text(f'#!/bin/sh\nGIT_CURL_VERBOSE=1 exec {GIT} "$@" 2>>{told}\n')
    (tmp_path / "git").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("SSL_CERT_DIR", "/etc/ssl/certs")

    assert company.source().fetch().found.sources

    assert str(company.ca_file) in told.read_text()
    assert "/etc/ssl/certs" not in told.read_text()


def test_the_token_goes_to_the_server_that_has_proved_itself_and_to_no_other(
    company: Company,
) -> None:
    """Neither where it redirects, encrypted or not, nor to one that wants another token."""
    assert company.source().fetch().found.sources
    sent = {request.headers.get("Authorization", "") for request in company.server.requests}
    assert [each[:6] for each in sent] == ["Basic "]

    stolen = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    company.authority.issue_cert("localhost").configure_cert(stolen)
    company.site.origin.commit({"m/a.yaml": "2"})
    for tls, scheme in ((stolen, "https"), (None, "http")):
        with GitServer(company.server.folder, tls).serving() as other:
            port = other.url.rpartition(":")[2]
            company.server.faults.redirect_to = f"{scheme}://localhost:{port}"
            with pytest.raises(RepositoryNotFound, match="redirects are not followed"):
                company.source().fetch()
            assert not other.requests

    company.server.faults.redirect_to = ""
    company.server.faults.authorization = "Basic of-somebody-else"
    with pytest.raises(Unauthorized, match="check that the token") as caught:
        company.source().fetch()
    assert TOKEN not in str(caught.value)

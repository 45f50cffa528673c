"""What ``glia run`` tells outward: options, and the wiring of log, server and notifications."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from glia.credential import Credential
from glia.errors import UsageError

if TYPE_CHECKING:
    from glia.events import Event
    from glia.github.api import GitHub
    from glia.log import Format, Log
    from glia.notify.background import Background
    from glia.plan import Plan
    from glia.reconciler import Reconciler
    from glia.reconciling.desired_source import Desired, Revision
    from glia.serve.metrics import Metrics
    from glia.shards import Shard

F = TypeVar("F", bound=Callable[..., Any])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LAST_WORDS_SECONDS: Final = 2.0
"""For all that is still to be told at the end, together."""


@dataclass(frozen=True, slots=True)
class Outward:
    """The options, by their names."""

    listen: str | None
    webhook_secret_file: Path | None
    log_format: Format
    log_level: str
    notify_url_file: Path | None
    notify_secret_file: Path | None
    github: str | None
    github_token_file: Path | None
    github_url: str
    require_plan: bool

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> Outward:
        """Those of the options that are its own, which are taken away."""
        return cls(**{each.name: options.pop(each.name) for each in fields(cls)})


OPTIONS = (
    click.option(
        "--listen",
        metavar="HOST:PORT",
        help="Serve /healthz, /readyz, /metrics and /status there; by default nothing is served.",
    ),
    click.option(
        "--webhook-secret-file",
        type=FILE,
        metavar="FILE",
        help="Take signed pushes at /webhook, too: GitHub's or Gitea's secret is in this file.",
    ),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Of the lines on standard error.",
    ),
    click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
        show_default=True,
        help="The least that is logged; debug has passes in which nothing happens.",
    ),
    click.option(
        "--notify-url-file",
        type=FILE,
        metavar="FILE",
        help="Send each event to the address in this file, or in GLIA_NOTIFY_URL.",
    ),
    click.option(
        "--notify-secret-file",
        type=FILE,
        metavar="FILE",
        help="What those are signed with; or in GLIA_NOTIFY_SECRET.",
    ),
    click.option(
        "--github",
        metavar="OWNER/REPO",
        help="Set commit statuses there: pending, success or failure for each cluster.",
    ),
    click.option(
        "--github-token-file",
        type=FILE,
        metavar="FILE",
        help="A token that may write statuses; by default in GITHUB_TOKEN.",
    ),
    click.option(
        "--github-url",
        metavar="URL",
        envvar="GITHUB_API_URL",
        default="https://api.github.com",
        show_default=True,
        help="Of the API; a GitHub Enterprise Server has its own.",
    ),
    click.option(
        "--require-plan",
        is_flag=True,
        help="Apply a new commit only if its plan is the one in its commit status glia/plan.",
    ),
)


def OUTWARD(command: F) -> F:  # noqa: N802  (stands among options that are constants)
    """All options that say what is told to whom."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


class Voices:
    """Everybody who is told what the loop tells. Each has a thread, so nobody waits for another.

    Args:
        options: of the command line.
        ref: the branch or tag that the source follows; empty where it has none.
        is_git: whether it has commits.

    Raises:
        UsageError: options that do not fit together, or an address that cannot be had.
        CredentialError: a secret that is named is not there.
    """

    def __init__(self, options: Outward, ref: str, *, is_git: bool) -> None:
        from glia.log import Libraries, Log
        from glia.serve.metrics import Metrics

        self._options, self._ref, self._is_git = options, ref, is_git
        self.metrics: Metrics = Metrics()
        self.log: Log = Log(sys.stderr, options.log_format, options.log_level)
        self._libraries = Libraries(self.log)
        self._logging = self._in_background("log", self.log.tell, lambda _error: None)
        self._sinks: list[Background] = []
        self._wake: list[Callable[[], None]] = []
        self._closing: list[Callable[[float], object]] = []
        self._notify()

    def tell(self, event: Event) -> None:
        """Take an event; never waits."""
        self.metrics.told(event)
        self._logging.tell(event)
        for sink in self._sinks:
            sink.tell(event)
        for wake in self._wake:
            wake()

    def admitted(self, source: Desired, plan_of: Callable[[Revision], Plan]) -> Desired:
        """The source, or with ``--require-plan`` those of its revisions that were reviewed.

        Raises:
            UsageError: nobody could have reviewed them.
        """
        from glia.admission import Admission

        if not self._options.require_plan:
            return source
        if not self._options.github:
            raise UsageError("--require-plan needs --github OWNER/REPO, where plans are reviewed")
        if not self._is_git:
            raise UsageError("--require-plan needs --git URL: a directory has no commits")
        return Admission(source, plan_of, self._forge())

    def start(self, loop: Reconciler, shard: Shard) -> None:
        """Serve and tell how the loop is, from now on.

        Raises:
            UsageError: the address cannot be had.
        """
        self.metrics.show(loop.status, shard)
        self._libraries.install()
        self._closing.append(lambda _seconds: self._libraries.remove())
        if self._options.github:
            self._tell_github(loop)
        if self._options.listen:
            self._serve(loop)
        elif self._options.webhook_secret_file:
            raise UsageError("--webhook-secret-file needs --listen HOST:PORT to be asked at")

    def close(self) -> None:
        """Say the last words, as far as they are heard in time."""
        end = monotonic() + LAST_WORDS_SECONDS
        for close in (*self._closing, self._logging.close):
            close(max(0.1, end - monotonic()))

    def _in_background(
        self, name: str, sink: Callable[[Event], None], failed: Callable[[Exception], None]
    ) -> Background:
        from glia.notify.background import Background

        return Background(name, sink, lambda: self.metrics.notified(name, "dropped"), failed)

    def _notify(self) -> None:
        from time import time

        from glia.notify.once import Once
        from glia.notify.signed_webhook import Address, SignedWebhook

        options = self._options
        url = Credential("an address", options.notify_url_file, "GLIA_NOTIFY_URL")
        secret = Credential("a secret", options.notify_secret_file, "GLIA_NOTIFY_SECRET")
        if not url.is_named:
            return
        if not secret.is_named:
            raise UsageError(
                "notifications are signed: give --notify-secret-file or GLIA_NOTIFY_SECRET"
            )
        Address.parse(url.read())
        secret.read()
        webhook, once = SignedWebhook(url, secret, time), Once()

        def send(event: Event) -> None:
            if once.is_news(event):
                webhook.send(event)
                self.metrics.notified("webhook", "sent")

        sink = self._in_background("webhook", send, self._failing("webhook"))
        self._sinks.append(sink)
        self._closing.append(sink.close)

    def _failing(self, sink: str) -> Callable[[Exception], None]:
        def failed(error: Exception) -> None:
            self.metrics.notified(sink, "failed")
            self._complain(sink, error)

        return failed

    def _complain(self, who: str, error: Exception) -> None:
        """Of what is no error of the operator's the text may hold anything."""
        from glia.errors import GliaError

        told = str(error) if isinstance(error, GliaError) else type(error).__name__
        self.log.say("warning", f"glia.{who}_failed", f"{who}: {told}")

    def _tell_github(self, loop: Reconciler) -> None:
        from glia.notify.commit_status import CommitStatuses

        statuses = CommitStatuses(
            loop.status,
            self._forge(),
            lambda result: self.metrics.notified("github", result),
            lambda error: self._complain("github", error),
        )
        statuses.start()
        self._wake.append(statuses.wake)
        self._closing.append(statuses.close)

    def _forge(self) -> Callable[[], GitHub]:
        from glia.github.api import GitHub

        options = self._options
        token = Credential("a token", options.github_token_file, "GITHUB_TOKEN")
        if not token.is_named:
            raise UsageError("--github needs a token: --github-token-file or GITHUB_TOKEN")
        if "@" in options.github_url:
            raise UsageError("--github-url has a user in it: the token stands for who asks")
        repository = str(options.github)

        def forge() -> GitHub:
            return GitHub(token.read(), repository, options.github_url)

        forge()
        return forge

    def _serve(self, loop: Reconciler) -> None:
        from glia.serve.application import Application
        from glia.serve.receiver import Receiver
        from glia.serve.server import Server

        options, receiver = self._options, None
        if options.webhook_secret_file:
            secret = Credential("a secret", options.webhook_secret_file)
            secret.read()
            receiver = Receiver(secret.read, self._ref, loop.hint, self.metrics.pushed)
        application = Application(
            loop.status,
            self.metrics.text,
            receiver,
            lambda error: self._complain("server", error),
        )
        server = Server(application, str(options.listen))
        self._closing.append(server.stop)
        server.start()
        self.log.say("info", "glia.server_started", f"listening on port {server.port}")

"""Everybody who is told what the loop tells: the wiring of log, server and notifications."""

from __future__ import annotations

import re
import sys
from time import monotonic
from typing import TYPE_CHECKING, Final

from glia.credential import Credential
from glia.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.admission.admission import Admission
    from glia.cli.outward import Outward
    from glia.events import Event
    from glia.github.api import GitHub
    from glia.log import Log
    from glia.notify.background import Background
    from glia.plan import Plan
    from glia.reconciler import Reconciler
    from glia.reconciling.desired_source import Desired, Revision
    from glia.serve.metrics import Metrics
    from glia.shards import Shard
    from glia.wanted import LookUp, Wanted

    PlanOf = Callable[[Revision, Wanted], Plan]

LOGIN: Final = re.compile(r"[A-Za-z0-9_-]+(\[bot\])?")
LAST_WORDS_SECONDS: Final = 2.0
"""For all that is still to be told at the end, together."""


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

    def admission(self, source: Desired, look_up: LookUp, plan_of: PlanOf) -> Admission | None:
        """With ``--require-plan`` the source of those revisions that were reviewed.

        Raises:
            UsageError: nobody could have reviewed them.
        """
        options = self._options
        if not options.require_plan:
            if options.plan_by or options.github_login:
                raise UsageError("--plan-by and --github-login are for --require-plan")
            return None
        from glia.admission.admission import Admission
        from glia.admission.forge import Terms

        if not options.github:
            raise UsageError("--require-plan needs --github OWNER/REPO, where plans are reviewed")
        if not self._is_git:
            raise UsageError("--require-plan needs --git URL: a directory has no commits")
        if not options.plan_by:
            raise UsageError(
                "--require-plan needs --plan-by LOGIN: whoever may write commit statuses may write "
                "plans, and it has to be said whose count"
            )
        for each in filter(None, (*options.plan_by, options.github_login)):
            if not LOGIN.fullmatch(each):
                raise UsageError(
                    f"{each!r} is no login of GitHub's: expected one like octocat, or planner[bot] "
                    "of a GitHub App"
                )
        branch = self._ref.removeprefix("refs/heads/")
        terms = Terms(branch, options.plan_by, options.github_login or "")
        return Admission(source, look_up, plan_of, self._forge(), terms)

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
        from glia.github.answers import Answers
        from glia.github.api import GitHub

        options, answers = self._options, Answers()
        token = Credential("a token", options.github_token_file, "GITHUB_TOKEN")
        if not token.is_named:
            raise UsageError("--github needs a token: --github-token-file or GITHUB_TOKEN")
        if "@" in options.github_url:
            raise UsageError("--github-url has a user in it: the token stands for who asks")
        repository = str(options.github)

        def forge() -> GitHub:
            return GitHub(token.read(), repository, options.github_url, answers)

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

"""Sessions with AWS: credentials, roles, the account's guard, and clients."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any, Final

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import Loader

from glia import __version__
from glia.aws.failures import AwsError, WrongAccount, translated
from glia.aws.lean_model import LeanLoader
from glia.aws.listener import Nobody
from glia.aws.pacing import Pacer
from glia.aws.retries import persist
from glia.errors import UsageError
from glia.parallel import THREADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.aws.listener import Listener
    from glia.clock import Clock
    from glia.target import Target


def _builtin_hooks() -> HierarchicalEmitter:
    hooks = HierarchicalEmitter()
    botocore.session.Session(event_hooks=hooks)
    return hooks


ROLE_SESSION_NAME: Final = "glia"
HOOKS: Final = _builtin_hooks()  # botocore's own: 10 ms to register, and less than 1 to copy
# One of each for all sessions: they keep what they have read, and a model takes 20 ms to read.
LEAN: Final = LeanLoader()
WHOLE: Final = Loader()
CONFIG: Final = Config(
    # Each repeat is decided in retries.py: botocore's own would register twice after a lost answer.
    retries={"total_max_attempts": 1, "mode": "standard"},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=4 * THREADS,  # reads and writes of one target at the same time
    tcp_keepalive=True,
    user_agent_extra=f"glia/{__version__}",
)


class Sessions:
    """One session with AWS for the whole process, and what each target adds to it.

    Credentials come as for every tool on boto3: environment, profile, SSO, container, machine.

    Args:
        profile: of the AWS configuration; none: the environment decides.
        clock: what pacing and repeats wait on.
        share: the part of AWS's request quota that is Glia's, up to 1.
        read_share: the same, of calls that change nothing.
        listener: is told of every call.

    Raises:
        UsageError: there is no such share.
    """

    def __init__(
        self,
        profile: str | None,
        clock: Clock,
        *,
        share: float = 1.0,
        read_share: float = 1.0,
        listener: Listener | None = None,
    ) -> None:
        for each in (share, read_share):
            if not 0 < each <= 1:
                raise UsageError(
                    "the share of AWS's request quota is to be more than 0 and at most 1, "
                    f"not {each}"
                )
        self.clock = clock
        self.listener = listener or Nobody()
        self._profile = profile
        self._shares = (share, read_share)
        self._base: Any = None
        self._roles: dict[Target, Any] = {}
        self._connections: dict[Target, Connection] = {}
        self._pacers: dict[tuple[str, str], Pacer] = {}
        self._lock = threading.RLock()

    def connection(self, target: Target) -> Connection:
        """The one connection to a target. Nothing is called for it yet."""
        with self._lock:
            if target not in self._connections:
                self._connections[target] = Connection(self, target, self._pacer(target))
            return self._connections[target]

    def _pacer(self, target: Target) -> Pacer:
        """AWS throttles an account, whatever the role: ``arn:aws:iam::ACCOUNT:role/NAME``."""
        account = target.account_id or "".join(target.role_arn.split(":")[4:5])
        key = (account, target.region)
        if key not in self._pacers:
            self._pacers[key] = Pacer(self.clock, *self._shares, self.listener)
        return self._pacers[key]

    def make_client(self, target: Target, service: str, *, whole: bool = False) -> Any:
        """A client of botocore's.

        Raises:
            AwsError: there are no credentials, or the configuration is wrong.
        """
        with self._lock, _told_as("credentials"):
            session = self._role_session(target) if target.role_arn else self._base_session()
            if session.get_credentials() is None:
                raise NoCredentialsError
            # A client takes its model from the loader that is registered when it is made.
            session.register_component("data_loader", WHOLE if whole else LEAN)
            return session.create_client(service, region_name=target.region, config=CONFIG)

    def forget(self, target: Target) -> None:
        """Its credentials, and those that they come from, are read again when they are needed."""
        with self._lock:
            self._roles.pop(target, None)
            self._base = None

    def region(self) -> str:
        """The region of the environment or of the profile.

        Raises:
            UsageError: neither names one.
            AwsError: there is no such profile.
        """
        with self._lock, _told_as("configuration"):
            configured = self._base_session().get_config_variable("region")
        # botocore reads AWS_DEFAULT_REGION only; every other SDK of AWS's, AWS_REGION.
        region = os.environ.get("AWS_REGION") or configured
        if not region:
            raise UsageError(
                "no region: set AWS_REGION, or `region` in the profile (~/.aws/config)"
            )
        return str(region)

    def _base_session(self) -> Any:
        if self._base is None:
            self._base = self._new_session()
        return self._base

    def _new_session(self) -> Any:
        session = botocore.session.Session(
            event_hooks=copy(HOOKS), include_builtin_handlers=False, profile=self._profile
        )
        session.register_component("data_loader", LEAN)
        # Times stay as they come, as the aws command has them: a datetime of each is most of
        # the parsing where there are many, and no JSON.
        parsers = session.get_component("response_parser_factory")
        parsers.set_parser_defaults(timestamp_parser=lambda time: time)
        return session

    def _role_session(self, target: Target) -> Any:
        """One for all clients of a target: they share the role's credentials."""
        if target not in self._roles:
            self._roles[target] = self._new_role_session(target)
        return self._roles[target]

    def _new_role_session(self, target: Target) -> Any:
        source = self._base_session().get_credentials()
        if source is None:
            raise NoCredentialsError
        session = self._new_session()
        provider = _Role(self._base_session(), source, target)
        session.register_component("credential_provider", CredentialResolver([provider]))
        return session


class _Role(CredentialProvider):  # type: ignore[misc]  # botocore is untyped here
    """Credentials of a role, taken when they are first needed and renewed before they expire."""

    METHOD = "glia-assume-role"
    CANONICAL_NAME = None

    def __init__(self, session: Any, source: Any, target: Target) -> None:
        super().__init__(session)
        self._source = source
        self._target = target

    def load(self) -> Any:
        named = {"RoleSessionName": ROLE_SESSION_NAME}
        if self._target.external_id:
            named["ExternalId"] = self._target.external_id
        fetcher = AssumeRoleCredentialFetcher(
            self._client, self._source, self._target.role_arn, extra_args=named
        )
        return DeferredRefreshableCredentials(
            refresh_using=fetcher.fetch_credentials, method=self.METHOD
        )

    def _client(self, service: str, **credentials: Any) -> Any:
        return self.session.create_client(
            service, region_name=self._target.region, config=CONFIG, **credentials
        )


class Connection:
    """One target: its clients, made when first asked for, its guard and its pace."""

    def __init__(self, sessions: Sessions, target: Target, pacer: Pacer) -> None:
        self.target = target
        self.clock, self.listener = sessions.clock, sessions.listener
        self.pacer = pacer
        self._sessions = sessions
        self._clients: dict[tuple[str, bool], Any] = {}
        self._account = ""
        self._lock = threading.RLock()

    def client(self, service: str, *, whole: bool = False) -> Any:
        """A client, if the credentials are of the account that the target names.

        Args:
            service: AWS's name of it, ``ecs``.
            whole: with everything that botocore's model names, events included.

        Raises:
            WrongAccount: they are of another one.
            AwsError: there are none, or STS cannot be asked.
        """
        key = (service, whole)
        with self._waiting():
            self._guard()
            return self._made(*key)

    def renew(self, client: Any) -> None:
        """AWS no longer takes this client's credentials: read them where they came from."""
        with self._waiting():
            if client in self._clients.values():  # nobody else has done it meanwhile
                self._forget()

    def _forget(self) -> None:
        self._clients.clear()
        self._account = ""  # the next ones may be of another
        self._sessions.forget(self.target)

    def _made(self, service: str, whole: bool) -> Any:
        if (service, whole) not in self._clients:
            made = self._sessions.make_client(self.target, service, whole=whole)
            self._clients[service, whole] = made
        return self._clients[service, whole]

    def _guard(self) -> None:
        if not self.target.account_id:
            return
        if not self._account:
            try:
                self._account = self._asked()
            except AwsError as failure:
                if not failure.outdated:
                    raise
                self._forget()
                self._account = self._asked()
        if self._account != self.target.account_id:
            raise WrongAccount(self.target, self._account)

    def _asked(self) -> str:
        return persist(self.clock, "GetCallerIdentity", self._caller)

    def _caller(self) -> str:
        sts = self._made("sts", whole=False)
        with _told_as("GetCallerIdentity"):
            return str(sts.get_caller_identity()["Account"])

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Hold the lock; whoever waits for it waits for a thread, which may itself sleep."""
        if not self._lock.acquire(blocking=False):
            with self.clock.away():
                self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()


@contextmanager
def _told_as(operation: str) -> Iterator[None]:
    """Botocore's errors inside are told as failures of this operation."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise translated(operation, error) from error

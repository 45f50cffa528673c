"""Everything that can go wrong between Glia and AWS, in words that say what to do."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from botocore import exceptions as boto
from botocore.exceptions import ClientError

from glia.ecs.secrecy import hidden_values
from glia.ecs.secret_text import concealed
from glia.errors import GliaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.target import Target

THROTTLED: Final = frozenset(
    {
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
# Codes that come with a status of 4xx, or with none that says so.
PASSING: Final = frozenset(
    {"InternalError", "InternalFailure", "RequestTimeout", "ServerException"}
)
EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
UNKNOWN: Final = frozenset({"InvalidClientTokenId", "UnrecognizedClientException"})
# Words of InvalidSignatureException where it is this machine's clock that is wrong.
SKEWED: Final = ("Signature expired", "Signature not yet current")
SIGN_IN: Final = (
    "give AWS credentials as for the aws command: environment variables, a profile "
    "(AWS_PROFILE, ~/.aws/config), `aws sso login`, or the role of the machine or task"
)
REMEDIES: Final = {
    **dict.fromkeys(
        EXPIRED,
        "the credentials have expired: sign in again (`aws sso login`) or renew the keys",
    ),
    **dict.fromkeys(
        UNKNOWN,
        "AWS does not know these credentials: check the access key, and that it is of the "
        "partition that the region is in",
    ),
    **dict.fromkeys(
        ("InvalidSignatureException", "SignatureDoesNotMatch"),
        "check the secret access key, and this machine's clock",
    ),
    **dict.fromkeys(
        ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"),
        "allow it in the IAM policy of whoever runs Glia; for AssumeRole, in the role's trust "
        "policy too, with the same external id",
    ),
    "ClusterNotFoundException": (
        "create the ECS cluster, or correct region, accountId or clusterName of the NeuronCluster"
    ),
    "LimitExceededException": "raise the quota in Service Quotas, or remove what is not needed",
}


class AwsError(GliaError):
    """A call to AWS has failed.

    Attributes:
        operation: AWS's name of the call, ``CreateService``.
        code: AWS's code of the error, or botocore's name of what kept an answer from coming.
        message: the words that came with it.
        transient: the same call may succeed later.
        lost: the call may have had its effect; its answer has not come.
    """

    def __init__(  # noqa: PLR0913 -- each is a part of the message or of the decision to repeat
        self,
        operation: str,
        code: str,
        message: str,
        transient: bool,
        *,
        lost: bool = False,
        remedy: str = "",
    ) -> None:
        remedy = remedy or REMEDIES.get(code, "")
        super().__init__(
            f"{operation}: {message.rstrip('.')} ({code})" + (f"; {remedy}" if remedy else "")
        )
        self.operation = operation
        self.code = code
        self.message = message
        self.transient = transient
        self.lost = lost

    @property
    def throttled(self) -> bool:
        return self.code in THROTTLED

    @property
    def outdated(self) -> bool:
        """Whether AWS no longer takes these credentials, in whose place there may be others."""
        return self.code in EXPIRED | UNKNOWN

    def final(self) -> AwsError:
        """The same failure, for a call that must not be repeated."""
        return AwsError(self.operation, self.code, self.message, transient=False, lost=self.lost)


class WrongAccount(GliaError):  # noqa: N818 -- says it without "Error"
    """The credentials are of another account than the manifest's; nothing was called there."""

    def __init__(self, target: Target, found: str) -> None:
        super().__init__(
            f"the NeuronCluster names account {target.account_id} in {target.region}, and these "
            f"credentials{f' (role {target.role_arn})' if target.role_arn else ''} are of account "
            f"{found}; nothing was called. Use credentials or a role of {target.account_id}, or "
            "correct accountId"
        )


@dataclass(frozen=True, slots=True)
class _Kind:
    """Errors that botocore raises by itself, and what is to be done about them."""

    errors: tuple[type[Exception], ...]
    remedy: str = ""
    transient: bool = False
    lost: bool = False


# The first that fits counts: some of these are derived from others.
KINDS: Final = (
    _Kind((boto.SSLError,), "check proxies and certificates (AWS_CA_BUNDLE)"),
    _Kind(
        (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError),
        "check the network, proxies, the region's name and AWS_ENDPOINT_URL",
        transient=True,
    ),
    _Kind((boto.HTTPClientError,), transient=True, lost=True),
    # The machine's or the task's own credentials come from a service, which may be away.
    _Kind((boto.CredentialRetrievalError, boto.TokenRetrievalError), SIGN_IN, transient=True),
    _Kind((boto.ProfileNotFound,), "`aws configure list-profiles` shows which there are"),
    _Kind(
        (
            boto.LoginError,
            boto.NoAuthTokenError,
            boto.NoCredentialsError,
            boto.PartialCredentialsError,
            boto.SSOError,
        ),
        SIGN_IN,
    ),
    _Kind((Exception,)),
)


def translated(
    operation: str, error: Exception, request: Mapping[str, Any] = MappingProxyType({})
) -> AwsError:
    """Botocore's error as ours, without the request's values that nobody may read.

    Errors of a call that botocore makes by itself, such as AssumeRole, keep their own name.
    """
    if isinstance(error, ClientError):
        return _refusal(error, hidden_values(request))
    invalid = isinstance(error, boto.ParamValidationError)
    kind = next(each for each in KINDS if isinstance(error, each.errors))
    return AwsError(
        operation,
        type(error).__name__,
        _without_values(error) if invalid else concealed(str(error)),
        kind.transient,
        lost=kind.lost,
        remedy=kind.remedy,
    )


def _refusal(error: ClientError, hidden: Iterable[str]) -> AwsError:
    told = error.response.get("Error", {})
    code = str(told.get("Code", "Unknown"))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = str(told.get("Message") or "AWS gave no reason")
    lost = status >= 500 or code in PASSING
    return AwsError(
        str(error.operation_name),
        code,
        concealed(message, hidden),
        transient=lost or code in THROTTLED | EXPIRED or message.startswith(SKEWED),
        lost=lost,
    )


def _without_values(error: Any) -> str:
    """Which parameters botocore finds wrong. Its report prints their values: one may be secret."""
    kinds = ("Missing required", "Unknown parameter", "Invalid ")
    lines = str(error.kwargs.get("report", "")).splitlines()
    told = [line.partition(", value:")[0] for line in lines if line.startswith(kinds)]
    return "the installed botocore refuses the request: " + ("; ".join(told) or "no reason given")

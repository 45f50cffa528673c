"""Which failures are tried again, how often, and what is looked at before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from tenacity import Retrying, retry_if_exception, wait_random_exponential

from glia.aws.failures import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

    from glia.clock import Clock

T = TypeVar("T")

PROPAGATION: Final = 120.0
"""Seconds that IAM may take to make a new role known everywhere."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How one operation is tried again.

    Attributes:
        attempts: in all, where an answer is lost or AWS has failed.
        throttled_attempts: in all, where AWS says that calls come too fast.
        first_wait, longest_wait: seconds; waits double, and each is drawn from zero up to it.
        passing: words of refusals that pass by themselves within ``PROPAGATION``.
    """

    attempts: int = 5
    throttled_attempts: int = 12
    first_wait: float = 0.5
    longest_wait: float = 20.0
    passing: tuple[str, ...] = ()

    def passes(self, error: BaseException) -> bool:
        """Whether the refusal is one of those that pass."""
        return isinstance(error, AwsError) and any(each in error.message for each in self.passing)

    def repeats(self, error: BaseException) -> bool:
        """What is signed with credentials that have expired is so again: others are to be had."""
        if not isinstance(error, AwsError) or error.outdated:
            return False
        return error.transient or self.passes(error)


DEFAULT: Final = Policy()
POLICIES: Final = {
    # Messages: terraform-provider-aws, internal/service/ecs/service.go.
    "CreateService": Policy(
        passing=(
            "Unable to assume the service linked role",
            "verify that the ECS service role being passed has the proper permissions",
        )
    ),
    "DeleteService": Policy(
        passing=("The service cannot be stopped while deployments are active.",)
    ),
}


def persist(
    clock: Clock,
    operation: str,
    send: Callable[[], T],
    there: Callable[[], T | None] | None = None,
) -> T:
    """Send until there is an answer, or a failure that will not pass.

    Args:
        clock: what the waits pass on.
        operation: decides the policy.
        send: one attempt.
        there: for calls that must not act twice: after an answer was lost, looks whether the
            call has had its effect; what it finds is the answer, and nothing is sent again.

    Raises:
        AwsError: the last failure.
    """
    policy = POLICIES.get(operation, DEFAULT)
    lost = False

    def attempt() -> T:
        nonlocal lost
        if lost and there is not None and (found := there()) is not None:
            return found
        try:
            return send()
        except AwsError as error:
            lost = lost or error.lost
            raise

    retrying = Retrying(
        sleep=clock.sleep,
        wait=wait_random_exponential(multiplier=policy.first_wait, max=policy.longest_wait),
        retry=retry_if_exception(policy.repeats),
        stop=_enough(policy, clock),
        reraise=True,
    )
    try:
        return retrying(attempt)
    except AwsError:
        # The last answer was lost too, or a repeat was refused because the first has acted.
        if lost and there is not None and (found := there()) is not None:
            return found
        raise


def _enough(policy: Policy, clock: Clock) -> Callable[[RetryCallState], bool]:
    begin = clock.now()

    def enough(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome is not None else None
        if error is not None and policy.passes(error):
            return clock.now() - begin >= PROPAGATION
        throttled = isinstance(error, AwsError) and error.throttled
        return state.attempt_number >= (policy.throttled_attempts if throttled else policy.attempts)

    return enough

"""The ECS API: a request in, an answer out, under one lock.

Every call is validated against botocore's model, throttled if that is asked for, befallen by
the scripted faults, and then played on the world as it is at that moment.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from glia.sandbox.ecs_error import EcsError
from glia.sandbox.faults import AnswerLostError, Faults
from glia.sandbox.operations.request import Request
from glia.sandbox.operations.table import OPERATIONS
from glia.sandbox.operations.tags import tagged
from glia.sandbox.validation.shapes import check_answer, check_request
from glia.sandbox.world import Call

if TYPE_CHECKING:
    from glia.sandbox.arns import Place
    from glia.sandbox.quotas import Throttle
    from glia.sandbox.records import Tags
    from glia.sandbox.wire_types import Json
    from glia.sandbox.world import World


class Api:
    """The operations of ECS over one world.

    Args:
        world: what they act on.
        throttle: AWS's token buckets, or none for no throttling.
        faults: the script of faults.
        strict: check every answer against botocore's model as well; for tests.
    """

    def __init__(
        self,
        world: World,
        *,
        throttle: Throttle | None = None,
        faults: Faults | None = None,
        strict: bool = False,
    ) -> None:
        self.world = world
        self.faults = faults or Faults()
        self._throttle = throttle
        self._strict = strict

    def call(self, operation: str, place: Place, params: Json) -> str:
        """Play one call and answer in JSON.

        The text is made under the lock: answers share their values with the world.

        Raises:
            EcsError: ECS's refusal.
            AnswerLostError: ECS has acted, and its answer is lost.
        """
        with self.world.lock:
            self.world.advance()
            self.world.calls.append(Call(operation, place, params, self.world.now))
            if self._throttle is not None:
                self._throttle.admit(operation, place, self.world.now)
            lose = self.faults.before(operation)
            try:
                answer = self.play(operation, place, params)
            finally:
                if lose:  # whatever the answer, a refusal included
                    raise AnswerLostError
            return json.dumps(answer, separators=(",", ":"))

    def tagged(self, place: Place) -> list[tuple[str, Tags]]:
        """Every resource that may have tags, with them."""
        with self.world.lock:
            return list(tagged(self.world.region(place)))

    def play(self, operation: str, place: Place, params: Json) -> Json:
        """Play one call as it is, unthrottled and without faults."""
        operate = OPERATIONS.get(operation)
        if operate is None:
            raise EcsError("UnknownOperationException", f"The sandbox does not play {operation}.")
        check_request(operation, params)
        with self.world.lock:
            answer = operate(Request(self.world, place, params))
            if self._strict:
                check_answer(operation, answer)
            return answer

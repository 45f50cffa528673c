"""Whether the loop lives and is ready, from its status alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from glia.loop_status import LoopStatus

# The loop looks every second at what is due; whoever drives it may be busy with a collection of
# garbage or be paused for a moment.
STEPS_WITHIN: Final = 30.0
# A pass begins nothing after a minute, and what it has begun ends after twelve attempts of at
# most 20 seconds' wait and 30 of silence each (aws/retries.py, aws/session.py).
ENDS_WITHIN: Final = 900.0


def is_alive(status: LoopStatus) -> bool:
    """Whether the loop goes on, and nothing that it has begun hangs."""
    return status.at - status.stepped_at < STEPS_WITHIN and status.unfinished < ENDS_WITHIN


def is_ready(status: LoopStatus) -> bool:
    """Whether the manifests are known and every cluster has been compared once."""
    return status.has_swept

"""How a container of the sandbox behaves: its image's tag says so.

``server:crash`` and ``server:v2-crash`` crash, ``server:v2`` serves. No image is pulled.
"""

from __future__ import annotations

from dataclasses import dataclass

EXIT_AFTER_SECONDS = 20.0
SLOW_SECONDS = 300.0  # a large model loads for 5 to 10 minutes (vLLM on Neuron)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the process in a container does.

    Attributes:
        pulls: the image exists.
        starts: the process survives its first moment; else it exits with 1 before the task
            ever runs.
        exits_after: seconds of running after which it exits with 1.
        healthy_after: seconds of running after which health checks pass; none: never.
        stops_after: seconds from SIGTERM to its exit; none: it waits for SIGKILL, as a
            server below a shell entry point does.
    """

    pulls: bool = True
    starts: bool = True
    exits_after: float | None = None
    healthy_after: float | None = 0.0
    stops_after: float | None = None


SERVES = Behaviour()
BY_TAG = {
    "crash": Behaviour(starts=False),
    "exit": Behaviour(exits_after=EXIT_AFTER_SECONDS),
    "missing": Behaviour(pulls=False),
    "never-healthy": Behaviour(healthy_after=None),
    "quick-stop": Behaviour(stops_after=1.0),
    "slow": Behaviour(healthy_after=SLOW_SECONDS),
}


def behaviour_of(image: str) -> Behaviour:
    """The behaviour that the image's tag names, alone or behind a hyphen."""
    name = image.rsplit("/", 1)[-1].partition("@")[0]
    tag = name.partition(":")[2]
    for word, behaviour in BY_TAG.items():
        if tag == word or tag.endswith(f"-{word}"):
            return behaviour
    return SERVES

"""Changes of several services of which some make the room for others."""

from __future__ import annotations

from glia.diff import ABSENT
from glia.identity import service_id
from glia.neuron.lanes import Lane
from glia.neuron.steps import LaneStep
from glia.planning.deletion import deletion
from glia.planning.stepping import lined_up
from glia.transition import Transition
from render.values import CLUSTER, changed, created, lane, live, service


def test_a_lane_comes_after_the_room_is_made_and_not_at_all_if_it_never_is() -> None:
    """A held service keeps its lanes, and whoever was to have their chips waits."""
    goes = LaneStep("web", Lane("web-neuron0", (0,), 0), 2, "delete", ())
    comes = LaneStep("large", Lane("large", (0, 1, 2, 3), 2), 0, "create", (0,))
    grows = LaneStep("large", Lane("large", (0, 1, 2, 3), 3), 2, "scale", (1,))
    transition = Transition(CLUSTER, "inf1.6xlarge of inference", (goes, comes, grows), 1, {}, {})
    gone = deletion(service("web", lane("web")), live("web-neuron0"))
    made = created(
        "large",
        changed("image", ABSENT, "server:1"),
        depends_on=(service_id(CLUSTER, "web-neuron0"),),
    )
    grown = created("large", depends_on=(made.id,), stage=" to 3")
    other = created("vit")

    assert lined_up([grown, made, other, gone], [transition]) == (other, gone, made, grown)
    assert lined_up([grown, made, other], [transition]) == (other,)
    assert lined_up([made, other], []) == (made, other)

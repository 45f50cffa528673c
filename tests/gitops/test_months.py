"""A loop that runs for months: nothing that it remembers grows with what has been."""

from __future__ import annotations

import gc
from types import CellType, FunctionType, MappingProxyType, MethodType
from typing import TYPE_CHECKING, Any, Final

from gitops.looped import Loop
from glia.events import LoopFailed
from glia.outcome import State
from glia.reconciler import Settings
from glia.reconciling.requeue import Pace
from support.operator import neuron_service

if TYPE_CHECKING:
    from support.operator import Operator

HOLDERS: Final = (dict, list, tuple, set, frozenset, MappingProxyType, MethodType, CellType)


def remembered(*roots: object) -> int:
    """How many objects of Glia's, and containers of any, can be reached from these.

    The sandbox, which stands for AWS, and what libraries keep are none of them.
    """
    found, todo = dict[int, Any](), list(roots)
    while todo:
        each = todo.pop()
        module = type(each).__module__
        ours = module.startswith("glia.") and not module.startswith("glia.sandbox")
        if id(each) in found or not (ours or isinstance(each, (*HOLDERS, FunctionType))):
            continue
        found[id(each)] = each
        todo += each.__closure__ or () if isinstance(each, FunctionType) else gc.get_referents(each)
    return sum(1 for each in found.values() if not isinstance(each, type))


def test_manifests_that_come_and_go_leave_nothing_behind(operator: Operator) -> None:
    """Every month another service of another image, drift, and a name that is somebody else's."""
    loop = Loop(operator, settings=Settings(Pace(interval=30, sweep=300)))
    sizes: list[int] = []
    for month in range(3):
        web, theirs = f"web-{month}", f"theirs-{month}"
        operator.driver.create(theirs, count=0)
        image = f"server:{month}-quick-stop"
        loop.write(neuron_service(web, image=image), neuron_service(theirs)).settle(web)
        operator.driver.update(web, desiredCount=1)
        since = len(loop.events)
        loop.play(340)
        assert (web, State.SUBMITTED) in loop.changes(since=since), "drift was put back"
        assert loop.condition("Stalled", theirs) == ("True", "NameConflict")
        operator.driver.ecs.delete_service(cluster="inference", service=web, force=True)
        loop.write()
        loop.clock.sleep(3600)
        loop.play(20)
        assert not loop.told(LoopFailed)
        loop.events.clear()
        sizes.append(remembered(loop.reconciler))
    assert sizes[-1] <= sizes[0], sizes

"""What is left of a domain: free chips, and which replicas would still find lanes."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from glia.layout.repair import bystanders
from glia.layout.supply import partition_of
from glia.neuron.arranging import arrange
from glia.neuron.domain import Demand
from glia.neuron.lanes import DEFAULT_PARTITION
from glia.neuron.patterns import board_of, largest_run, mask_of
from glia.neuron.running import running, unsafe
from glia.status import Room, UnsafeLane

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from glia.layout.competition import Competition
    from glia.live import LiveInstance
    from glia.neuron.catalogue import InstanceType
    from glia.neuron.domain import Domain, LiveLane
    from glia.neuron.patterns import Board
    from glia.occupancy import Occupancy

_PROBE: Final = ""  # no service is called so


def rooms(competition: Competition) -> Iterator[Room]:
    """The partitions of a domain, the default one first.

    A replica that would fit is one that Glia would give a lane beside all that are there, by
    its chips alone: what CPU and memory it needs only its manifest tells.
    """
    kind, domain = competition.instance_type, competition.domain
    pairs = list(bystanders(lane for lanes in competition.live.values() for lane in lanes))
    demands, lanes = [demand for demand, _ in pairs], [lane for _, lane in pairs]
    there: dict[str, list[LiveInstance]] = defaultdict(list)
    for each in competition.usable:
        there[partition_of(each)].append(each)
    start = running(demands, domain, lanes)
    endangered = tuple(unsafe(start, start.layout))
    fits = {}
    for size in _sizes(kind):
        probe = Demand(_PROBE, size, replicas=competition.registered * (kind.chips // size))
        fits[size] = _placed(domain, [*demands, probe], lanes, there)
    for partition, instances in sorted(there.items()):
        boards = [_board(each, kind, competition.occupied) for each in instances]
        yield Room(
            instance_type=kind.name,
            pool=competition.key.pool,
            partition=partition,
            instances=len(instances),
            chips=len(instances) * kind.chips,
            free=sum(kind.chips - board.taken.bit_count() for board in boards),
            longest_run=max(map(largest_run, boards)),
            fits={size: placed[partition] for size, placed in fits.items()},
            unsafe=tuple(
                UnsafeLane(each.lane, each.needed, each.instances, each.resource)
                for each in endangered
                if each.partition == partition
            ),
        )


def _sizes(kind: InstanceType) -> list[int]:
    """Chips a replica: doubling, and whole instances, as far as the type gives them."""
    board = board_of(kind)
    doubling = {2**power for power in range(kind.chips.bit_length())}
    return sorted(size for size in {*doubling, kind.chips} if board.runs[size])


def _placed(
    domain: Domain, demands: Sequence[Demand], lanes: Sequence[LiveLane], there: Collection[str]
) -> Counter[str]:
    """By partition, how many replicas find a lane; a new partition is of the default one."""
    attempt = arrange(domain, running(demands, domain, lanes))
    found = Counter[str]()
    for (partition, _), count in attempt.layout.counts.get(_PROBE, {}).items():
        found[partition if partition in there else DEFAULT_PARTITION] += count
    return found


def _board(instance: LiveInstance, kind: InstanceType, occupied: Occupancy) -> Board:
    """The instance's chips, those taken that a task holds now."""
    chips = range(kind.chips)
    held = (device for each in occupied.on(instance) for device in each.held(chips))
    return board_of(kind).without(mask_of(held))

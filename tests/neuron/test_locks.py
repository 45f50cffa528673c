"""Each chip has a host port of its own, for as many chips as there can be."""

from __future__ import annotations

from glia.neuron.catalogue import catalogue
from glia.neuron.locks import lock_port

# PortMapping.hostPort: what an instance keeps for SSH, Docker and the ECS agent, and where
# Linux begins to give ports away.
TAKEN = {22, 2375, 2376, 51678, 51679, 51680}
EPHEMERAL = 32768


def test_every_chip_of_every_instance_type_has_its_own_free_port() -> None:
    most = max(kind.chips for kind in catalogue().values())
    ports = [lock_port(device) for device in range(max(most, 64))]

    assert len(set(ports)) == len(ports)
    assert max(ports) < EPHEMERAL
    assert TAKEN.isdisjoint(ports)

"""botocore's model of ECS as small as Glia reads it.

A service carries its last 100 events in every answer of DescribeServices, and ECS cannot be
asked to leave them out: 200 KiB for ten services. botocore would walk through all of it, member
by member, to make what is JSON already: 15 ms a call where it makes datetimes of the times, and
3 for services without events. In the model that ordinary clients get a service is a document, which
is botocore's word for JSON that stays as it came. A client for events has the model whole.
"""

from __future__ import annotations

from typing import Any

from botocore.loaders import Loader

from glia.ecs.quotas import CLASS_OF

JSON = {"type": "structure", "members": {}, "document": True}


class LeanLoader(Loader):  # type: ignore[misc]  # botocore is untyped here
    """A loader of botocore's (its component ``data_loader``) whose ECS is smaller.

    Only the operations that Glia calls are there: a client makes a method of each.
    """

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Any:
        model = super().load_service_model(service_name, type_name, api_version)
        return _lean(model) if (service_name, type_name) == ("ecs", "service-2") else model


def _lean(model: Any) -> Any:
    """A copy in what differs: the original is the loader's, for whoever asks next."""
    return {
        **model,
        "operations": {
            name: each for name, each in model["operations"].items() if name in CLASS_OF
        },
        "shapes": {**model["shapes"], "Service": JSON},
    }

"""What the sandbox assumes of moto, one assumption at a time.

moto is pinned exactly because the sandbox stands on parts of it that it does not promise to
keep. Where a newer one fails here, the message says what to look at in ``glia.sandbox``.
"""

from __future__ import annotations

import inspect
import re
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.resource_tagging import TaggedResource, iter_taggable_backends
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from moto.iam.models import get_account_id_from
from moto.moto_server import werkzeug_app
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.ssm import models as ssm

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_the_installed_moto_is_the_one_that_is_pinned() -> None:
    wanted = [each for each in metadata.requires("glia-ecs") or () if each.startswith("moto")]
    (pin,) = wanted
    pinned = re.match(r"moto==([\d.]+)", pin)
    assert pinned, f"{pin}: the extra 'sandbox' must pin moto exactly; wire.py subclasses it"
    assert metadata.version("moto") == pinned[1], "install the extra 'sandbox' as it is pinned"


# wire.py: EcsHandler.


def test_a_connections_handler_leaves_room_for_one_of_our_own() -> None:
    assert "make_environ" in vars(werkzeug_app.MotoRequestHandler), (
        "EcsHandler leaves requests to other services to moto's handler of werkzeug's"
    )
    assert parameters(werkzeug_app.MotoRequestHandler.run_wsgi) == ["self"], (
        "EcsHandler.run_wsgi answers requests to ECS"
    )
    assert 'name.startswith("do_")' in inspect.getsource(
        werkzeug_app.MotoRequestHandler.__getattr__
    ), "every method of HTTP leads to run_wsgi"
    assert parameters(get_account_id_from) == ["access_key"], (
        "EcsHandler asks moto's IAM for the account of a key, which AssumeRole may have made"
    )


# moto_server.py: Server.


def test_the_threaded_server_leaves_room_for_a_server_of_our_own() -> None:
    assert parameters(ThreadedMotoServer.__init__) == ["self", "ip_address", "port", "verbose"], (
        "Server.__init__ passes address, port and verbose"
    )
    start = inspect.getsource(ThreadedMotoServer.start)
    assert "target=self._server_entry" in start, "Server overrides _server_entry"
    assert "_server_ready_event.wait()" in start, "Server._server_entry sets _server_ready_event"
    assert "self._server.server_address" in inspect.getsource(
        ThreadedMotoServer.get_host_and_port
    ), "Server.url asks get_host_and_port, which reads _server"
    assert "self._server.shutdown()" in inspect.getsource(ThreadedMotoServer.stop), (
        "leaving the sandbox relies on stop to end _server"
    )


def test_the_dispatcher_makes_an_app_for_a_service_by_its_name() -> None:
    made: list[str] = []
    app = werkzeug_app.DomainDispatcherApplication(made.append)
    credential = "AWS4-HMAC-SHA256 Credential=key/20270115/us-west-2/ssm/aws4_request, x"
    app.get_application({"PATH_INFO": "/", "HTTP_AUTHORIZATION": credential})
    assert made == ["ssm"], "Server._make_app expects a service's name in moto"


# surroundings.py.


def test_backends_are_made_by_a_class_that_can_be_exchanged() -> None:
    assert isinstance(ecs_backends, BackendDict)
    assert isinstance(ssm.ssm_backends, BackendDict)
    assert "backend=self.backend" in inspect.getsource(
        BackendDict._create_account_specific_backend
    ), "let_ecs_answer and mend_ssm exchange the attribute backend of a BackendDict"
    assert "backend.clear()" in inspect.getsource(BackendDict.reset), (
        "Server relies on BackendDict.reset to forget every service"
    )
    assert "self.__init__(region_name, account_id)" in inspect.getsource(BaseBackend.reset), (
        "_EcsBackend keeps its API on the class because reset empties the instance"
    )
    for backend in (EC2ContainerServiceBackend, ssm.SimpleSystemManagerBackend):
        assert parameters(backend.__init__) == ["self", "region_name", "account_id"], (
            f"the sandbox's subclass of {backend.__name__} is made like it"
        )


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("describe_services", ["self", "cluster_str", "service_names_or_arns"]),
        ("iter_tagged_resources", ["self"]),
        ("tag_resource", ["self", "arn", "tags"]),
        ("untag_resource", ["self", "resource_arn", "tag_keys"]),
    ],
)
def test_other_services_ask_ecs_by_methods_that_the_sandbox_overrides(
    method: str, expected: list[str]
) -> None:
    assert parameters(getattr(EC2ContainerServiceBackend, method)) == expected, (
        f"_EcsBackend.{method} takes the place of a method with other parameters"
    )


def test_the_tagging_api_walks_the_backends_that_own_arns_of_ecs(driver: Driver) -> None:
    fields = set(inspect.signature(TaggedResource).parameters)
    assert {"arn", "tags", "resource_type"} <= fields, "iter_tagged_resources makes these"
    arn = driver.create(count=0)["serviceArn"]
    driver.client("resourcegroupstaggingapi").get_resources()
    owners = [
        backend
        for backend in iter_taggable_backends("123456789012", "us-west-2")
        if backend.owns_arn(arn)
    ]
    assert [type(each).__name__ for each in owners] == ["SandboxEcsBackend"], (
        "SERVICE_NAMESPACE no longer decides whose an ARN is"
    )


def test_auto_scaling_asks_ecs_whether_a_service_exists() -> None:
    from moto.applicationautoscaling import models  # noqa: PLC0415  (it imports much else)

    source = inspect.getsource(models)
    assert "self.ecs_backend.describe_services(cluster, [service])" in source, (
        "Application Auto Scaling no longer asks _EcsBackend.describe_services"
    )


def test_ssm_loads_the_ami_parameters_by_a_method_that_the_sandbox_overrides() -> None:
    assert parameters(ssm.ParameterDict._load_tree_parameters) == ["self", "path"], (
        "mend_ssm overrides _load_tree_parameters"
    )
    assert "self._load_tree_parameters(" in inspect.getsource(
        ssm.ParameterDict._check_loading_status
    ), "the AMI parameters are no longer loaded by _load_tree_parameters"
    raw = ssm.ParameterDict("123456789012", "us-west-2")
    name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/neuron/recommended"
    raw._check_loading_status(name)
    assert hasattr(raw[name][-1], "value"), "mend_ssm rewrites Parameter.value"
    assert not str(raw[name][-1].value).startswith('{"'), (
        "moto tells the AMI parameters as JSON by itself now: mend_ssm can go"
    )


def test_moto_still_shows_no_answers_of_its_own_ecs(driver: Driver) -> None:
    """Whatever moto may learn, an operation that the sandbox does not play is refused."""
    with pytest.raises(driver.ecs.exceptions.ClientError) as caught:
        driver.ecs.create_task_set(cluster="inference", service="web", taskDefinition="web:1")
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"

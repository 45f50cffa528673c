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
from moto.core.responses import BaseResponse
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse
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


# wire.py: EcsResponse.


def test_a_response_is_made_without_arguments_and_dispatches_to_call_action() -> None:
    assert parameters(EC2ContainerServiceResponse.__init__) == ["self"], (
        "EcsResponse.__init__ calls super().__init__() without arguments"
    )
    assert EC2ContainerServiceResponse().automated_parameter_parsing is True, (
        "EcsResponse switches moto's reading of the body off; it was on"
    )
    calls = inspect.getsource(BaseResponse._dispatch)
    assert "self.setup_class(" in calls, "EcsResponse relies on setup_class before call_action"
    assert "self.call_action()" in calls, "EcsResponse answers in call_action"
    assert "cls()._dispatch(" in inspect.getsource(BaseResponse.dispatch), (
        "one EcsResponse must serve one request: it keeps the request on itself"
    )
    assert "automated_parameter_parsing" in inspect.getsource(BaseResponse.setup_class), (
        "EcsResponse sets automated_parameter_parsing to keep moto off the body"
    )


def test_what_a_response_knows_of_its_request_stands_where_the_sandbox_reads_it() -> None:
    setup = inspect.getsource(BaseResponse.setup_class)
    for member in ("body", "region", "current_account", "response_headers", "normalized_request"):
        assert f"self.{member}" in setup, f"EcsResponse.call_action reads self.{member}"
    assert parameters(BaseResponse._get_action) == ["self"], "it names the operation"


def test_the_wire_carries_region_account_operation_and_error(driver: Driver) -> None:
    """The same from outside: what call_action makes of a request and returns arrives."""
    answer = driver.ecs.list_clusters()
    (call,) = driver.sandbox.calls[-1:]
    assert (call.operation, call.place.account, call.place.region) == (
        "ListClusters",
        "123456789012",
        "us-west-2",
    ), "moto no longer reads account, region and operation as EcsResponse expects"
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"] == "application/x-amz-json-1.1", (
        "moto no longer passes on the headers that call_action returns"
    )
    with pytest.raises(driver.ecs.exceptions.ClusterNotFoundException) as caught:
        driver.ecs.list_services(cluster="nowhere")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400, (
        "moto no longer passes on the status that call_action returns"
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


def test_the_dispatcher_makes_an_app_for_a_service_once_and_takes_one_that_is_there() -> None:
    made: list[str] = []
    app = werkzeug_app.DomainDispatcherApplication(made.append)
    assert app.app_instances == {}, "Server puts the ECS app into app_instances"
    app.app_instances["ecs"] = ours = object()
    credential = "AWS4-HMAC-SHA256 Credential=key/20270115/us-west-2/ecs/aws4_request, x"
    environ = {"PATH_INFO": "/", "HTTP_AUTHORIZATION": credential}
    assert app.get_application(environ) is ours, (
        "moto no longer finds ECS's app in app_instances under 'ecs'"
    )
    assert made == []
    app.get_application({**environ, "HTTP_AUTHORIZATION": credential.replace("ecs", "ssm")})
    assert made == ["ssm"], "Server._make_app expects a service's name in moto"


def test_an_app_routes_to_the_paths_of_its_backend(driver: Driver) -> None:
    paths = ecs_backends["123456789012"]["us-east-1"].flask_paths
    (handler,) = paths.values()
    assert handler.__self__.api.world is driver.sandbox.world, (
        "the ECS backend must be the sandbox's, or requests would reach moto's ECS"
    )
    assert handler.__name__ == "dispatch", (
        "create_backend_app names endpoints after dispatch's class"
    )
    source = inspect.getsource(werkzeug_app.create_backend_app)
    assert "backend.flask_paths" in source, "_EcsBackend overrides flask_paths"
    assert '[DEFAULT_ACCOUNT_ID]["us-east-1"]' in source, "it asks one backend for its paths"


# surroundings.py.


def test_backends_are_made_by_a_class_that_can_be_exchanged() -> None:
    assert isinstance(ecs_backends, BackendDict)
    assert isinstance(ssm.ssm_backends, BackendDict)
    assert "backend=self.backend" in inspect.getsource(
        BackendDict._create_account_specific_backend
    ), "surround and mend_ssm exchange the attribute backend of a BackendDict"
    assert "backend.clear()" in inspect.getsource(BackendDict.reset), (
        "surround relies on BackendDict.reset to forget every service"
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

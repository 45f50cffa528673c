"""How fast the embedded ECS is: start, ticks, calls; beside plain moto where that is the measure.

Run it as ``.venv/bin/python benchmarks/sandbox_speed.py``: it takes less than a minute and
exits with 1 if a target is missed. Servers run in processes of their own.
"""

from __future__ import annotations

import gc
import http.client
import json
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any

from measuring.figures import Figure, require, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glia.sandbox.world import World

SERVICES, TASKS_EACH, EVENTS_EACH = 1_000, 3, 5
REGION = "us-west-2"
CONTAINER = {"name": "server", "image": "server:1", "memory": 500}
NAMES = [f"service-{number}" for number in range(SERVICES)]


def main(arguments: list[str]) -> int:
    if arguments:
        SERVERS[arguments[0]]()
        return 0
    code: int = told(figure for measure in (start, ticks, calls) for figure in measure())
    return code


# Start


def start() -> Iterator[Figure]:
    seconds = median(_start_seconds() for _ in range(5))
    yield Figure("process start to ready line, median of 5", seconds, "s", 3)


def _start_seconds() -> float:
    begin = time.perf_counter()
    with _process("-m", "glia", "sandbox", "--port", "0") as first_line:
        require(first_line.startswith("export "), "a greeting")  # all its lines come at once
        return time.perf_counter() - begin


@contextmanager
def _process(*arguments: str) -> Iterator[str]:
    """Run Python until the block ends; the first line that it prints."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield process.stdout.readline().rstrip() if process.stdout else ""
        finally:
            process.kill()


# Ticks


def ticks() -> Iterator[Figure]:
    world = _steady_world()
    services = [
        service
        for region in world.regions.values()
        for cluster in region.clusters.values()
        for service in cluster.services.values()
    ]

    def see_all() -> None:
        for service in services:
            world.see(service)

    label = f"{SERVICES:,} services, {SERVICES * TASKS_EACH:,} tasks"
    yield Figure(f"idle tick, {label}", _tick_ms(world, lambda: None), "ms", 20)
    yield Figure(f"pass that looks at all, {label}", _tick_ms(world, see_all), "ms", 20)


def _steady_world() -> World:
    from glia.sandbox import machines, scheduler  # noqa: PLC0415  (not when glia is timed)
    from glia.sandbox.api import Api  # noqa: PLC0415
    from glia.sandbox.arns import Place  # noqa: PLC0415
    from glia.sandbox.clock import VirtualClock  # noqa: PLC0415
    from glia.sandbox.world import World  # noqa: PLC0415

    world, place = World(VirtualClock(), scheduler.run_pass), Place("123456789012", REGION)
    api = Api(world)
    api.play("CreateCluster", place, {"clusterName": "inference"})
    cluster = world.region(place).clusters["inference"]
    for _ in range(100):
        machines.register(world, cluster, machines.Registration("inf2.xlarge"))
    api.play("RegisterTaskDefinition", place, _definition())
    for name in NAMES:
        api.play("CreateService", place, _service(name))
    world.advance(world.now + 300)
    require(all(each.steady for each in cluster.services.values()), "steady services")
    require(len(cluster.tasks) == SERVICES * TASKS_EACH, "all tasks")
    return world


def _definition() -> dict[str, Any]:
    return {"family": "server", "containerDefinitions": [CONTAINER]}


def _service(name: str) -> dict[str, Any]:
    return {
        "cluster": "inference",
        "serviceName": name,
        "taskDefinition": "server",
        "desiredCount": TASKS_EACH,
    }


def _tick_ms(world: World, prepare: Callable[[], None]) -> float:
    seconds = []
    gc.collect()
    for _ in range(50):
        prepare()
        begin = time.perf_counter()
        world.advance(world.now + 1)
        seconds.append(time.perf_counter() - begin)
    return 1000 * median(seconds)


# Calls


def calls() -> Iterator[Figure]:
    with ExitStack() as stack:
        running = {name: stack.enter_context(_process(__file__, name)) for name in SERVERS}
        yield from _latency(running)
        for threads in (1, 16):
            for name, address in running.items():
                rate = _calls_per_second(address, threads)
                yield Figure(f"{name}: DescribeServices of 10, {threads} threads", rate, "calls/s")


def _latency(running: dict[str, str]) -> Iterator[Figure]:
    """Rounds take turns, so that whatever else the machine does befalls both alike."""
    seconds: dict[str, list[float]] = {name: [] for name in running}
    for _ in range(10):
        for name, address in running.items():
            seconds[name] += _timed_calls(address, 30)
    for name, measured in seconds.items():
        yield Figure(
            f"{name}: DescribeServices of 10 of {SERVICES:,}", 1000 * median(measured), "ms"
        )
    ratio = median(seconds["sandbox"]) / median(seconds["moto"])
    yield Figure("the same, sandbox as a part of moto", ratio, "x", 1)


def _timed_calls(address: str, count: int) -> list[float]:
    client, seconds = Client(address), []
    for number in range(count):
        names = [NAMES[(37 * number + 101 * place) % SERVICES] for place in range(10)]
        begin = time.perf_counter()
        answer = client.call("DescribeServices", {"cluster": "inference", "services": names})
        seconds.append(time.perf_counter() - begin)
        require(len(answer["services"]) == 10, "ten services")
    return seconds


def _calls_per_second(address: str, threads: int, count: int = 400) -> float:
    workers = [
        threading.Thread(target=_timed_calls, args=(address, count // threads))
        for _ in range(threads)
    ]
    begin = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return count / (time.perf_counter() - begin)


class Client:
    """ECS's protocol without an SDK, whose own work would hide the server's."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=30)

    def call(self, operation: str, params: dict[str, Any]) -> Any:
        credential = f"sandbox/20270101/{REGION}/ecs/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host",
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}",
        }
        self._connection.request("POST", "/", json.dumps(params), headers)
        response = self._connection.getresponse()
        body = response.read()
        require(response.status == 200, f"a good answer instead of {body!r}")
        return json.loads(body)


def _seed(address: str) -> None:
    client = Client(address)
    client.call("CreateCluster", {"clusterName": "inference"})
    client.call("RegisterTaskDefinition", _definition())
    for name in NAMES:
        client.call("CreateService", _service(name))


# Servers, each in a process of its own


def serve_sandbox() -> None:
    """Tell the address once all services are steady and have their events."""
    from glia.sandbox import events  # noqa: PLC0415
    from glia.sandbox.clock import ScaledClock  # noqa: PLC0415
    from glia.sandbox.sandbox import Sandbox  # noqa: PLC0415

    with Sandbox(ScaledClock(100), instances=[("inf2.xlarge", 100)]) as sandbox:
        address = sandbox.url.removeprefix("http://")
        _seed(address)
        services = sandbox.cluster.services.values()
        while not all(service.steady for service in services):
            time.sleep(0.1)
        with sandbox.world.lock:
            for service in services:
                while len(service.events) < EVENTS_EACH:
                    events.steady(sandbox.world, service)
        _serve(address)


def serve_moto() -> None:
    """Tell the address once all services are there."""
    import logging  # noqa: PLC0415

    from moto.moto_server.threaded_moto_server import ThreadedMotoServer  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    _seed(f"{host}:{port}")
    _serve(f"{host}:{port}")


def _serve(address: str) -> None:
    print(address, flush=True)
    threading.Event().wait()  # until it is killed


SERVERS = {"sandbox": serve_sandbox, "moto": serve_moto}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

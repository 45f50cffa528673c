"""moto's threaded server, with our ECS in place of moto's.

What is assumed of moto stands in ``tests/sandbox/test_moto.py``.
"""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING, Any

import flask_cors  # noqa: F401  (where it is missing, moto would warn before it fails)
from moto.core.base_backend import BackendDict
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import LISTEN_QUEUE, make_server

from glia.sandbox.wire import EcsHandler, hang_up

if TYPE_CHECKING:
    from flask import Flask

    from glia.sandbox.api import Api

# Of moto's services, those whose models ask its ECS.
ASK_ECS = frozenset(
    {"applicationautoscaling", "batch", "cloudformation", "resourcegroupstaggingapi"}
)


class Server(ThreadedMotoServer):  # type: ignore[misc]  # moto is untyped here
    """Every AWS service that moto knows, on one port of 127.0.0.1, and ECS played by us."""

    def __init__(self, api: Api, port: int = 0) -> None:
        super().__init__("127.0.0.1", port, verbose=False)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for every request
        BackendDict.reset()  # moto's state belongs to the process: one sandbox at a time has it
        self._api = api
        self._connections: set[socket.socket] = set()
        handler = {"api": api, "connections": self._connections}
        # Our own socket: werkzeug ends the process where a port is in use.
        with socket.create_server(("127.0.0.1", port), backlog=LISTEN_QUEUE) as listener:
            self._server = make_server(
                "127.0.0.1",
                port,
                DomainDispatcherApplication(self._make_app),
                threaded=True,
                request_handler=type("SandboxEcsHandler", (EcsHandler,), handler),
                fd=listener.fileno(),  # it takes a duplicate
            )

    def _server_entry(self) -> None:
        self._server_ready_event.set()
        self._server.serve_forever(poll_interval=0.01)  # as long as stopping may take

    def stop(self) -> None:
        super().stop()
        for connection in self._connections.copy():
            hang_up(connection)

    def _make_app(self, service: Any) -> Flask:
        if service in ASK_ECS:
            from glia.sandbox.surroundings import let_ecs_answer  # noqa: PLC0415  (see its module)

            let_ecs_answer(self._api)
        if service == "ssm":
            from glia.sandbox.surroundings import mend_ssm  # noqa: PLC0415

            mend_ssm()
        app: Flask = create_backend_app(service)
        return app

    @property
    def url(self) -> str:
        host, port = self.get_host_and_port()
        return f"http://{host}:{port}"

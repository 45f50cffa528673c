"""What ECS answers when it refuses a request."""

from __future__ import annotations


class EcsError(Exception):
    """An error of the ECS API.

    Attributes:
        code: the exception's name in ECS's service model (or ``ThrottlingException``,
            which the model does not list).
        message: ECS's sentence, without the code.
        status: the HTTP status that goes with it.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def client_exception(message: str) -> EcsError:
    return EcsError("ClientException", message)


def invalid_parameter(message: str) -> EcsError:
    return EcsError("InvalidParameterException", message)

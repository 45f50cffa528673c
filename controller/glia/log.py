"""The log of the loop on standard error: a line for each event, for people or for programs."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO, TypeAlias

import structlog

from glia.ecs.secret_text import concealed
from glia.events import LoopFailed
from glia.frames import frames
from glia.render.events_json import event_json
from glia.render.events_text import event_text, text_time, traceback_lines
from glia.render.legible import visible
from glia.render.status_json import iso_time

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from glia.events import Event

Format: TypeAlias = Literal["text", "json"]
LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_ENVELOPE: Final = ("apiVersion", "kind", "severity")


class Log:
    """Writes events.

    Args:
        stream: where to.
        form: text or json.
        level: what is less than this is left out.
    """

    def __init__(self, stream: TextIO, form: Format = "text", level: str = "info") -> None:
        last = structlog.processors.JSONRenderer(ensure_ascii=False) if form == "json" else _line
        self._form = form
        self._logger: Any = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[structlog.processors.add_log_level, last],
            wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        )

    def tell(self, event: Event) -> None:
        """Write an event. Members that say nothing are left out."""
        if self._form == "text":
            self._write(event.about.level, event_text(event), {})
            return
        members = {name: value for name, value in event_json(event).items() if value or value == 0}
        for name in _ENVELOPE:
            members.pop(name, None)
        if isinstance(event, LoopFailed):
            members["traceback"] = "\n".join(traceback_lines(event))
        self._write(event.about.level, members.pop("event"), members)

    def say(self, level: str, name: str, message: str) -> None:
        """Write something that is no event of the loop's."""
        at, text = time.time(), visible(message)
        if self._form == "text":
            self._write(level, f"{text_time(at)} {text}", {})
        else:
            self._write(level, name, {"at": iso_time(at), "message": text})

    def _write(self, level: str, event: str, members: dict[str, Any]) -> None:
        getattr(self._logger, level)(event, **members)


class Libraries(logging.Handler):
    """What libraries log, and threads that end of an exception; what is secret is left out.

    urllib3 logs addresses with their queries when it tries again; whoever called it says why it
    failed, so all but its errors is left out.
    """

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._before = threading.excepthook

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        text = f"{record.name}: {record.getMessage()}"
        self._log.say(level, "glia.library_logged", concealed(text.partition("\n")[0]))

    def install(self) -> None:
        """Take what all libraries of this process log."""
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        logging.getLogger().addHandler(self)
        self._before, threading.excepthook = threading.excepthook, self._has_ended

    def remove(self) -> None:
        logging.getLogger().removeHandler(self)
        threading.excepthook = self._before

    def _has_ended(self, ended: threading.ExceptHookArgs) -> None:
        thread = ended.thread.name if ended.thread else "a thread"
        told = frames(ended.exc_value) if ended.exc_value else ended.exc_type.__name__
        self._log.say("error", "glia.thread_failed", f"{thread} has ended: a bug in glia: {told}")


def _line(_logger: object, _method: str, members: MutableMapping[str, Any]) -> str:
    return str(members["event"])

"""Events of the loop for programs: one form for log lines and for notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.events import PassEnded, RevisionFetched
from glia.manifest.spec import API_VERSION
from glia.render.events_text import said
from glia.render.loop_status_json import condition, diagnostic_json
from glia.render.status_json import iso_time

if TYPE_CHECKING:
    from glia.events import About, Event

Json = dict[str, Any]


def event_json(event: Event) -> Json:
    """Every member, for every kind of event; what a kind does not have is empty or null.

    The traceback of a bug is no part of it: it is for the log alone.
    """
    about = event.about
    return {
        "apiVersion": API_VERSION,
        "kind": "Event",
        "event": event.name,
        "severity": about.level,
        "at": iso_time(event.at),
        "message": said(event),
        "key": about.key,
        "cluster": about.cluster.name if about.cluster else "",
        "region": about.cluster.target.region if about.cluster else "",
        "revision": about.revision,
        "reason": about.reason,
        "outcome": about.result,
        "change": _change(about),
        "conditions": [condition(each) for each in about.conditions],
        "diagnostics": [diagnostic_json(each) for each in about.diagnostics],
        "source": _source(event),
        "pass": _pass(event),
    }


def _change(about: About) -> Json | None:
    outcome = about.outcome
    if outcome is None:
        return None
    return {
        "lane": outcome.lane,
        "action": outcome.action,
        "cause": about.cause,
        "calls": list(outcome.calls),
        "rules": list(about.rules),
        "ready": outcome.ready,
        "replicas": outcome.replicas,
    }


def _source(event: Event) -> Json | None:
    if not isinstance(event, RevisionFetched):
        return None
    return {
        "repository": event.repository,
        "path": event.path,
        "services": event.services,
    }


def _pass(event: Event) -> Json | None:
    if not isinstance(event, PassEnded):
        return None
    return {
        "seconds": round(event.at - event.began, 3),
        "changed": event.changed,
        "nextSweep": iso_time(event.next_sweep),
    }

"""How the loop is, for programs; ``loop_status_schema`` fixes the form.

It is shown to whoever can reach the port, so of what was found in manifests nothing is in it.
"""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from glia.manifest.spec import API_VERSION
from glia.render.legible import visible
from glia.render.status_json import iso_time

if TYPE_CHECKING:
    from glia.errors import Diagnostic
    from glia.loop_status import ClusterState, LoopStatus, ServiceState, SourceState
    from glia.status import Condition

Json = dict[str, Any]


def loop_status_json(status: LoopStatus) -> Json:
    """The snapshot as JSON-like values."""
    return {
        "apiVersion": API_VERSION,
        "kind": "LoopStatus",
        "observedAt": iso_time(status.at),
        "ready": status.has_swept,
        "source": _source(status.source),
        "services": [_service(each) for each in status.services],
        "clusters": [_cluster(each) for each in status.clusters],
        "diagnostics": [diagnostic_json(each) for each in status.diagnostics],
        "pruneBlocked": dict(sorted(status.prune_blocked.items())),
        "bugs": status.bugs,
    }


def condition(told: Condition) -> Json:
    return {
        "type": told.type,
        "status": told.status,
        "reason": told.reason,
        "message": visible(told.message),
    }


def diagnostic_json(diagnostic: Diagnostic) -> Json:
    """All but what was found, which is a value of a manifest."""
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "key": diagnostic.key,
        "location": asdict(diagnostic.location) if diagnostic.location else None,
        "path": diagnostic.path,
        "message": visible(diagnostic.guarded),
        "remedy": visible(diagnostic.remedy),
    }


def _source(source: SourceState) -> Json:
    return {
        "revision": source.commit,
        "repository": source.repository,
        "path": source.path,
        "fetchedAt": _time(source.fetched_at),
        "nextFetch": _time(source.next_fetch),
        "failures": source.failures,
        "failure": visible(source.failure),
    }


def _service(service: ServiceState) -> Json:
    return {
        "key": service.key,
        "region": service.cluster.target.region,
        "conditions": [condition(each) for each in service.conditions],
        "attemptedRevision": service.attempted,
        "appliedRevision": service.applied,
        "failures": service.failures,
        "nextLook": _time(service.next_look),
    }


def _cluster(cluster: ClusterState) -> Json:
    return {
        "name": cluster.cluster.name,
        "region": cluster.cluster.target.region,
        "accountId": cluster.cluster.target.account_id,
        "busySince": None if cluster.busy_since is None else iso_time(cluster.busy_since),
        "sweptAt": _time(cluster.swept_at),
        "nextSweep": _time(cluster.next_sweep),
        "rollouts": cluster.rollouts,
        "failures": cluster.failures,
        "failure": visible(cluster.failure),
    }


def _time(seconds: float) -> str | None:
    """Null for what has not been yet, or will never be."""
    return iso_time(seconds) if seconds and isfinite(seconds) else None

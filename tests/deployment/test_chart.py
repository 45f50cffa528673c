"""The Helm chart: linted, rendered from several values, and checked against Kubernetes' schemas."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

CHART = Path(__file__).parents[2] / "charts" / "glia"
VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
KUBERNETES = "1.33"
# A helm that was built by `go install` takes the cluster for a very old one.
CLUSTER = ("--kube-version", f"{KUBERNETES}.0")
HELM = shutil.which("helm") or shutil.which("helm", path=os.environ.get("GOBIN", ""))

pytestmark = pytest.mark.skipif(HELM is None, reason="helm is not installed")


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    assert HELM is not None
    return subprocess.run([HELM, *arguments], capture_output=True, text=True, check=False)


@cache
def rendered(values: Path) -> dict[str, dict[str, Any]]:
    """The objects of a release named ``fleet``, by kind; no chart has two of one kind."""
    done = helm("template", "fleet", CHART, *CLUSTER, "--values", values)
    assert done.returncode == 0, done.stderr
    objects = [each for each in yaml.safe_load_all(done.stdout) if each]
    return {each["kind"]: each for each in objects}


def container(values: Path) -> dict[str, Any]:
    (found,) = rendered(values)["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    made: dict[str, Any] = found
    return made


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_the_chart_lints_and_renders_to_what_kubernetes_takes(values: Path) -> None:
    done = helm("lint", "--strict", CHART, "--values", values)
    assert done.returncode == 0, done.stdout
    for kind, each in rendered(values).items():
        if kind != "PodMonitor":  # the Prometheus operator's
            kubernetes_validate.validate(each, KUBERNETES, strict=True)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("git.urll=https://example.com/a.git", "urll"),
        ("git.url=https://user:token@example.com/a.git", "git"),
        ("image.repository=", "repository"),
        ("shards=0", "shards"),
        ("terminationGracePeriodSeconds=5", "terminationGracePeriodSeconds"),
    ],
)
def test_a_value_that_is_wrong_is_refused_by_its_name(option: str, told: str) -> None:
    done = helm("template", "fleet", CHART, *CLUSTER, "--values", VALUES[0], "--set", option)
    assert done.returncode != 0
    assert told in done.stderr


def test_it_does_not_install_without_an_image_and_a_repository() -> None:
    done = helm("template", "fleet", CHART, *CLUSTER)
    assert done.returncode != 0
    assert "repository" in done.stderr


def test_the_pods_have_no_more_rights_than_they_need() -> None:
    for values in VALUES:
        pod = rendered(values)["StatefulSet"]["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not pod["automountServiceAccountToken"]
        assert container(values)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container(values)["resources"]["limits"]


def test_every_shard_is_one_pod_that_knows_its_number() -> None:
    everything = CHART / "ci" / "everything-values.yaml"
    stateful = rendered(everything)["StatefulSet"]["spec"]
    assert (stateful["replicas"], stateful["podManagementPolicy"]) == (3, "Parallel")
    assert "--shard=$(SHARD)/3" in container(everything)["args"]
    (shard,) = (each for each in container(everything)["env"] if each["name"] == "SHARD")
    assert "pod-index" in shard["valueFrom"]["fieldRef"]["fieldPath"]


def test_no_secret_stands_in_an_argument_or_a_variable() -> None:
    for values in VALUES:
        mounted = {each["name"] for each in container(values)["volumeMounts"]}
        stateful = rendered(values)["StatefulSet"]["spec"]
        claimed = {each["metadata"]["name"] for each in stateful.get("volumeClaimTemplates", ())}
        pod = stateful["template"]["spec"]
        assert mounted == {each["name"] for each in pod["volumes"]} | claimed
        assert not [each for each in container(values)["env"] if "secretKeyRef" in str(each)]


def test_secrets_can_be_read_by_the_pods_group_alone() -> None:
    """They belong to root, so ssh has nothing against a key that the group may read."""
    for values in VALUES:
        pod = rendered(values)["StatefulSet"]["spec"]["template"]["spec"]
        context = pod["securityContext"]
        assert context["fsGroup"] == context["runAsGroup"] == context["runAsUser"]
        modes = {each["secret"]["defaultMode"] for each in pod["volumes"] if "secret" in each}
        assert modes <= {0o440}


def test_what_the_arguments_name_is_mounted() -> None:
    for values in VALUES:
        mounts = {each["mountPath"] for each in container(values)["volumeMounts"]}
        named = {each.partition("=")[2] for each in container(values)["args"] if "=/" in each}
        assert {each for each in named if not {each, each.rpartition("/")[0]} & mounts} == set()


def test_state_is_kept_in_the_pod_or_in_a_volume_for_each_shard() -> None:
    inside, outside = (
        rendered(CHART / "ci" / f"{name}-values.yaml")["StatefulSet"]["spec"]
        for name in ("https", "everything")
    )
    assert "volumeClaimTemplates" not in inside
    assert "state" in {each["name"] for each in inside["template"]["spec"]["volumes"]}
    (claim,) = outside["volumeClaimTemplates"]
    assert "state" not in {each["name"] for each in outside["template"]["spec"]["volumes"]}
    assert claim["metadata"]["name"] == "state"
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert claim["spec"]["storageClassName"] == "gp3"
    assert set(outside["persistentVolumeClaimRetentionPolicy"].values()) == {"Delete"}
    # Its root becomes the group's, and not every file in it at every start.
    assert outside["template"]["spec"]["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"


def test_the_network_policy_lets_git_through_to_its_port() -> None:
    def ports(url: str) -> set[int]:
        done = helm(
            "template",
            "fleet",
            CHART,
            *CLUSTER,
            "--values",
            VALUES[0],
            "--set",
            f"git.url={url}",
            "--set",
            "networkPolicy.enabled=true",
            "--show-only",
            "templates/networkpolicy.yaml",
        )
        first = yaml.safe_load(done.stdout)["spec"]["egress"][0]
        return {each["port"] for each in first["ports"]}

    usual = {53, 443}
    assert ports("https://github.com/acme/fleet.git") == usual
    assert ports("https://git.example.com:8443/fleet.git") == usual | {8443}
    assert ports("ssh://git@git.example.com:7999/acme/fleet.git") == usual | {7999}
    assert ports("git@github.com:acme/fleet.git") == usual


def test_glia_takes_the_arguments_that_the_chart_gives_it() -> None:
    """Each option that is rendered is one of ``glia run``."""
    from glia.cli.run import command  # noqa: PLC0415  (a chart without helm needs no command)

    known = {option for each in command.params for option in each.opts}
    for values in VALUES:
        given = {each.partition("=")[0] for each in container(values)["args"][1:]}
        assert given <= known

"""Credentials, roles and the account's guard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.sts.models import sts_backends

from glia.aws.failures import AwsError, WrongAccount, translated
from glia.aws.gateway import Gateway
from glia.aws.session import Sessions
from glia.errors import GliaError, UsageError
from glia.sandbox.clock import VirtualClock
from glia.sandbox.faults import Fault
from glia.sandbox.sandbox import ACCOUNT
from glia.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.driver import Driver

THEIRS = "222222222222"
ROLE = f"arn:aws:iam::{THEIRS}:role/deployer"


def test_in_another_account_than_the_manifests_nothing_is_called(
    driver: Driver, reach: Callable[..., Gateway]
) -> None:
    gateway = reach(driver, account_id=THEIRS)
    for call in (
        lambda: gateway.services("inference", ["web"]),
        lambda: gateway.delete_service("inference", "web"),
    ):
        with pytest.raises(WrongAccount) as caught:
            call()
        told = str(caught.value)
        assert THEIRS in told
        assert ACCOUNT in told
        assert "correct accountId" in told
    assert driver.sandbox.calls == []


def test_the_account_is_asked_for_once_and_only_where_the_manifest_names_one(
    driver: Driver, reach: Callable[..., Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    backend = type(sts_backends[ACCOUNT]["aws"])
    answer = backend.get_caller_identity

    def counted(*arguments: object) -> object:
        asked.append("GetCallerIdentity")
        return answer(*arguments)

    monkeypatch.setattr(backend, "get_caller_identity", counted)
    named, unnamed = reach(driver, account_id=ACCOUNT), reach(driver)
    for _ in range(2):
        assert named.cluster_status("inference") == "ACTIVE"
    assert len(asked) == 1
    unnamed.cluster_status("inference")
    assert len(asked) == 1


def test_a_role_is_assumed_in_its_own_account_with_its_external_id(
    driver: Driver, reach: Callable[..., Gateway]
) -> None:
    gateway = reach(driver, account_id=THEIRS, role_arn=ROLE, external_id="glia-7")
    assert gateway.cluster_status("inference") == "", "the cluster is of the other account"
    assert [call.place.account for call in driver.sandbox.calls] == [THEIRS]
    assumed = [
        role
        for backends in sts_backends.values()
        for backend in backends.values()
        for role in backend.assumed_roles
        if role.role_arn == ROLE
    ]
    assert {(role.session_name, role.external_id) for role in assumed} == {("glia", "glia-7")}
    assert len(assumed) == 1, "its credentials are kept"


def test_targets_of_one_account_share_its_pace_and_others_have_their_own() -> None:
    sessions = Sessions(None, VirtualClock())

    def pacer(target: Target) -> object:
        return sessions.connection(target).pacer

    by_role = pacer(Target("us-west-2", role_arn=ROLE))
    assert by_role is pacer(Target("us-west-2", account_id=THEIRS))
    assert by_role is not pacer(Target("us-west-2"))
    assert by_role is not pacer(Target("eu-west-1", role_arn=ROLE))


def test_the_region_is_the_environments_or_else_the_profiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="AWS_REGION"):
        Sessions(None, VirtualClock()).region()
    config = tmp_path / "config"
    config.write_text("[profile ci]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert Sessions("ci", VirtualClock()).region() == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert Sessions("ci", VirtualClock()).region() == "us-west-2"
    with pytest.raises(AwsError, match="list-profiles"):
        Sessions("nope", VirtualClock()).region()


@pytest.mark.parametrize("share", [0, -1, 1.5])
def test_a_share_of_the_quota_is_a_part_of_it(share: float) -> None:
    with pytest.raises(UsageError, match="at most 1"):
        Sessions(None, VirtualClock(), share=share)


def refused(gateway: Gateway) -> AwsError:
    with pytest.raises(AwsError) as caught:
        gateway.cluster_status("inference")
    assert isinstance(caught.value, GliaError)
    return caught.value


def test_without_credentials_one_is_told_where_to_give_them() -> None:
    error = refused(Gateway(Sessions(None, VirtualClock()), Target("us-west-2")))
    assert error.code == "NoCredentialsError"
    assert "aws sso login" in str(error)
    role = refused(Gateway(Sessions(None, VirtualClock()), Target("us-west-2", role_arn=ROLE)))
    assert role.code == "NoCredentialsError"


def test_an_unknown_profile_is_told_by_its_name() -> None:
    error = refused(Gateway(Sessions("nope", VirtualClock()), Target("us-west-2")))
    assert error.code == "ProfileNotFound"
    assert "nope" in str(error)
    assert "list-profiles" in str(error)


def test_a_profile_gives_the_credentials(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile ci]\naws_access_key_id = sandbox\naws_secret_access_key = sandbox\n"
        f"endpoint_url = {driver.sandbox.url}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    gateway = Gateway(Sessions("ci", driver.clock), Target("us-west-2", ACCOUNT))
    assert gateway.cluster_status("inference") == "ACTIVE"

    config.write_text(config.read_text().replace("_id = sandbox", "_id = rotated"))
    begin = len(driver.sandbox.calls)
    driver.sandbox.faults.rewrite(Fault("DescribeClusters", "ExpiredTokenException"))
    assert gateway.cluster_status("inference") == "ACTIVE"
    assert len(driver.sandbox.calls) - begin == 2, "once with the old ones, once with the new"
    client = gateway._calls._connection.client("ecs")
    assert client._request_signer._credentials.access_key == "rotated"


def test_an_endpoint_that_nobody_answers_at_is_told_after_some_attempts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    clock = VirtualClock()
    error = refused(Gateway(Sessions(None, clock), Target("us-west-2")))
    assert error.code == "EndpointConnectionError"
    assert error.transient
    assert not error.lost, "nothing can have happened"
    assert "http://127.0.0.1:1" in str(error)
    assert "AWS_ENDPOINT_URL" in str(error)
    assert clock.now() > VirtualClock.START


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("ExpiredTokenException", "sign in again"),
        ("UnrecognizedClientException", "check the access key"),
        ("AccessDeniedException", "IAM policy"),
    ],
)
def test_a_refusal_of_the_credentials_says_what_to_do(
    driver: Driver, reach: Callable[..., Gateway], code: str, advice: str
) -> None:
    driver.sandbox.faults.rewrite(Fault("DescribeClusters", code, 1, 2))
    error = refused(reach(driver))
    assert (error.operation, error.code) == ("DescribeClusters", code)
    assert error.transient == (code == "ExpiredTokenException"), "others may come by themselves"
    assert advice in str(error)


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        ("Signature expired: 20260101T000000Z is now earlier than 20260101T005500Z", True),
        ("Signature not yet current: 20260101T010000Z is still later than 20260101T000500Z", True),
        ("The request signature we calculated does not match", False),
    ],
)
def test_a_clock_that_is_wrong_may_be_put_right_and_a_wrong_key_is_not(
    words: str, passes: bool
) -> None:
    answer: Any = {"Error": {"Code": "InvalidSignatureException", "Message": words}}
    assert translated("CreateService", ClientError(answer, "CreateService")).transient == passes

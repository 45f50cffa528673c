"""Account settings: kept and told, without effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox.operations.paging import page

if TYPE_CHECKING:
    from glia.sandbox.operations.request import Operation, Request
    from glia.sandbox.wire_types import Json


def _principal(request: Request) -> str:
    root = f"arn:{request.place.partition}:iam::{request.place.account}:root"
    return request.params.get("principalArn") or root


def put_account_setting(request: Request) -> Json:
    name, value = request.params["name"], request.params["value"]
    request.region.settings[name, _principal(request)] = value
    return {"setting": _shown(name, value, _principal(request))}


def _shown(name: str, value: str, principal: str) -> Json:
    return {"name": name, "value": value, "principalArn": principal, "type": "user"}


def delete_account_setting(request: Request) -> Json:
    name = request.params["name"]
    value = request.region.settings.pop((name, _principal(request)), "")
    return {"setting": _shown(name, value, _principal(request))}


def list_account_settings(request: Request) -> Json:
    rows = [
        _shown(name, value, principal)
        for (name, principal), value in sorted(request.region.settings.items())
        if request.params.get("name") in {None, name}
        and request.params.get("value") in {None, value}
    ]
    shown, more = page(request, rows, default=10, most=10)
    return {"settings": shown, **more}


OPERATIONS: dict[str, Operation] = {
    "DeleteAccountSetting": delete_account_setting,
    "ListAccountSettings": list_account_settings,
    "PutAccountSetting": put_account_setting,
    "PutAccountSettingDefault": put_account_setting,
}

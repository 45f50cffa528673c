"""The service model: found in the installed botocore without importing it."""

from __future__ import annotations

import gzip
import importlib.metadata
import json
import subprocess
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

import botocore
import pytest
from botocore.loaders import Loader

from glia.ecs.documentation import plain, summary
from glia.ecs.nearest import nearest
from glia.ecs.service_model import ServiceModel, ServiceModelError, service_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = {"shapes": {"Name": {"type": "string"}}}


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of a botocore without any data."""
    fake = ModuleType("botocore")
    fake.__spec__ = ModuleSpec("botocore", None, is_package=True)
    fake.__spec__.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setitem(sys.modules, "botocore", fake)
    service_model.cache_clear()
    yield tmp_path
    service_model.cache_clear()


def put(package: Path, version: str, name: str, content: bytes) -> Path:
    folder = package / "data" / "ecs" / version
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def test_it_is_what_botocores_own_loader_reads() -> None:
    raw: Any = Loader().load_service_model("ecs", "service-2")
    model = service_model()

    assert list(model.shapes) == list(raw["shapes"])
    for name, shape in raw["shapes"].items():
        assert list(model.shapes[name].members) == list(shape.get("members", {}))
        assert model.shapes[name].required == tuple(shape.get("required", ()))
        assert model.shapes[name].enum == tuple(shape.get("enum", ()))
    assert model.source == f"botocore {botocore.__version__}"
    assert service_model() is model


def test_a_shape_says_what_it_is() -> None:
    shapes = service_model().shapes
    service = shapes["CreateServiceRequest"]

    assert plain(service.members["desiredCount"].html).startswith("The number of")
    assert plain(shapes["ContainerDefinition"].html).startswith("Container definitions are")
    assert (shapes["TagKey"].least, shapes["TagKey"].most) == (1, 128)
    assert shapes["EnvironmentVariables"].sensitive
    assert shapes["HookDetails"].document
    assert shapes["SharingStrategy"].union
    assert shapes["StringMap"].refers_to == ("String", "String")


def test_all_that_a_shape_is_made_of_is_reached_once() -> None:
    names = [shape.name for shape in service_model().reachable(["Tags", "LoadBalancers", "Tag"])]

    assert names[:4] == ["Tags", "Tag", "TagKey", "TagValue"]
    assert "AdvancedConfiguration" in names
    assert len(names) == len(set(names))


def test_a_shape_that_holds_itself_ends() -> None:
    tree = {"type": "structure", "members": {"left": {"shape": "Tree"}}}

    model = ServiceModel({"shapes": {"Tree": tree}})

    assert [shape.name for shape in model.reachable(["Tree"])] == ["Tree"]


@pytest.mark.parametrize("compressed", [True, False])
def test_the_latest_version_of_the_api_is_read(package: Path, compressed: bool) -> None:
    content = json.dumps(SMALL).encode()
    put(package, "2014-11-13", "service-2.json", b"not this one")
    put(package, "2030-01-01", "paginators-1.json", b"nor this one")
    name = "service-2.json.gz" if compressed else "service-2.json"
    put(package, "2024-01-01", name, gzip.compress(content) if compressed else content)

    assert list(service_model().shapes) == ["Name"]


def test_without_botocore_the_error_says_what_to_install(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not list(package.iterdir())
    monkeypatch.setitem(sys.modules, "botocore", None)

    with pytest.raises(ServiceModelError, match="botocore is not installed") as caught:
        service_model()

    assert str(caught.value).endswith("install boto3")


def test_a_botocore_without_ecs_is_told_from_none(package: Path) -> None:
    with pytest.raises(ServiceModelError, match="has no model of ECS") as caught:
        service_model()

    assert str(package) in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"not compressed", gzip.compress(b"{}")[:-4], gzip.compress(b"{"), gzip.compress(b"{}")],
    ids=["not compressed", "cut short", "no JSON", "no model"],  # gzip writes the time into them
)
def test_a_broken_model_is_named(package: Path, content: bytes) -> None:
    path = put(package, "2014-11-13", "service-2.json.gz", content)

    with pytest.raises(ServiceModelError, match="cannot read botocore's model of ECS") as caught:
        service_model()

    assert str(path) in str(caught.value)


def test_a_copy_of_botocore_without_metadata_has_no_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)

    assert ServiceModel(SMALL).source == "botocore"


def test_botocore_is_not_imported() -> None:
    program = (
        "import sys; from glia.ecs.shapes import faults; from glia.ecs.json_schema import "
        "definitions; faults('CreateServiceRequest', {'x': 1}); definitions(['Tag']); "
        "print({'boto3', 'botocore', 'pydantic', 'jsonschema'} & sys.modules.keys())"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ""),
        ("<p>One <code>a &lt; b</code>.</p> <p>Two.</p>", "One a < b.\nTwo."),
        ("<p>See:</p> <ul> <li> <p>one</p> </li> <li>two</li></ul>", "See:\none\ntwo"),
        ('<note> <p>Read <a href="https://aws">this\n  page</a>.</p> </note>', "Read this page."),
        ("<p>a<br/>b\n c</p>", "a\nb c"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ],
)
def test_documentation_is_read_as_text(source: str, expected: str) -> None:
    assert plain(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>One.</p><p>Two.</p>", "One.\nTwo."),
        ("<p>One.</p><p>Twenty words.</p><p>3</p>", "One."),
        ("<p>A sentence too long.</p>", "A sentence…"),
        ("", ""),
    ],
)
def test_a_summary_is_the_paragraphs_that_fit(source: str, expected: str) -> None:
    assert summary(source, at_most=12) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Image", "image"),
        ("task_role_arn", "taskRoleArn"),
        ("task-role-arn", "taskRoleArn"),
        ("containerDefinition", "containerDefinitions"),
        ("imgae", "image"),
        ("replicas", ""),
        ("", ""),
        ("image" * 1000, ""),
    ],
)
def test_the_nearest_word_is_the_one_that_was_meant(word: str, expected: str) -> None:
    assert nearest(word, ["image", "taskRoleArn", "containerDefinitions"]) == expected

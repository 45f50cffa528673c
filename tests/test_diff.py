"""Differences: leaf by leaf, in words that people know from ECS, and without secrets."""

from __future__ import annotations

import subprocess
import sys
import time
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.diff import ABSENT, MASKED, FieldChange, Masked, differences, flattened
from glia.ecs.canonical import canonical
from glia.ecs.secret_text import concealed, follows_secret_option, tells_secret
from support.requests import container, task_definition

Members = dict[str, Any]


def task(**members: Any) -> Members:
    """The canonical form of a task definition of one container with these members."""
    definition = task_definition(containerDefinitions=[container(**members)])
    return canonical("taskDefinition", definition)


def changes(old: Members, new: Members) -> dict[str, tuple[Any, Any]]:
    """What differs in the only container, by path."""
    found = differences(task(**old), task(**new))
    start = "taskDefinition.containerDefinitions[server]."
    assert all(each.path.startswith(start) for each in found)
    return {each.path.removeprefix(start): (each.old, each.new) for each in found}


def test_each_change_names_its_place_in_the_order_of_ecs_members() -> None:
    old = {
        "image": "server:1",
        "command": ["serve", "--port", "80"],
        "environment": [{"name": "MODEL", "value": "a"}, {"name": "BATCH", "value": "1"}],
        "portMappings": [{"containerPort": port} for port in (80, 443)],
        "dockerLabels": {"com.example.team": "vision", "com.example.version": "1.2-a"},
    }
    new = {
        "image": "server:2",
        "command": ["serve", "--port", "81", "-v"],
        "environment": [{"name": "BATCH", "value": "1"}, {"name": "MODEL", "value": "b"}],
        "portMappings": [{"containerPort": 443, "hostPort": 8443}, {"containerPort": 80}],
        "dockerLabels": {"com.example.team": "speech", "com.example.version": "1.3-b"},
        "links": ["a"],
        "cpu": 128,
    }
    assert list(changes(old, new).items()) == [
        ("image", ("server:1", "server:2")),
        ("cpu", (0, 128)),
        ("portMappings[443/tcp].hostPort", (0, 8443)),
        ("links[a]", (ABSENT, True)),
        ("command[2]", ("80", "81")),
        ("command[3]", (ABSENT, "-v")),
        ("environment[MODEL].value", ("a", "b")),
        ("dockerLabels[com.example.team]", (MASKED, MASKED)),
        ("dockerLabels[com.example.version]", ("1.2-a", "1.3-b")),
    ]


def test_a_whole_element_that_comes_or_goes_is_told_by_its_leaves() -> None:
    device = {"devices": [{"hostPath": "/dev/neuron1", "permissions": ["read"]}]}
    path = "linuxParameters.devices[/dev/neuron1]"
    added = {f"{path}.containerPath": "/dev/neuron1", f"{path}.permissions[read]": True}
    added["linuxParameters.initProcessEnabled"] = False
    there = {"linuxParameters": device}
    assert changes({}, there) == {name: (ABSENT, value) for name, value in added.items()}
    assert changes(there, {}) == {name: (value, ABSENT) for name, value in added.items()}


def test_a_services_constraints_are_named_by_what_they_say() -> None:
    old, new = (
        canonical("service", {"placementConstraints": constraints})
        for constraints in (
            [{"type": "distinctInstance"}],
            [{"type": "memberOf", "expression": "a == b"}],
        )
    )
    assert differences(old, new, "service") == (
        FieldChange("service.placementConstraints[distinctInstance]", True, ABSENT, False),
        FieldChange("service.placementConstraints[memberOf a == b]", ABSENT, True, False),
    )


def test_all_of_a_new_object_is_added() -> None:
    new = task(environment=[{"name": "MODEL", "value": "a"}, {"name": "TOKEN", "value": "s3cr3t"}])
    start = "taskDefinition.containerDefinitions[server]."
    found = {each.path: each.new for each in flattened(new)}
    assert {each.old for each in flattened(new)} == {ABSENT}
    assert found["taskDefinition.family"] == "server"
    assert found[f"{start}environment[MODEL].value"] == "a"
    assert found[f"{start}environment[TOKEN].value"] == MASKED
    assert flattened(new) == differences({}, new)


JSON = st.recursive(
    st.sampled_from([True, False, 0, 1, 2, "a", "b"]),
    lambda below: (
        st.dictionaries(st.sampled_from(["a", "b", "c"]), below, max_size=3)
        | st.lists(below, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b"]), JSON, max_size=2)


def scalars(value: Any, path: str) -> dict[str, Any]:
    """By path, as people would write it; an empty container counts as a scalar."""
    if not value or not isinstance(value, dict | list):
        return {path: value}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {
        name: leaf
        for step, content in items
        for name, leaf in scalars(
            content, f"{path}.{step}" if isinstance(value, dict) else f"{path}[{step}]"
        ).items()
    }


@given(OBJECTS, OBJECTS)
def test_the_differences_lead_from_the_old_value_to_the_new_and_nowhere_else(
    old: Members, new: Members
) -> None:
    before, after = (scalars(each, "service") if each else {} for each in (old, new))
    found = differences(old, new, "service")
    assert all(each.old != each.new for each in found)
    patched = {**before, **{each.path: each.new for each in found}}
    assert {path: value for path, value in patched.items() if value is not ABSENT} == after
    assert {each.path: each.old for each in found if each.old is not ABSENT}.items() <= (
        before.items()
    )
    assert len({each.path for each in found}) == len(found)
    assert [each.path for each in differences(new, old, "service")] == [x.path for x in found]


SECRET = "s3cr3t"
HIDDEN: dict[str, Members] = {
    "a variable with a secret's name": {"environment": [{"name": "DB_PASSWORD", "value": SECRET}]},
    "a URL with a password": {
        "environment": [{"name": "BROKER", "value": f"amqp://user:{SECRET}@mq:5671/"}]
    },
    "a URL with a token for a user": {"image": f"https://{SECRET}@registry/server"},
    "a signed URL": {"command": ["get", f"https://a/b?n=1&X-Amz-Signature={SECRET}"]},
    "a variable with options": {
        "environment": [{"name": "JAVA_OPTS", "value": f"-Xmx1g -Ddb.password={SECRET}"}]
    },
    "a reference to a secret": {"secrets": [{"name": "A", "valueFrom": SECRET}]},
    "a reference to a secret of a log driver": {
        "logConfiguration": {
            "logDriver": "splunk",
            "secretOptions": [{"name": "A", "valueFrom": SECRET}],
        }
    },
    "a registry's credentials": {"repositoryCredentials": {"credentialsParameter": SECRET}},
    "an option with its value": {"command": ["serve", f"--api-token={SECRET}"]},
    "an option's value": {"command": ["serve", "--api-key", SECRET, "-v"]},
    "an option's value in one text": {"entryPoint": ["sh", "-c", f"serve --token {SECRET}"]},
    "an assignment": {"command": ["env", f"TOKEN={SECRET}", "serve"]},
    "a JSON text": {"command": [f'{{"password": "{SECRET}"}}']},
    "one of several tokens": {"command": ["serve", f"--tokens={SECRET}", "--max-tokens=9"]},
    "a header": {
        "healthCheck": {"command": ["CMD-SHELL", f"curl -H 'Authorization: Bearer {SECRET}' /"]}
    },
    "a user of curl's": {"healthCheck": {"command": ["CMD", "curl", "-u", f"me:{SECRET}", "a"]}},
    "a user of curl's in one text": {
        "healthCheck": {"command": ["CMD-SHELL", f"curl -u me:{SECRET} a"]}
    },
    "a key among a command's words": {"command": ["serve", f"9f8e7d6c5b4a39281706:{SECRET}"]},
    "a key as its issuer writes it": {"entryPoint": ["sh", "-c", f"get hf_abcdefghij {SECRET}"]},
    **{
        f"a key as issuers write it, {key[:4]}": {"environment": [{"name": "MODE", "value": key}]}
        for key in (
            f"AKIAIOSFODNN7EXAMPLE{SECRET}",
            f"ghp_abcdefghijkl{SECRET}",
            f"sk-proj-{SECRET}",
            f"sk_live_{SECRET}",
            f"SG.abcdefghijklmnop.{SECRET}",
            f"npm_abcdefghijklmnop{SECRET}",
            f"eyJhbGciOiJub25l.{SECRET}",
        )
    },
    "a password in a few letters": {"environment": [{"name": "MODEL_PW", "value": SECRET}]},
    "a password with a client's program": {
        "healthCheck": {"command": ["CMD-SHELL", f"mysqladmin ping -h db -p{SECRET}"]}
    },
    "a password with a login": {"command": ["sh", "-c", f"docker login -u me -p {SECRET} && a"]},
    "a password of one letter": {"command": ["sshpass", "-p", SECRET, "ssh", "a"]},
    "who comes in": {"command": ["serve", "--auth", "a", f"--basic-auth={SECRET}"]},
    "a variable of a shell's": {"entryPoint": ["sh", "-c", f"PGPASSWORD={SECRET} psql"]},
    "a database's URL": {"command": ["migrate", f"postgres://me:{SECRET}@db/a"]},
    "a key in JSON": {"command": ["--override-neuron-config", f'{{"api_key":"{SECRET}"}}']},
    "a token behind what only sounds like one": {
        "command": [
            "sh",
            "-c",
            f"serve --passthrough --keyspace=a --token-file=/a --token={SECRET}",
        ]
    },
    "a hash that is no version": {"command": ["--with", f"{'0e9e39f2' * 5}-{SECRET}"]},
    "a password that nobody calls so": {"environment": [{"name": "DB", "value": SECRET}]},
    "a key in a variable that says where": {
        "environment": [{"name": "DB_HOST", "value": f"a.example/{SECRET}aB3dE6gH9jK2mN5pQ8"}]
    },
    "a label": {"dockerLabels": {"deploy-key": SECRET}},
    "an option of a log driver": {
        "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": SECRET}}
    },
    "a pair of tomorrow": {"plugins": {"apiToken": SECRET}},
}


def edited(value: Any) -> Any:
    """The same with another secret."""
    if isinstance(value, dict):
        return {name: edited(content) for name, content in value.items()}
    if isinstance(value, list):
        return [edited(each) for each in value]
    return value.replace(SECRET, f"{SECRET}-2") if isinstance(value, str) else value


@pytest.mark.parametrize("members", HIDDEN.values(), ids=HIDDEN.keys())
def test_a_secret_is_masked_wherever_it_comes_goes_or_moves(members: Members) -> None:
    sides: tuple[Members, ...] = ({}, members, edited(members))
    for old in sides:
        for new in sides:
            found = differences(task(**old), task(**new))
            assert SECRET not in repr(found)
            assert any(each.sensitive for each in found) is (old != new)
    assert SECRET not in repr(flattened(task(**members)))
    changed = [each for each in differences(task(**members), task(**sides[2])) if each.sensitive]
    assert [(each.old, each.new) for each in changed] == [(MASKED, MASKED)]


SHOWN: dict[str, Members] = {
    "a plain variable": {"environment": [{"name": "MODEL_NAME", "value": "resnet50"}]},
    "a web address": {"environment": [{"name": "ENDPOINT", "value": "https://a.example:8443/b"}]},
    "how many and how": {
        "environment": [
            {"name": "NEURON_RT_VISIBLE_CORES", "value": "0-3"},
            {"name": "WORKERS", "value": "4"},
            {"name": "CACHE", "value": "512MiB"},
            {"name": "DEBUG", "value": "true"},
            {"name": "LOG", "value": "info"},
            {"name": "MAX_NEW_TOKENS", "value": "512"},
        ]
    },
    "a model's name and options": {
        "command": [
            "vllm",
            "serve",
            "--model=meta-llama/Llama-3.1-8B-Instruct",
            "/opt/models/resnet50_neuron_batch8_inf2.48xlarge.pt",
            "--handler=InferenceRequestHandlerFactory",
            "--max-num-batched-tokens=8192",
            "--tokenizer",
            "meta-llama/Llama-3.1-8B-Instruct",
        ]
    },
    "a port": {"command": ["serve", "--port", "8501", "-p", "8501:80", "-p", "/run/a.sock"]},
    "options of vLLM's in JSON": {
        "command": [
            "--override-neuron-config",
            '{"token_generation_buckets":[128,256],"on_device_sampling_config":{"global_topk":64}}',
            '--additional-config={"override_neuron_config":{"token_tree_config":null}}',
            "--image-token-id",
            "32000",
            "--long-prefill-token-threshold=2048",
        ]
    },
    "names that only sound like a secret's": {
        "command": [
            *("--keyspace=shop", "--bypass", "cache", "--passthrough", "yes", "--keyboard=de"),
            *("--monkey", "george", "--compass=north", "--passes=opt", "--signature-name=serving"),
            *("--ssl-keyfile", "/certs/tls.key", "--token-file=/run/token", "--no-auth", "serve"),
        ],
        "environment": [
            {"name": "KEYSPACE_NAME", "value": "shop"},
            {"name": "PASSTHROUGH_MODE", "value": "headers"},
            {"name": "TOKENIZER", "value": "meta-llama/Llama-3.1-8B-Instruct"},
        ],
    },
    "where a model is, and which of its versions": {
        "image": f"763104351884.dkr.ecr.us-west-2.amazonaws.com/vllm@sha256:{'0e9e39f2' * 8}",
        "command": [
            "s3://models/llama-3-8b-instruct-neuron-tp8",
            "--revision",
            "0e9e39f249a16976918f6564b8830bc894c89659",
            "--code-revision=0e9e39f249a16976918f6564b8830bc894c89659",
            f"--base=vllm@sha256:{'0e9e39f2' * 8}",
            "--database=arn:aws:secretsmanager:us-west-2:111122223333:secret:db-AbCdEf",
            "mkdir -p models && cp -p a b",
        ],
        "environment": [
            {"name": "CHECKPOINT", "value": "s3://models/llama-3-8b-instruct-neuron-tp8/"},
            {"name": "TOPIC", "value": "arn:aws:sns:us-west-2:111122223333:alarms"},
            {"name": "GIT_COMMIT", "value": "0e9e39f249a16976918f6564b8830bc894c89659"},
        ],
    },
    "a log group": {
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "server"}}
    },
}


@pytest.mark.parametrize("members", SHOWN.values(), ids=SHOWN.keys())
def test_what_is_no_secret_is_shown(members: Members) -> None:
    assert not any(each.sensitive for each in differences(task(), task(**members)))


def test_a_container_with_a_secrets_name_is_shown() -> None:
    old = canonical("taskDefinition", {"containerDefinitions": [container(name="token-server")]})
    new = deepcopy(old)
    new["containerDefinitions"]["token-server"]["image"] = "server:2"
    assert [each.new for each in differences(old, new)] == ["server:2"]


def test_a_masked_value_tells_nothing() -> None:
    assert str(MASKED) == repr(MASKED) == "(sensitive)"
    assert f"{MASKED}" == "(sensitive)"
    assert Masked() == MASKED
    assert not Masked.__slots__


def test_deepdiff_is_loaded_only_when_something_differs() -> None:
    program = (
        "import sys; import glia.diff as diff; diff.flattened({'family': 'a'}); "
        "assert 'deepdiff' not in sys.modules; diff.differences({}, {'family': 'a'}); "
        "assert 'deepdiff' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("word", ["token_", "max_", " -token", "://:", "?token", "pass", "'-key"])
def test_a_text_of_nothing_but_suspicious_words_costs_no_more_than_its_length(word: str) -> None:
    """What is planned may be anybody's."""
    text = word * (100_000 // len(word))
    begin = time.thread_time()
    tells_secret(text)
    concealed(text)
    follows_secret_option("value", text)
    assert time.thread_time() - begin < 10  # the square of it would be minutes

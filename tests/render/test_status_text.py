"""The status in a terminal."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.render.chips import chip_picture
from glia.render.paint import Paint
from glia.render.status_text import status_text
from glia.status import ClusterStatus, Condition, Holder, InstanceStatus, Status
from render.golden import golden
from render.values import CLUSTER, holder, instance, status

NUMBERS = re.compile(r"  (\d+)(?:-(\d+))? (\S+(?: x\d+)?)")
HOLDERS = st.sampled_from(["", "resnet50", "bert", "vllm"])


def picture(*instances: InstanceStatus, width: int = 100) -> list[str]:
    made = ClusterStatus(CLUSTER, "111122223333", instances)
    return chip_picture(made, Paint(on=False), width)


def test_a_status_of_every_kind_reads_like_this() -> None:
    assert status_text(status(), colour=False, width=100) == golden("status.txt")


def test_colours_change_nothing_else() -> None:
    painted = status_text(status(), colour=True, width=100)
    assert "\x1b[31mDegraded" in painted
    assert re.sub(r"\x1b\[\d+m", "", painted) == status_text(status(), colour=False, width=100)


def test_four_chips_are_shown_one_by_one_unless_a_task_has_several() -> None:
    own = [(holder("resnet50", "a"),), (holder("resnet50", "b"),), (), (holder("vllm", "c"),)]
    assert picture(instance(1, "inf1.6xlarge", *own))[1].endswith(
        "(inf1.6xlarge, ACTIVE)  0 resnet50  1 resnet50  2 .  3 vllm"
    )
    whole = [(holder("bert", "a"),)] * 4
    assert picture(instance(1, "inf1.6xlarge", *whole))[1].endswith("  0-3 bert")


@given(owners=st.lists(HOLDERS, min_size=1, max_size=16), width=st.integers(40, 120))
def test_every_chip_is_shown_once_with_its_holder(owners: list[str], width: int) -> None:
    chips = [(holder(name, f"t{at}"),) if name else () for at, name in enumerate(owners)]
    title, *rows = picture(instance(1, "trn1.32xlarge", *chips), width=width)
    cells = NUMBERS.findall("".join(row.partition(")")[2] or row for row in rows))
    shown = {
        number: label.partition(" ")[0]
        for first, last, label in cells
        for number in range(int(first), int(last or first) + 1)
    }
    assert list(shown.items()) == [(at, name or ".") for at, name in enumerate(owners)]
    assert title.endswith(f": {owners.count('')} of {len(owners)} free")


def test_what_is_not_glias_is_marked_and_a_clash_is_loud() -> None:
    foreign = Holder("family:batch", "", "arn:task/9", owned=False)
    lines = picture(instance(7, "inf1.xlarge", (holder("bert", "a"), foreign)))
    assert lines[1].endswith("  0 CLASH bert + family:batch*")
    assert lines[2] == "    * not Glia's"
    assert lines[3].startswith("CLASH: chip 0 of i-0007 is mapped by 2 tasks: ")
    assert lines[3].endswith("arn:task/9")
    partly = picture(
        instance(7, "inf1.6xlarge", (holder("bert", "a"),), (holder("bert", "a"), foreign))
    )
    assert partly[1].endswith("  0 bert  1 CLASH bert + family:batch*")
    quiet = picture(instance(7, "inf1.xlarge", (holder("bert", "a"),)))
    assert not [line for line in quiet if "CLASH" in line or "*" in line]


@pytest.mark.parametrize(
    ("conditions", "shown"),
    [
        ({"Ready": "False", "Stalled": "True", "Reconciling": "True"}, "Stalled"),
        ({"Ready": "False", "Stalled": "False", "Reconciling": "True"}, "Reconciling"),
        ({"Ready": "Unknown", "Stalled": "False", "Reconciling": "False"}, "Ready"),
        ({"Ready": "True", "Stalled": "False", "Reconciling": "False"}, ""),
    ],
)
def test_the_gravest_condition_is_the_reason(conditions: dict[str, str], shown: str) -> None:
    made = tuple(
        Condition(kind, is_so, f"Why{kind}", f"words of {kind}")  # type: ignore[arg-type]
        for kind, is_so in conditions.items()
    )
    bert = replace(status().services[0], conditions=made)
    text = status_text(Status(0, (bert,), ()), colour=False, width=100)
    assert re.findall(r"Why\w+", text) == ([f"Why{shown}"] if shown else [])
    assert re.findall(r"words of \w+", text) == ([f"words of {shown}"] if shown else [])


def test_nothing_hostile_reaches_the_terminal() -> None:
    evil = "\x1b[2J\u202e\r\nHealthy"
    bad = replace(
        status().services[1],
        key=f"inference/{evil}",
        conditions=(Condition("Ready", "False", evil, evil),),
    )
    task = Holder(f"family:{evil}", evil, evil, owned=False)
    clusters = (ClusterStatus(CLUSTER, "", (instance(1, evil, (task, task), status=evil),)),)
    text = status_text(Status(0, (bad,), clusters), colour=False, width=100)
    assert [line for line in text.split("\n") if not line.isprintable()] == []
    assert [line for line in text.split("\n") if line.startswith("Healthy")] == []

"""The choice of an executor or a network."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nncc.frontends.nnp import load
from nncc.ir import CompileError, Diagnostics, Module, UsageError
from nncc.ir.dialects import nnp
from nncc.ir.passes import PassContext
from nncc.passes.select_executor import SelectExecutor

Source = Callable[..., Path]


def network(name: str) -> str:
    return f"""
network {{
  name: "{name}"
  variable {{ name: "x" type: "Buffer" shape {{ dim: -1 dim: 3 }} }}
  variable {{ name: "h" type: "Buffer" shape {{ dim: -1 dim: 3 }} }}
  variable {{ name: "y" type: "Buffer" shape {{ dim: -1 dim: 3 }} }}
  function {{ name: "f" type: "Tanh" input: "x" output: "h" }}
  function {{ name: "g" type: "Tanh" input: "h" output: "y" }}
}}
"""


def executor(name: str, of: str, output: str = "y") -> str:
    ports = f'data_variable {{ variable_name: "x" }} output_variable {{ variable_name: "{output}" }}'
    return f'executor {{ name: "{name}" network_name: "{of}" {ports} }}\n'


OTHERS = 'optimizer { name: "o" network_name: "a" } monitor { name: "m" network_name: "a" } dataset { name: "d" }\n'
TWO = network("a") + network("b") + executor("run_a", "a") + executor("run_b", "b") + OTHERS


@pytest.fixture
def source(tmp_path: Path) -> Source:
    def write(text: str = TWO) -> Path:
        (tmp_path / "m.nntxt").write_text(text)
        return tmp_path / "m.nntxt"

    return write


def names(module: Module) -> list[str]:
    return [f"{op.name}:{op.attributes['name']}" for op in module.body]


def test_without_a_choice_everything_stays(source: Source) -> None:
    assert len(list(load(source()).body)) == 7


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        ({"executor": 0}, "a"),
        ({"executor": 1}, "b"),
        ({"executor": -1}, "b"),
        ({"network": "b"}, "b"),
        ({"executor": 1, "network": "b"}, "b"),
    ],
)
def test_a_choice(source: Source, choice: dict, kept: str) -> None:
    expected = [f"nnp.network:{kept}", "nnp.dataset:d", f"nnp.executor:run_{kept}"]
    assert names(load(source(), **choice)) == expected
    module = load(source())
    assert SelectExecutor(**choice).run(module, PassContext())
    assert names(module) == expected


def test_the_pass_takes_the_first_executor(source: Source) -> None:
    module = load(source())
    select = SelectExecutor()
    assert select.run(module, PassContext()) and select.counts["removed"] == 4
    assert [e.label for e in nnp.executors(module)] == ["run_a"]
    assert not SelectExecutor().run(module, PassContext())


@pytest.mark.parametrize(
    ("choice", "reason", "remedy"),
    [
        ({"executor": 2}, "there is no executor 2", "0 ('run_a'), 1 ('run_b')"),
        ({"executor": -3}, "there is no executor -3", "0 ('run_a'), 1 ('run_b')"),
        ({"network": "c"}, "there is no network 'c'", "'a' or 'b'"),
        ({"executor": 0, "network": "b"}, "executor 0 runs the network 'a', not 'b'", "only one of the two"),
    ],
)
def test_a_choice_that_is_not_there(source: Source, choice: dict, reason: str, remedy: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(source(), **choice)
    assert reason in str(caught.value) and remedy in str(caught.value)


def test_a_network_that_nobody_runs_gets_an_executor(source: Source) -> None:
    found = Diagnostics()
    module = load(source(network("a") + network("b") + executor("run_a", "a")), network="b", diagnostics=found)
    (made,) = nnp.executors(module)
    assert made.variable_names("data_variable") == ["x"] and made.variable_names("output_variable") == ["y"]
    assert "no executor runs the network 'b'" in str(found.warnings[0])


def test_several_networks_and_no_executor(source: Source) -> None:
    module = load(source(network("a") + network("b")))
    with pytest.raises(CompileError, match=r"no executor, and 2 networks to choose from\n  remedy: .*a, b"):
        SelectExecutor().run(module, PassContext())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (network("a") + executor("run", "aa"), "runs the network 'aa', which is not there\n  remedy: did you mean 'a'"),
        (network("a") + executor("run", "a", "z"), "names the output_variable 'z', which its network has not"),
    ],
)
def test_an_executor_that_does_not_fit(source: Source, text: str, reason: str) -> None:
    with pytest.raises(CompileError) as caught:
        load(source(text), executor=0)
    assert reason in str(caught.value) and "m.nntxt" in str(caught.value)

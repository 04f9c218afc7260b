"""NNP -> nnp dialect -> NNP: equal messages, and parameters that are equal bit for bit."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nncc.backends.nnp import save
from nncc.frontends.nnp import load
from nncc.ir.parser import parse_module
from nncc.ir.printer import print_module

PLACES = [{}, {"nnp_parameter_h5": True}, {"nnp_parameter_nntxt": True}]
Contents = Callable[[Path], tuple[object, list[tuple]]]

# Every corner of the schema that no writer shows: what is there but empty, what is not there, what belongs to nothing.
CORNERS = """
version: "0.1"
global_config { default_context { array_class: "CpuCachedArray" backends: "cuda:half" backends: "cpu:float" } }
training_config { }
network {
  name: "a"
  repeat_info { id: "R" times: 3 }
  variable { name: "x" type: "Buffer" repeat_id: "R" shape { dim: -1 dim: 4 dim: 4 } initializer { } }
  variable { name: "scalar" type: "Buffer" shape { } }
  variable { name: "shapeless" type: "Buffer" }
  variable { name: "unused" type: "Parameter" shape { dim: 0 dim: 2 } initializer { type: "Normal" multiplier: 0.1 } }
  variable { name: "y" type: "Buffer" shape { dim: -1 dim: 4 dim: 4 } }
  variable { name: "z" type: "Buffer" shape { dim: -1 dim: 4 dim: 4 } }
  variable { name: "p" type: "Buffer" shape { dim: -1 dim: 4 dim: 4 } }
  function {
    name: "last" type: "MulScalar" repeat_id: "R" context { device_id: "3" } input: "z" output: "p"
    mul_scalar_param { val: -0.0 inplace: true }
  }
  function { name: "same" type: "Mul2" input: "x" input: "x" output: "y" }
  function { name: "same" type: "MaxPooling" input: "y" output: "z" max_pooling_param { kernel { } stride { dim: 1 } } }
}
network { name: "b" batch_size: 64 }
dataset { name: "Training" uri: "train.csv" cache_dir: "c\\\\d" shuffle: true variable: "x" variable: "y" }
dataset { name: "Training" }
optimizer {
  name: "o" network_name: "a" dataset_name: "Training" update_interval: 1
  solver {
    type: "Adam" weight_decay: 0.0001 adam_param { alpha: 0.001 beta1: 0.9 beta2: 0.999 eps: 1e-08 }
    states { key: "W" value { t: 7 state_parameter { key: "m" value { shape { dim: 2 } data: 0.5 data: 0.25 } } } }
    states { key: "" value { } }
  }
  loss_variable { variable_name: "y" } parameter_variable { variable_name: "W" learning_rate_multiplier: 0.1 }
  start_iter: 1 end_iter: 9223372036854775807
}
monitor { name: "m" network_name: "b" monitor_variable { variable_name: "p" type: "Error" multiplier: 1.1 } }
executor { name: "e" network_name: "a" need_back_propagation: true generator_variable { variable_name: "x" } }
executor { }
"""


def test_every_corner_survives(
    tmp_path: Path, archive: Callable[..., Path], contents: Contents, to_protobuf: Callable[..., bytes]
) -> None:
    special = np.array([0.0, -0.0, np.inf, -np.inf, 1e-45, 3.4028235e38, 0.1], np.float32)
    orphans = {"of no network/W": special, "scalar": np.array(2.5, np.float32), "b": np.zeros((0, 3), np.float32)}
    source = archive({"a/network.NNTXT": "", "network.nntxt": CORNERS, "parameter.protobuf": to_protobuf(orphans)})
    expected = contents(source)
    assert len(expected[0].network) == 2 and len(expected[1]) == 3
    for place in PLACES:
        target = tmp_path / "out.nnp"
        save(load(source), target, **place)
        assert contents(target) == expected


def test_the_text_of_a_module_loses_nothing(
    data: Path, tmp_path: Path, archive: Callable[..., Path], contents: Contents, to_protobuf: Callable[..., bytes]
) -> None:
    """NNP -> text -> NNP: every stage can be dumped, read and fed back."""
    weights = to_protobuf({"W": np.float32([-0.0, np.inf, 1e-45])})
    for source in [archive({"n.nntxt": CORNERS, "p.protobuf": weights}), *sorted(data.glob("*.nnp"))]:
        text = print_module(load(source), constants="inline")
        module = parse_module(text)
        assert print_module(module, constants="inline") == text
        save(module, tmp_path / "out.nnp")
        assert contents(tmp_path / "out.nnp") == contents(source), source.name


def test_long_solver_states_survive(tmp_path: Path, archive: Callable[..., Path], contents: Contents) -> None:
    numbers = "".join(f"data: {i / 7} " for i in range(500))
    state = f'key: "W" value {{ state_parameter {{ key: "m" value {{ {numbers} }} }} }}'
    text = f"optimizer {{ solver {{ states {{ {state} }} }} }}"
    source = archive({"network.nntxt": text})
    save(load(source), tmp_path / "out.nnp")
    assert contents(tmp_path / "out.nnp") == contents(source)


@pytest.mark.parametrize("place", PLACES, ids=["protobuf", "h5", "nntxt"])
def test_our_networks_survive(data: Path, tmp_path: Path, contents: Contents, place: dict[str, bool]) -> None:
    sources = sorted(data.glob("*.nnp"))
    assert sources
    for source in sources:
        save(load(source), tmp_path / source.name, **place)
        assert contents(tmp_path / source.name) == contents(source), source.name


@pytest.mark.parametrize("folder", ["models", "nnc", "functions"])
def test_the_corpus_survives(corpus: Path, tmp_path: Path, contents: Contents, folder: str) -> None:
    sources = sorted((corpus / folder).rglob("*.nnp"))
    assert sources
    lost = []
    for source in sources:
        module = load(source)
        for op in module.walk():
            op.verify()
        save(module, tmp_path / "out.nnp")
        if contents(tmp_path / "out.nnp") != contents(source):
            lost.append(source.name)
    assert lost == []


def test_text_of_parameters_holds_the_same_bits(
    tmp_path: Path, archive: Callable[..., Path], contents: Contents, to_hdf5: Callable[..., bytes]
) -> None:
    bits = np.random.default_rng(0).integers(0, 1 << 32, 5000, np.uint64).astype(np.uint32)
    values = bits.view(np.float32)
    source = archive({"n.nntxt": 'network { name: "n" }', "p.h5": to_hdf5({"W": values[np.isfinite(values)]})})
    save(load(source), tmp_path / "out.nnp", nnp_parameter_nntxt=True)
    assert contents(tmp_path / "out.nnp") == contents(source)


def test_solver_files_are_carried_along(tmp_path: Path, archive: Callable[..., Path], affine: str) -> None:
    state = bytes(range(256)) * 3
    source = archive({"network.nntxt": affine, "Optimizer_Adam_optimizer.h5.optimizer": state})
    save(load(source), tmp_path / "out.nnp")
    with zipfile.ZipFile(tmp_path / "out.nnp") as file:
        assert file.read("Optimizer_Adam_optimizer.h5.optimizer") == state

"""Frozen graphs and SavedModels, looked at without TensorFlow."""

from pathlib import Path

import numpy as np
import pytest

from nncc.backends.tf import frozen, saved_model
from nncc.backends.tf.graph import valid_name
from nncc.ir import Builder, CompileError, Function, Module, TensorType
from nncc.ir.dialects.tf import Const
from nncc.ir.dialects.tf.messages import message_class
from nncc.ir.types import F32
from nncc.pipelines import driver


def network(name: str = "x", output: str = "y") -> Module:
    """relu(x), for any number of rows."""
    module = Module()
    function, block = Function.create("main", [(name, TensorType(("N", 3), F32))])
    module.body.append(function)
    function.set_outputs([(output, Builder(module, block).nn.relu(function.inputs[0]))])
    driver.compile(module, "nn-to-tf")
    return module


def graph(path: Path) -> dict[str, object]:
    message = message_class("GraphDef").FromString(path.read_bytes())
    return {node.name: node for node in message.node}


def test_ports_are_nodes_of_their_names(tmp_path: Path) -> None:
    frozen.save(network(), tmp_path / "m.pb")
    nodes = graph(tmp_path / "m.pb")
    assert {n: node.op for n, node in nodes.items()} == {"x": "Placeholder", "y": "Relu"}
    assert [d.size for d in nodes["x"].attr["shape"].shape.dim] == [-1, 3]
    assert list(nodes["y"].input) == ["x"]


@pytest.mark.parametrize(
    ("name", "node"), [("x", "x"), ("input:0[1]", "input_0_1_"), ("_hidden", "x_hidden"), ("Größe", "Gr__e"), ("", "x")]
)
def test_names_that_tensorflow_takes(name: str, node: str) -> None:
    assert valid_name(name) == node


def test_equal_names_get_numbers(tmp_path: Path) -> None:
    frozen.save(network("a b", "a_b"), tmp_path / "m.pb")
    assert list(graph(tmp_path / "m.pb")) == ["a_b", "a_b_1"]


def test_signature_keeps_the_names_of_ports(tmp_path: Path) -> None:
    saved_model.save(network("input:0[1]", "output, all"), tmp_path / "m")
    model = message_class("SavedModel").FromString((tmp_path / "m" / "saved_model.pb").read_bytes())
    (meta,) = model.meta_graphs
    assert list(meta.meta_info_def.tags) == ["serve"]
    signature = meta.signature_def["serving_default"]
    assert signature.inputs["input:0[1]"].name == "input_0_1_:0"
    assert signature.outputs["output, all"].name == "output__all:0"


def test_large_weights_are_refused(tmp_path: Path) -> None:
    module = network()
    relu = module.main.body.first_op
    type = TensorType((2**15, 2**14), F32)
    zeros = module.add_resource("w", lambda: np.broadcast_to(np.float32(0), type.static_shape), type)
    module.main.body.insert_before(relu, Const(value=zeros))
    assert type.size * 4 >= 2**31
    with pytest.raises(CompileError, match="a frozen graph holds"):
        frozen.save(module, tmp_path / "m.pb")
    assert not (tmp_path / "m.pb").exists()


def test_other_dialects_are_refused(tmp_path: Path) -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((3,), F32))])
    module.body.append(function)
    function.set_outputs([("y", Builder(module, block).nn.relu(function.inputs[0]))])
    with pytest.raises(CompileError, match=r"'nn\.relu' is no operator of TensorFlow"):
        frozen.save(module, tmp_path / "m.pb")

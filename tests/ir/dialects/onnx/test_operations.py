"""Operations of the onnx dialect: the schemas that they mean, their rules, and their text."""

import onnx
import pytest

from nncc.ir import Block, Function, Module, Region, TensorType, VerifyError, lookup_op
from nncc.ir.dialects.onnx import NODE_OPS, CustomOp, OnnxOp, Yield, attribute_key, attribute_name, op_name
from nncc.ir.opdef import registered_ops, unregistered_class
from nncc.ir.parser import parse_module
from nncc.ir.types import F32, I1
from nncc.ir.verifier import verify_module

X = TensorType((2, 3), F32)


def module_of(op: OnnxOp, opset: int = 17) -> Module:
    """A module of one operation that takes nothing, or the inputs that it has."""
    module = Module(**{"onnx.opset_import": {"": opset}})
    module.body.append(op)
    return module


def test_every_operator_of_onnx_has_an_operation() -> None:
    schemas = onnx.defs.get_all_schemas_with_history()
    assert {(s.domain, s.name) for s in schemas} == NODE_OPS.keys()
    for (domain, name), definition in NODE_OPS.items():
        assert lookup_op(op_name(name, domain)) is definition
        assert (definition.op_type, definition.domain) == (name, domain)
    assert len(list(registered_ops("onnx"))) == len(NODE_OPS) + 2


def test_a_default_is_that_of_the_opset_in_force() -> None:
    softmax = NODE_OPS["", "Softmax"](result_types=[X])
    assert softmax.opset is None and softmax.get("axis") == -1  # outside of a module the newest counts
    module = module_of(softmax, 11)
    assert (softmax.opset, softmax.version, softmax.get("axis")) == (11, 11, 1)
    module.set_attribute("onnx.opset_import", {"": 13})
    assert (softmax.version, softmax.get("axis")) == (13, -1)
    softmax.set_attribute("axis", 0)
    assert softmax.get("axis") == 0 and softmax.get("nothing") is None


def test_operators_that_an_opset_does_not_have() -> None:
    gelu = NODE_OPS["", "Gelu"](result_types=[X])
    module_of(gelu, 19)
    assert gelu.schema is None and gelu.version == 0 and gelu.get("approximate") is None
    scaler = NODE_OPS["ai.onnx.ml", "Scaler"](result_types=[X])
    module_of(scaler)
    assert scaler.opset is None and scaler.schema is None  # the domain is not imported


def argument() -> Block:
    return Block.of([X, TensorType((), I1)], ["x", "c"])


def branch() -> Region:
    return Region.of(Block())


@pytest.mark.parametrize(
    "make, reason",
    [
        (lambda x, c: NODE_OPS["", "Relu"](result_types=[X]), "expected 1 operands, got 0"),
        (lambda x, c: NODE_OPS["", "Add"](None, x, result_types=[X]), "expected operand #0"),
        (lambda x, c: NODE_OPS["", "Concat"](x, result_types=[X]), "expected attribute 'axis'"),
        (lambda x, c: NODE_OPS["", "Concat"](result_types=[X], axis=0), "expected at least 1 operands, got 0"),
        (lambda x, c: NODE_OPS["", "Clip"](x, x, x, x, result_types=[X]), "expected 1 to 3 operands, got 4"),
        (lambda x, c: NODE_OPS["", "Relu"](x, result_types=[X, X]), "expected 1 results, got 2"),
        (lambda x, c: NODE_OPS["", "Relu"](x, result_types=[X], a=1), "has no attribute 'a' in version 14"),
        (
            lambda x, c: NODE_OPS["", "Softmax"](x, result_types=[X], axis=1.5),
            "expected attribute 'axis' to be of type INT",
        ),
        (lambda x, c: NODE_OPS["", "Relu"](x, result_types=[X], regions=[branch()]), "expected each of its regions"),
        (lambda x, c: NODE_OPS["", "If"](c, result_types=[X]), "expected regions for then_branch and else_branch"),
        (lambda x, c: NODE_OPS["", "Gelu"](x, result_types=[X]), "is not in version 17 of the operators of 'ai.onnx'"),
    ],
)
def test_rules(make: object, reason: str) -> None:
    block = argument()
    op = block.append(make(*block.args))  # type: ignore[operator]
    module = Module(**{"onnx.opset_import": {"": 17}})
    module.body.append(Function(regions=[Region.of(block)], sym_name="main"))
    with pytest.raises(VerifyError, match=reason):
        op.verify()


def test_names() -> None:
    assert op_name("Conv") == "onnx.Conv"
    assert op_name("Gelu", "com.microsoft") == "onnx.com.microsoft.Gelu"
    assert op_name("aten::add", "a b") == "onnx._a_b_aten__add"
    assert op_name("Ml.Scaler", "ai.onnx") != "onnx.ai.onnx.Ml.Scaler"  # no operator may be taken for another
    assert op_name("yield") != "onnx.yield"
    for name in ("axis", "node_name", "doc_string", "onnx.opset", "nncc.names"):
        key = attribute_key(name)
        assert attribute_name(key) == name
        assert (key == name) == (name == "axis")
    assert attribute_name("node_name") is None and attribute_name("onnx.opset") is None


def test_operations_without_schema() -> None:
    assert unregistered_class("onnx.com.microsoft.Gelu") is CustomOp
    op = CustomOp("onnx.com.microsoft.Gelu", (), [X], {"approximate": "tanh"})
    assert (op.op_type, op.domain, op.version, op.schema) == ("Gelu", "com.microsoft", 0, None)
    assert op.get("approximate") == "tanh" and op.get("other") is None
    copy = op.clone()
    assert type(copy) is CustomOp and copy.name == op.name and copy.attributes == op.attributes


TEXT = """
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<2x3xf32>, %c: tensor<i1>):
    %w = "onnx.initializer"() {value = dense<1.0> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
    %y = "onnx.If"(%c) ({
      %a = "onnx.Add"(%x, %w) {node_name = "add"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
      "onnx.yield"(%a) : (tensor<2x3xf32>) -> ()
    }, {
      "onnx.yield"(%x) : (tensor<2x3xf32>) -> ()
    }) : (tensor<i1>) -> tensor<2x3xf32>
    %z = "onnx.my.own.Op"(%y) : (tensor<2x3xf32>) -> !nncc.unknown
    "func.return"(%z) : (!nncc.unknown) -> ()
  }) {sym_name = "main"} : () -> ()
}) {onnx.opset_import = {"" = 17 : i64, my.own = 1 : i64}} : () -> ()
"""


def test_text_and_structure() -> None:
    module = parse_module(TEXT)
    verify_module(module)
    assert str(parse_module(str(module))) == str(module)
    verify_module(module.clone_module())
    ops = list(module.main.body)
    assert isinstance(ops[1], OnnxOp) and ops[1].graph_names == ("then_branch", "else_branch")
    assert isinstance(ops[1].regions[0].block.last_op, Yield)
    assert isinstance(ops[2], CustomOp) and ops[2].opset == 1

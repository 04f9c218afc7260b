"""Small models with branches and loops, as text, with inputs: for tests of passes and lowerings."""

import numpy as np

from nncc.ir import Block, Builder, Module, Operation, Region, TensorType, Value
from nncc.ir.dialects import nn
from nncc.ir.module import PORT_NAME
from nncc.ir.parser import parse_module
from nncc.ir.types import I1, I64
from nncc.ir.verifier import verify_module

Arrays = dict[str, np.ndarray]

_X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)

BRANCH = """
"func.func"() ({
^bb0(%x: tensor<2x3xf32>, %c: tensor<i1>):
  %w = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %e = "nn.exp"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %y, %z, %unused = "nn.if"(%c) ({
    %1 = "nn.mul"(%e, %w) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %2 = "nn.reduce_sum"(%1) {axes = array<i64: 1>, keep_dims = true} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    "nn.yield"(%1, %e, %2) : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x1xf32>) -> ()
  }, {
    %3 = "nn.add"(%x, %w) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %4 = "nn.reduce_max"(%3) {axes = array<i64: 1>, keep_dims = true} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    "nn.yield"(%3, %e, %4) : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x1xf32>) -> ()
  }) : (tensor<i1>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x1xf32>)
  %r = "nn.add"(%y, %z) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  "func.return"(%r) : (tensor<2x3xf32>) -> ()
}) {sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "c"}], res_attrs = [{nncc.name = "r"}],
    function_type = (tensor<2x3xf32>, tensor<i1>) -> tensor<2x3xf32>} : () -> ()
"""

COUNTED = """
"func.func"() ({
^bb0(%x: tensor<2x3xf32>):
  %n = "nn.constant"() {value = dense<3> : tensor<i64>} : () -> tensor<i64>
  %t = "nn.constant"() {value = dense<true> : tensor<i1>} : () -> tensor<i1>
  %w = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %s = "nn.tanh"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %y, %same, %spare, %all, %trips = "nn.loop"(%n, %t, %x, %s, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<2x3xf32>, %b: tensor<2x3xf32>, %c: tensor<2x3xf32>):
    %1 = "nn.mul"(%a, %w) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    %2 = "nn.add"(%1, %b) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %3 = "nn.neg"(%c) : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %4 = "nn.cast"(%i) {to = f32} : (tensor<i64>) -> tensor<f32>
    "nn.yield"(%go, %2, %b, %3, %2, %4)
        : (tensor<i1>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>) -> ()
  }) : (tensor<i64>, tensor<i1>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
      -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<3x2x3xf32>, tensor<3xf32>)
  "func.return"(%y, %same, %all, %trips) : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<3x2x3xf32>, tensor<3xf32>) -> ()
}) {sym_name = "main", arg_attrs = [{nncc.name = "x"}],
    res_attrs = [{nncc.name = "y"}, {nncc.name = "same"}, {nncc.name = "all"}, {nncc.name = "trips"}],
    function_type = (tensor<2x3xf32>)
        -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<3x2x3xf32>, tensor<3xf32>)} : () -> ()
"""

WHILE = """
"func.func"() ({
^bb0(%x: tensor<2x3xf32>, %n: tensor<i64>):
  %top = "nn.constant"() {value = dense<9223372036854775807> : tensor<i64>} : () -> tensor<i64>
  %limit = "nn.constant"() {value = dense<10.0> : tensor<f32>} : () -> tensor<f32>
  %half = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %zero = "nn.constant"() {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %first = "nn.greater"(%n, %zero) : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %y = "nn.loop"(%top, %first, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<2x3xf32>):
    %1 = "nn.add"(%a, %half) : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
    %2 = "nn.reduce_sum"(%1) {axes = array<i64: 0, 1>, keep_dims = false} : (tensor<2x3xf32>) -> tensor<f32>
    %3 = "nn.less"(%2, %limit) : (tensor<f32>, tensor<f32>) -> tensor<i1>
    %4 = "nn.less"(%i, %n) : (tensor<i64>, tensor<i64>) -> tensor<i1>
    %5 = "nn.logical_and"(%3, %4) : (tensor<i1>, tensor<i1>) -> tensor<i1>
    "nn.yield"(%5, %1) : (tensor<i1>, tensor<2x3xf32>) -> ()
  }) : (tensor<i64>, tensor<i1>, tensor<2x3xf32>) -> tensor<2x3xf32>
  "func.return"(%y) : (tensor<2x3xf32>) -> ()
}) {sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "n"}], res_attrs = [{nncc.name = "y"}],
    function_type = (tensor<2x3xf32>, tensor<i64>) -> tensor<2x3xf32>} : () -> ()
"""

GROWING = """
"func.func"() ({
^bb0(%x: tensor<2x3xf32>):
  %n = "nn.constant"() {value = dense<3> : tensor<i64>} : () -> tensor<i64>
  %y = "nn.loop"(%n, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<?x3xf32>):
    %1 = "nn.neg"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %2 = "nn.concat"(%a, %1) {axis = 0} : (tensor<?x3xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
    "nn.yield"(%go, %2) : (tensor<i1>, tensor<?x3xf32>) -> ()
  }) {nncc.absent = [1]} : (tensor<i64>, tensor<2x3xf32>) -> tensor<?x3xf32>
  "func.return"(%y) : (tensor<?x3xf32>) -> ()
}) {sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}],
    function_type = (tensor<2x3xf32>) -> tensor<?x3xf32>} : () -> ()
"""

NESTED = """
"func.func"() ({
^bb0(%x: tensor<2x3xf32>, %n: tensor<i64>):
  %two = "nn.constant"() {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  %one = "nn.constant"() {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %outer = "nn.exp"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %y = "nn.loop"(%n, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<2x3xf32>):
    %is_first = "nn.less"(%i, %one) : (tensor<i64>, tensor<i64>) -> tensor<i1>
    %sum = "nn.loop"(%two, %a) ({
    ^bb0(%j: tensor<i64>, %go2: tensor<i1>, %b: tensor<2x3xf32>):
      %1 = "nn.if"(%is_first) ({
        %2 = "nn.add"(%b, %outer) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
        "nn.yield"(%2) : (tensor<2x3xf32>) -> ()
      }, {
        %3 = "nn.sub"(%b, %a) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
        "nn.yield"(%3) : (tensor<2x3xf32>) -> ()
      }) : (tensor<i1>) -> tensor<2x3xf32>
      "nn.yield"(%go2, %1) : (tensor<i1>, tensor<2x3xf32>) -> ()
    }) {nncc.absent = [1]} : (tensor<i64>, tensor<2x3xf32>) -> tensor<2x3xf32>
    "nn.yield"(%go, %sum) : (tensor<i1>, tensor<2x3xf32>) -> ()
  }) {nncc.absent = [1]} : (tensor<i64>, tensor<2x3xf32>) -> tensor<2x3xf32>
  "func.return"(%y) : (tensor<2x3xf32>) -> ()
}) {sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "n"}], res_attrs = [{nncc.name = "y"}],
    function_type = (tensor<2x3xf32>, tensor<i64>) -> tensor<2x3xf32>} : () -> ()
"""

IMAGES = """
"func.func"() ({
^bb0(%x: tensor<1x3x8x8xf32>, %c: tensor<i1>, %n: tensor<i64>):
  %w = "nn.constant"() {value = dense<0.125> : tensor<3x3x3x3xf32>} : () -> tensor<3x3x3x3xf32>
  %v = "nn.constant"() {value = dense<0.25> : tensor<3x3x1x1xf32>} : () -> tensor<3x3x1x1xf32>
  %k = "nn.constant"() {value = dense<[[[0.5]], [[1.0]], [[2.0]]]> : tensor<3x1x1xf32>} : () -> tensor<3x1x1xf32>
  %1 = "nn.conv"(%x, %w) {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x3x8x8xf32>, tensor<3x3x3x3xf32>) -> tensor<1x3x8x8xf32>
  %2 = "nn.relu"(%1) : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
  %3 = "nn.if"(%c) ({
    %4 = "nn.conv"(%2, %v) {pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
        : (tensor<1x3x8x8xf32>, tensor<3x3x1x1xf32>) -> tensor<1x3x8x8xf32>
    %5 = "nn.relu"(%4) : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
    "nn.yield"(%5) : (tensor<1x3x8x8xf32>) -> ()
  }, {
    %6 = "nn.mul"(%2, %k) : (tensor<1x3x8x8xf32>, tensor<3x1x1xf32>) -> tensor<1x3x8x8xf32>
    "nn.yield"(%6) : (tensor<1x3x8x8xf32>) -> ()
  }) : (tensor<i1>) -> tensor<1x3x8x8xf32>
  %7 = "nn.conv"(%3, %w) {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x3x8x8xf32>, tensor<3x3x3x3xf32>) -> tensor<1x3x8x8xf32>
  %8 = "nn.loop"(%n, %7) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<1x3x8x8xf32>):
    %9 = "nn.conv"(%a, %w) {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
        : (tensor<1x3x8x8xf32>, tensor<3x3x3x3xf32>) -> tensor<1x3x8x8xf32>
    %10 = "nn.add"(%9, %2) : (tensor<1x3x8x8xf32>, tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
    %11 = "nn.tanh"(%10) : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
    "nn.yield"(%go, %11) : (tensor<i1>, tensor<1x3x8x8xf32>) -> ()
  }) {nncc.absent = [1]} : (tensor<i64>, tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
  %12 = "nn.relu"(%8) : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
  "func.return"(%12, %2) : (tensor<1x3x8x8xf32>, tensor<1x3x8x8xf32>) -> ()
}) {sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "c"}, {nncc.name = "n"}],
    res_attrs = [{nncc.name = "y"}, {nncc.name = "z"}],
    function_type = (tensor<1x3x8x8xf32>, tensor<i1>, tensor<i64>)
        -> (tensor<1x3x8x8xf32>, tensor<1x3x8x8xf32>)} : () -> ()
"""

_IMAGE = np.random.default_rng(0).standard_normal((1, 3, 8, 8)).astype(np.float32)
_TEXTS: dict[str, tuple[str, list[Arrays]]] = {
    "branch": (BRANCH, [{"x": _X, "c": np.array(c)} for c in (True, False)]),
    "counted": (COUNTED, [{"x": _X}]),
    "while": (WHILE, [{"x": _X, "n": np.int64(n)} for n in (0, 1, 3, 100)]),
    "growing": (GROWING, [{"x": _X}]),
    "nested": (NESTED, [{"x": _X, "n": np.int64(n)} for n in (0, 1, 4)]),
    "images": (IMAGES, [{"x": _IMAGE, "c": np.array(c), "n": np.int64(n)} for c, n in ((True, 2), (False, 0))]),
}
NAMES = tuple(_TEXTS)


def model(name: str) -> tuple[Module, list[Arrays]]:
    """A new module, verified, and inputs for some runs."""
    text, inputs = _TEXTS[name]
    module = parse_module(text)
    verify_module(module)
    return module, inputs


def enclose(module: Module, first: int, last: int, kind: str) -> None:
    """Move operations ``first`` to ``last`` of the main function into a region.

    ``kind`` is "if" (both branches hold them; the new input ``inside`` says which is taken) or "loop" (the new input
    ``inside`` says how often they are computed; zeros stand for their results if they are not).
    """
    function = module.main
    ops = list(function.body)[:-1]
    chosen = ops[first : last + 1]
    inside = set(chosen)
    outer = [r for op in chosen for r in op.results if any(user not in inside for user in r.users)]
    names = [*function.input_names, "inside"]
    condition = function.body.add_argument(TensorType((), I1 if kind == "if" else I64), "inside")
    function.set_attribute("arg_attrs", tuple({PORT_NAME: name} for name in names))
    b = Builder.after(module, chosen[-1])
    if kind == "if":
        made = b.create("nn.if", condition, regions=[_copied(chosen, [], outer) for _ in range(2)])
    else:
        first_values = [b.constant(np.zeros(r.tensor.static_shape, r.tensor.storage.dtype)) for r in outer]
        types = [TensorType((), I64), TensorType((), I1), *(r.type for r in outer)]
        made = b.create("nn.loop", condition, None, first_values, regions=[_copied(chosen, types, outer)])
    for old, new in zip(outer, made.results, strict=True):
        old.replace_all_uses_with(new)
    for op in reversed(chosen):
        op.erase()
    verify_module(module)


def _copied(ops: list[Operation], arguments: list[TensorType], yielded: list[Value]) -> Region:
    block, mapping = Block.of(arguments), dict[Value, Value]()
    for op in ops:
        block.append(op.clone(mapping))
    block.append(nn.Yield([*block.args[1:2], *(mapping[v] for v in yielded)]))
    return Region.of(block)

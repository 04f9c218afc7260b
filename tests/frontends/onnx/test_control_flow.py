"""If, Loop, Scan and SequenceMap: what the lifted functions compute is what onnxruntime computes."""

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest

from nncc.frontends.onnx import load
from nncc.frontends.onnx.lift import LiftOnnx
from nncc.ir import CompileError, Module
from nncc.ir.passes import PassContext
from nncc.ir.verifier import verify_module

Arrays = dict[str, np.ndarray]
RNG = np.random.default_rng(3)


def reals(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def write(graph: str, folder: Path, opset: int = 17) -> Path:
    text = f'<ir_version: {4 if opset < 9 else 10}, opset_import: ["" : {opset}]>\nagraph {graph}'
    path = folder / "model.onnx"
    onnx.save(onnx.parser.parse_model(text), path)
    return path


def lifted(path: Path) -> tuple[Module, PassContext]:
    module, context = load([path]), PassContext()
    LiftOnnx().run(module, context)
    verify_module(module)
    return module, context


def check(graph: str, folder: Path, *runs: Arrays, opset: int = 17) -> Module:
    path = write(graph, folder, opset)
    module, _ = lifted(path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for run in runs:
        inputs = {name: np.asarray(array) for name, array in run.items()}
        found = module.evaluate(inputs)
        for port, expected in zip(session.get_outputs(), session.run(None, inputs), strict=True):
            assert found[port.name].dtype == expected.dtype
            assert found[port.name].shape == expected.shape
            np.testing.assert_allclose(found[port.name], expected, rtol=1e-5, atol=1e-6)
    return module


def names(module: Module) -> list[str]:
    return [op.name for op in module.walk()]


IF = """(float[2,3] x, bool{one} c) => (float[m,3] y, float[2,3] z) {{
  e = Exp(x)
  y, z = If(c) <
    then_branch = a () => (float[2,3] ya, float[2,3] za) {{ ya = Add(x, e)  za = Identity(e) }},
    else_branch = b () => (float[4,3] yb, float[2,3] zb) {{ yb = Concat<axis = 0>(x, e)  zb = Neg(x) }}
  >
}}"""


@pytest.mark.parametrize("one", ["", "[1]"])
def test_if(tmp_path: Path, one: str) -> None:
    shape = (1,) if one else ()
    module = check(IF.format(one=one), tmp_path, *({"x": reals(2, 3), "c": np.full(shape, c)} for c in (True, False)))
    assert [v.tensor.shape for v in module.main.outputs] == [("m", 3), (2, 3)]


def test_if_whose_condition_is_known_is_one_branch(tmp_path: Path) -> None:
    """The shape of an input is known, and with it the condition."""
    graph = """(float[2,3] x) => (float[2,3] y) {
      s = Shape(x)  two = Constant<value = int64[1] {2}>()  n = Gather(s, zero)  c = Equal(n, two)  k = Squeeze(c)
      y = If(k) <
        then_branch = a () => (float[2,3] ya) { ya = Exp(x) },
        else_branch = b () => (float[2,3] yb) { yb = Neg(x) }
      >
    }""".replace("{\n      s", "\n  <int64[1] zero = {0}> {\n      s", 1)
    module = check(graph, tmp_path, {"x": reals(2, 3)})
    assert "nn.if" not in names(module)


def test_conditions_and_bounds_follow_from_the_dimensions_that_are_known(tmp_path: Path) -> None:
    """The batch is open, what is asked for is not."""
    graph = """(float[n,1,4] x) => (float[n,4] y, float[4,n] all) {
      s = Shape(x)  k = Gather(s, one)  c = Equal(k, one)
      y = If(c) <
        then_branch = a () => (float[n,4] ya) { axes = Constant<value = int64[1] {1}>()  ya = Squeeze(x, axes) },
        else_branch = b () => (float[n,1,4] yb) { yb = Identity(x) }
      >
      z = Transpose<perm = [1, 0]>(y)
      all = Scan<num_scan_inputs = 1, body = b (float[n] u) => (float[n] v) { v = Exp(u) }>(z)
    }""".replace("{\n      s", "\n  <int64 one = {1}> {\n      s", 1)
    module = check(graph, tmp_path, *({"x": reals(n, 1, 4)} for n in (1, 3)))
    assert "nn.if" not in names(module)
    assert [v.tensor.shape for v in module.main.outputs] == [("n", 4), (4, "n")]


FOR = """(float[2,3] x, int64{one} n) => (float[2,3] y, float[t,2,3] all, int64[t] trips)
  <int64[0] flat = {{}}> {{
  e = Exp(x)
  y, all, trips = Loop(n, , x) <body = b (int64{one} i, bool{one} go, float[2,3] a)
      => (bool{one} go_on, float[2,3] next, float[2,3] one, int64 trip) {{
    go_on = Identity(go)
    half = Constant<value = float {{0.5}}>()
    m = Mul(a, half)
    next = Add(m, e)
    one = Sub(next, a)
    trip = Reshape(i, flat)
  }}>
}}"""


@pytest.mark.parametrize("one", ["", "[1]"])
@pytest.mark.parametrize("opset", [8, 11, 13, 17, 21])
def test_loop_with_a_bound(tmp_path: Path, one: str, opset: int) -> None:
    graph = FOR.format(one=one)
    shape = (1,) if one else ()
    runs = [{"x": reals(2, 3), "n": np.full(shape, n, np.int64)} for n in (1, 4, 0)]
    check(graph, tmp_path, *runs, opset=opset)


def test_loop_with_a_condition(tmp_path: Path) -> None:
    graph = """(float[3] x, float limit) => (float[3] y, float[t] sums)
      <bool yes = {1}> {
      y, sums = Loop(, yes, x) <body = b (int64 i, bool go, float[3] a) => (bool go_on, float[3] next, float s) {
        next = Add(a, a)
        r = ReduceSumSquare<keepdims = 0>(next)
        s = Sqrt(r)
        go_on = Less(s, limit)
      }>
    }"""
    check(graph, tmp_path, *({"x": reals(3), "limit": np.float32(v)} for v in (0, 10, 100)))


def test_loop_whose_values_grow(tmp_path: Path) -> None:
    graph = """(float[2,3] x, int64 n) => (float[k,3] y) {
      y = Loop(n, , x) <body = b (int64 i, bool go, float[m,3] a) => (bool go_on, float[p,3] next) {
        go_on = Identity(go)
        next = Concat<axis = 0>(a, x)
      }>
    }"""
    module = check(graph, tmp_path, *({"x": reals(2, 3), "n": np.int64(n)} for n in (0, 1, 5)))
    assert module.main.outputs[0].tensor.shape == ("k", 3)


@pytest.mark.parametrize("dim", ["m", "2"])
def test_what_a_body_declares_may_be_true_of_the_first_trip_alone(tmp_path: Path, dim: str) -> None:
    graph = f"""(float[m,3] x, int64 n) => (float[k,3] y) {{
      y = Loop(n, , x) <body = b (int64 i, bool go, float[{dim},3] a) => (bool go_on, float[p,3] next) {{
        go_on = Identity(go)
        e = Exp(a)
        next = Concat<axis = 0>(e, x)
      }}>
    }}"""
    module = check(graph, tmp_path, *({"x": -abs(reals(2, 3)), "n": np.int64(n)} for n in (0, 1, 3)))
    (exp,) = (op for op in module.walk() if op.name == "nn.exp")
    assert exp.results[0].tensor.shape == (None, 3)


def test_loops_in_loops_and_branches(tmp_path: Path) -> None:
    graph = """(float[2] x, int64 n) => (float[2] y, float[t,k,2] all) {
      e = Exp(x)
      y, all = Loop(n, , x) <body = outer (int64 i, bool go, float[2] a)
          => (bool go_on, float[2] next, float[k,2] rows) {
        go_on = Identity(go)
        three = Constant<value = int64 {3}>()
        next, rows = Loop(three, go, a) <body = inner (int64 j, bool go2, float[2] b)
            => (bool go_on2, float[2] next2, float[2] row) {
          same = Equal(i, j)
          next2 = If(same) <
            then_branch = p () => (float[2] u) { u = Sub(b, e) },
            else_branch = q () => (float[2] v) { v = Add(b, a) }
          >
          row = Neg(next2)
          go_on2 = Identity(go)
        }>
      }>
    }"""
    check(graph, tmp_path, *({"x": reals(2), "n": np.int64(n)} for n in (1, 3)))


SCAN = """(float[3] s, float[{x}] x, float[5,3] z) => (float[3] last, float[{y}] y, float[5] w) {{
  last, y, w = Scan<num_scan_inputs = 2{options}, body = b (float[3] a, float[3] u, float[3] v)
      => (float[3] next, float[3] out, float sum) {{
    m = Mul(u, v)
    next = Add(a, m)
    out = Exp(next)
    sum = ReduceSum<keepdims = 0>(m)
  }}>(s, x, z)
}}"""


@pytest.mark.parametrize(
    ("x", "y", "options"),
    [
        ("5,3", "5,3", ""),
        ("3,5", "5,3", ", scan_input_axes = [1, 0]"),
        ("5,3", "5,3", ", scan_input_directions = [1, 0]"),
        ("3,5", "3,5", ", scan_input_axes = [-1, 0], scan_input_directions = [1, 1], scan_output_axes = [-1, 0]"),
        ("5,3", "3,5", ", scan_output_axes = [1, 0], scan_output_directions = [1, 1]"),
    ],
)
@pytest.mark.parametrize("opset", [9, 17])
def test_scan(tmp_path: Path, x: str, y: str, options: str, opset: int) -> None:
    shape = tuple(map(int, x.split(",")))
    inputs = {"s": reals(3), "x": reals(*shape), "z": reals(5, 3)}
    module = check(SCAN.format(x=x, y=y, options=options), tmp_path, inputs, opset=opset)
    assert [v.tensor.shape for v in module.main.outputs] == [(3,), tuple(map(int, y.split(","))), (5,)]


def test_scan_over_an_open_dimension(tmp_path: Path) -> None:
    graph = """(float[3] s, float[t,3] x) => (float[3] last, float[t,3] y) {
      last, y = Scan<num_scan_inputs = 1, scan_input_directions = [1], body = b (float[3] a, float[3] u)
          => (float[3] next, float[3] out) { next = Add(a, u)  out = Neg(next) }>(s, x)
    }"""
    check(graph, tmp_path, *({"s": reals(3), "x": reals(t, 3)} for t in (1, 6)))


@pytest.mark.parametrize(("lengths", "directions"), [(False, ""), (False, ", directions = [1, 0]"), (True, "")])
def test_scan_of_opset_8_goes_over_a_batch(tmp_path: Path, lengths: bool, directions: str) -> None:
    given = "int64[2] n, " if lengths else ""
    graph = f"""({given}float[2,3] s, float[2,4,3] x, float[2,4,3] z) => (float[2,3] last, float[2,4,3] y) {{
      last, y = Scan<num_scan_inputs = 2{directions}, body = b (float[3] a, float[3] u, float[3] v)
          => (float[3] next, float[3] out) {{ m = Mul(u, v)  next = Add(a, m)  out = Exp(next) }}>
          ({"n" if lengths else ""}, s, x, z)
    }}"""
    inputs = {"s": reals(2, 3), "x": reals(2, 4, 3), "z": reals(2, 4, 3)}
    check(graph, tmp_path, {**({"n": np.array([4, 2])} if lengths else {}), **inputs}, opset=8)


def test_sequences_of_known_length_go_through_loops_and_branches(tmp_path: Path) -> None:
    graph = """(float[2,3] x, bool c) => (float[5,3] y) {
      start = SequenceConstruct(x)
      three = Constant<value = int64 {3}>()
      grown = Loop(three, , start) <body = b (int64 i, bool go, seq(float[m,3]) a)
          => (bool go_on, seq(float[p,3]) next) {
        zero = Constant<value = int64 {0}>()
        first = SequenceAt(a, zero)
        cut = Slice(first, begin, end)
        next = SequenceInsert(a, cut)
        go_on = Identity(go)
      }>
      chosen = If(c) <
        then_branch = t () => (seq(float[p,3]) u) { u = Identity(grown) },
        else_branch = e () => (seq(float[q,3]) v) {
          n = Neg(x)  k = Slice(n, begin, end)  v = SequenceConstruct(n, k, k, k)
        }
      >
      y = ConcatFromSequence<axis = 0>(chosen)
    }""".replace("{\n      start", "\n  <int64[1] begin = {0}, int64[1] end = {1}> {\n      start", 1)
    check(graph, tmp_path, *({"x": reals(2, 3), "c": np.array(c)} for c in (True, False)))


def test_sequence_map(tmp_path: Path) -> None:
    graph = """(float[6,3] x, float[3] k) => (float[6,3] y, float[6,3] z) {
      s = SplitToSequence<axis = 0>(x, sizes)
      a, b = SequenceMap(s, k) <body = m (float[n,3] e, float[3] w) => (float[n,3] p, float[n,3] q) {
        p = Mul(e, w)
        q = Add(e, w)
      }>
      y = ConcatFromSequence<axis = 0>(a)
      z = ConcatFromSequence<axis = 0>(b)
    }""".replace("{\n      s =", "\n  <int64[3] sizes = {1, 2, 3}> {\n      s =", 1)
    check(graph, tmp_path, {"x": reals(6, 3), "k": reals(3)})


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (
            """(float[2,3] x, bool c) => (float[k,3] y) {
              s = If(c) <
                then_branch = t () => (seq(float[2,3]) u) { u = SequenceConstruct(x) },
                else_branch = e () => (seq(float[2,3]) v) { v = SequenceConstruct(x, x) }
              >
              y = ConcatFromSequence<axis = 0>(s)
            }""",
            "If has branches whose outputs 0 differ in type, or in the length of a sequence",
        ),
        (
            """(float[2,3] x, int64 n) => (float[k,3] y) {
              start = SequenceConstruct(x)
              s = Loop(n, , start) <body = b (int64 i, bool go, seq(float[2,3]) a)
                  => (bool go_on, seq(float[2,3]) next) {
                next = SequenceInsert(a, x)
                go_on = Identity(go)
              }>
              y = ConcatFromSequence<axis = 0>(s)
            }""",
            "Loop carries a sequence whose length changes",
        ),
        (
            """(float[2,3] x, int64 n) => (float[2,3] y) {
              y = Loop(n, , x) <body = b (int64 i, bool go, float[2,3] a) => (bool go_on, double[2,3] next) {
                next = Cast<to = 11>(a)
                go_on = Identity(go)
              }>
            }""",
            "Loop contradicts the types around it",
        ),
    ],
)
def test_what_has_no_meaning_in_nn_is_refused(tmp_path: Path, graph: str, reason: str) -> None:
    with pytest.raises(CompileError) as caught:
        lifted(write(graph, tmp_path))
    assert [d.message for d in caught.value.diagnostics if reason in d.message], caught.value
    assert all(d.remedy for d in caught.value.diagnostics)


def test_a_region_that_cannot_be_lifted_is_reported_once(tmp_path: Path) -> None:
    """The types of what a loop carries are tried; what is wrong inside is told once."""
    graph = """(float[2,3] x, int64 n) => (float[k,3] y) {
      y = Loop(n, , x) <body = b (int64 i, bool go, float[m,3] a) => (bool go_on, float[p,3] next) {
        go_on = Identity(go)
        c = Concat<axis = 0>(a, x)
        next = NoSuchOperator(c)
      }>
    }"""
    with pytest.raises(CompileError) as caught:
        lifted(write(graph, tmp_path))
    assert len([d for d in caught.value.diagnostics if "NoSuchOperator" in d.message]) == 1


ONE_FITS = """(float[2,3] x, bool c) => (float[m,1,4] y) {{
  w = Constant<value_floats = [{w}]>()  s = Constant<value = int64[3] {{1, 4, 3}}>()  weight = Reshape(w, s)
  v = Constant<value_floats = [{v}]>()  t = Constant<value = int64[3] {{1, 4, 4}}>()  again = Reshape(v, t)
  a = Constant<value = int64[1] {{1}}>()
  y = If(c) <
    then_branch = fits () => (float[p,1,4] ya) {{
      line = Unsqueeze(x, a)  ra = RNN<hidden_size = 4>(line, weight, again)  ya = Squeeze(ra, a)
    }},
    else_branch = does_not () => (float[q,1,4] yb) {{
      k = Constant<value = bool {{{known}}}>()
      z = If(k) <
        then_branch = known () => (float[g,h] zt) {{ zt = Identity(x) }},
        else_branch = never () => (float[g,h,i] ze) {{ ze = Unsqueeze(x, a) }}
      >
      rb = RNN<hidden_size = 4{options}>(z, weight, again)  yb = Squeeze(rb, a)
    }}
  >
}}"""


def _one_fits(known: int, options: str = "") -> str:
    numbers = (", ".join(f"{n / 10}" for n in range(count)) for count in (12, 16))
    return ONE_FITS.format(w=next(numbers), v=next(numbers), known=known, options=options)


def test_a_branch_that_cannot_run_is_left_out(tmp_path: Path) -> None:
    """A matrix is no sequence of batches: where the model takes that branch, it fails."""
    module, context = lifted(write(_one_fits(known=1), tmp_path))
    assert "nn.if" not in names(module)
    assert any("always takes the one branch that fits" in d.message for d in context.diagnostics.warnings)
    x, hidden = reals(2, 3), np.zeros(4)
    weight, again = np.arange(12).reshape(4, 3) / 10, np.arange(16).reshape(4, 4) / 10
    for row, found in zip(x, module.evaluate({"x": x, "c": np.True_})["y"], strict=True):
        hidden = np.tanh(weight @ row + again @ hidden)
        np.testing.assert_allclose(found[0], hidden, rtol=1e-5)


def test_a_branch_that_is_not_supported_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="Affine"):
        lifted(write(_one_fits(0, ', activations = ["Affine"]'), tmp_path))


def nest(depth: int) -> str:
    """Loops in each other, in each of which a tensor grows. ONNX knows no shadowing: every name is of one depth."""
    body = f"y{depth} = Exp(a{depth})  go_on{depth} = Identity(go{depth})"
    for d in range(depth, -1, -1):
        ports = f"(int64 i{d}, bool go{d}, float[m] a{d}) => (bool go_on{d}, float[p] y{d})"
        given, made = (f"a{d - 1}", f"s{d - 1}") if d else ("x", "z")
        body = f"{made} = Loop(n, , {given}) <body = b{d} {ports} {{ {body} }}>"
        if d:
            body += f" y{d - 1} = Concat<axis = 0>({made}, {given})  go_on{d - 1} = Identity(go{d - 1})"
    return f"(float[3] x, int64 n) => (float[k] z) {{ {body} }}"


@pytest.mark.parametrize("depth", [5, 25])
def test_deep_nests_take_no_exponential_time(tmp_path: Path, depth: int) -> None:
    """Each try of the types of a loop lifts all loops inside again: deep ones are not tried so often."""
    module, _ = lifted(write(nest(depth), tmp_path))
    assert names(module).count("nn.loop") == depth + 1
    assert names(module).count("nn.exp") == 1

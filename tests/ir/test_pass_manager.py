"""The pass manager: order, flow of dialects, what is checked behind each pass, records, dumps, groups, errors."""

import attrs
import numpy as np
import pytest

from nncc.ir import Builder, CompileError, Function, Location, Module, Op, TensorType, Trait, UsageError
from nncc.ir.instruments import Dump
from nncc.ir.numerics import VerifyNumerics, random_inputs, relative_difference, signal_to_noise
from nncc.ir.opdef import FLOAT, attribute, operand, result
from nncc.ir.pass_manager import PassManager, Repeat
from nncc.ir.passes import Pass, PassContext
from nncc.ir.types import F32, I32

F = np.float32


class Scale(Op, name="pmtest.scale", traits=(Trait.PURE,)):
    """factor * x"""

    x = operand()
    factor = attribute(FLOAT, default=1.0)
    y = result()

    def infer(self):
        return self.x.tensor

    def evaluate(self, x):
        return x * x.dtype.type(self.factor)


class Opaque(Op, name="pmsource.opaque", traits=(Trait.PURE,)):
    """An operation that cannot be evaluated."""

    x = operand()
    y = result()

    def infer(self):
        return self.x.tensor


def program(*factors, shape=(2, 3)):
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    b = Builder(module, block)
    value = function.inputs[0]
    for i, factor in enumerate(factors):
        value = b.pmtest.scale(value, factor=factor, location=Location.at("m.nnp", "net", f"scale{i}", i))
        value.name = f"scaled{i}"
    function.set_outputs([("y", value)])
    return module


def scales(module):
    return [op for op in module.main.body if isinstance(op, Scale)]


class PassOf(Pass):
    """A pass whose work is given as a function of the module; for tests."""

    def __init__(self, name, work, **fields):
        super().__init__()
        self.work = work
        for key, value in {"name": name, **fields}.items():
            setattr(self, key, value)

    def run(self, module, context):
        return bool(self.work(module))


def nothing(module):
    return False


class Halve(PassOf):
    """Takes one scale away as long as there are two."""

    def __init__(self):
        super().__init__("halve", None)

    def run(self, module, context):
        found = scales(module)
        if len(found) < 2:
            return False
        first, second = found[:2]
        second.factor *= first.factor
        first.y.replace_all_uses_with(first.x)
        first.erase()
        self.counts["merged"] += 1
        return True


def test_passes_run_in_order_and_leave_records():
    module = program(2.0, 3.0)
    records = PassManager([PassOf("first", nothing), Halve()]).run(module)
    assert [(r.number, r.name, r.changed, r.counts) for r in records] == [
        (1, "first", False, {}),
        (2, "halve", True, {"merged": 1}),
    ]
    assert (records[1].ops_before, records[1].ops_after) == (4, 3)
    assert records[1].seconds > 0 and records[1].as_dict()["name"] == "halve"


def test_groups_repeat_until_nothing_changes_and_count_each_round():
    module = program(*[2.0] * 5)
    records = PassManager([Repeat([PassOf("look", nothing), Halve()])]).run(module)
    assert [r.name for r in records] == ["look", "halve"] * 5
    assert [r.counts for r in records if r.changed] == [{"merged": 1}] * 4
    assert len(scales(module)) == 1


def test_a_group_that_does_not_settle_ends_with_a_warning():
    context = PassContext()
    PassManager([Repeat([PassOf("restless", lambda m: True), PassOf("calm", nothing)], limit=3)]).run(
        program(), context
    )
    assert [w.message for w in context.diagnostics.warnings] == [
        "passes still change the model after 3 rounds: restless"
    ]


def test_the_flow_of_dialects_is_checked_for_all_passes_at_once():
    def step(name, takes, gives=()):
        return PassOf(name, nothing, consumes=frozenset(takes), produces=frozenset(gives))

    good = PassManager(
        [step("expand", ["nnp"]), Repeat([step("lift", ["nnp"], ["nn"])]), step("lower", ["nn"], ["tfl"])]
    )
    assert good.check_flow({"nnp"}) == {"tfl"}
    bad = PassManager([step("lift", ["nnp"], ["nn"]), step("expand", ["nnp"]), step("clean", [], []), step("w", ["c"])])
    with pytest.raises(UsageError) as caught:
        bad.check_flow({"nnp"})
    assert caught.value.diagnostics[0].message == (
        "pass 'expand' works on nnp, but what comes to it is nn; pass 'w' works on c, but what comes to it is nn"
    )


def test_what_a_lowering_leaves_behind_is_listed_with_its_place():
    lower = PassOf("lower", lambda m: True, consumes=frozenset({"pmtest"}), produces=frozenset({"tfl"}))
    with pytest.raises(CompileError) as caught:
        PassManager([lower]).run(program(1.0, 2.0))
    assert [str(d) for d in caught.value.diagnostics] == [
        f"m.nnp: 'net': 'scale{i}' (#{i}): error: in pass 'lower': 'pmtest.scale' is left over: "
        "the pass should have replaced it"
        for i in range(2)
    ]


def test_invalid_ir_is_found_behind_the_pass_that_made_it():
    def break_it(module):
        scales(module)[0].attributes["factor"] = "much"
        return True

    with pytest.raises(CompileError, match=r"in pass 'breaker': .*'factor' to be float"):
        PassManager([PassOf("before", nothing), PassOf("breaker", break_it)]).run(program(1.0))


@pytest.mark.parametrize("kind", ["name", "type", "order"])
def test_ports_may_not_change(kind):
    def change(module):
        main = module.main
        if kind == "name":
            main.set_outputs([("z", main.outputs[0])])
        elif kind == "type":
            main.body.args[0].type = TensorType((2, 7), F32)
            for op in scales(module):
                op.y.type = TensorType((2, 7), F32)
        else:
            main.set_outputs([("b", main.outputs[1]), ("a", main.outputs[0])])
        return True

    module = program(1.0)
    if kind == "order":
        module.main.set_outputs([("a", module.main.outputs[0]), ("b", module.main.inputs[0])])
    messages = {
        "name": r"changed the outputs from \['y'\] to \['z'\]",
        "type": r"changed the type of 'x' \(one of the inputs\) from tensor<2x3xf32> to tensor<2x7xf32>",
        "order": r"changed the outputs from \['a', 'b'\] to \['b', 'a'\]",
    }
    with pytest.raises(CompileError, match=f"in pass 'changer': {messages[kind]}"):
        PassManager([PassOf("changer", change)]).run(module.clone_module())
    PassManager([PassOf("changer", change, keeps_ports=False)]).run(module)


def test_dimensions_of_ports_may_become_known():
    def fix(module):
        main = module.main
        for value in (*main.inputs, *(op.y for op in scales(module))):
            value.type = TensorType((4, 3), F32)
        return True

    PassManager([PassOf("fix", fix)]).run(program(1.0, shape=("N", 3)))


def test_errors_name_their_pass_and_faults_of_ours_become_errors_too():
    def fail(module):
        raise CompileError("no way", Location.at("m.nnp", "net", "scale0"))

    with pytest.raises(CompileError, match="'scale0': error: in pass 'failing': no way"):
        PassManager([PassOf("failing", fail)]).run(program(1.0))
    with pytest.raises(CompileError, match="in pass 'faulty': KeyError: 'gone'") as caught:
        PassManager([PassOf("faulty", lambda m: {}["gone"])]).run(program(1.0))
    assert isinstance(caught.value.__cause__, KeyError)


def test_errors_that_a_pass_reports_end_the_run_behind_it():
    @attrs.define
    class Reports(Pass, name="test-reports"):
        """Reports two errors."""

        def run(self, module, context):
            context.diagnostics.error("one")
            context.diagnostics.error("two")
            return False

    with pytest.raises(CompileError) as caught:
        PassManager([Reports(), PassOf("never", lambda m: 1 / 0)]).run(program(1.0))
    assert [d.message for d in caught.value.diagnostics] == [
        "in pass 'test-reports': one",
        "in pass 'test-reports': two",
    ]


def test_dumps_are_numbered_files(tmp_path):
    def dumped(*when, passes=None):
        folder = tmp_path / "-".join(when).replace(":", "_")
        PassManager(passes or [PassOf("look", nothing), Halve()], [Dump.of(when, folder)]).run(program(2.0, 3.0))
        return sorted(f.name for f in folder.iterdir())

    assert dumped("after-all") == ["00-input.mlir", "01-look.mlir", "02-halve.mlir"]
    assert dumped("changed") == ["02-halve.mlir"]
    assert dumped("before:halve,after:look") == ["01-look.mlir", "02-halve.before.mlir"]
    text = (tmp_path / "changed" / "02-halve.mlir").read_text(encoding="utf-8")
    assert "factor = 6.0" in text and "pmtest.scale" in text
    with pytest.raises(UsageError, match="'sometimes' does not say when to dump"):
        Dump.of(["sometimes"])


def test_a_failing_pass_leaves_its_module_among_the_dumps(tmp_path):
    def fail(module):
        raise CompileError("no way")

    with pytest.raises(CompileError):
        PassManager([PassOf("failing", fail)], [Dump.of(["changed"], tmp_path)]).run(program(1.0))
    assert [f.name for f in tmp_path.iterdir()] == ["01-failing.failed.mlir"]


# Numbers


def spoil(module):
    scales(module)[1].factor += 0.5
    return True


def test_numerics_names_the_first_pass_and_operation_that_changed_a_value():
    manager = PassManager([PassOf("harmless", lambda m: True), PassOf("spoiler", spoil)], [VerifyNumerics()])
    with pytest.raises(CompileError) as caught:
        manager.run(program(2.0, 3.0, 4.0))
    text = str(caught.value)
    assert "'scale1' (#1): error: in pass 'spoiler': changed the numbers of output 'y'" in text
    assert "largest difference is 0.167" in text
    assert "the first value to differ is 'scaled1' of 'pmtest.scale'" in text
    assert [r.notes.get("numerics") for r in manager.records] == ["equal", None]


def test_numerics_reports_the_noise_of_a_pass_that_is_meant_to_change_numbers():
    quantize = PassOf("quantize", spoil, keeps_numbers=False)
    records = PassManager([quantize, PassOf("same", lambda m: True)], [VerifyNumerics()]).run(program(2.0, 3.0))
    assert records[0].notes["sqnr_db"] == {"y": pytest.approx(20 * np.log10(6), abs=0.01)}
    assert records[1].notes["numerics"] == "equal"


def test_numerics_follows_a_dimension_that_becomes_known():
    def fix(module):
        main = module.main
        for value in (*main.inputs, *(op.y for op in scales(module))):
            value.type = TensorType((5, 3), F32)
        return True

    module = program(1.0, 2.0, shape=("N", 3))
    records = PassManager([PassOf("fix", fix)], [VerifyNumerics()]).run(module)
    assert records[0].notes["numerics"] == "equal"


def test_numerics_begins_where_the_module_can_be_evaluated():
    def lift(module):
        (op,) = [op for op in module.main.body if isinstance(op, Opaque)]
        new = Builder.before(module, op).pmtest.scale(op.x)
        op.y.replace_all_uses_with(new)
        op.erase()
        return True

    module = program()
    x = module.main.inputs[0]
    y = Builder(module, module.main.body, module.main.terminator).pmsource.opaque(x)
    module.main.set_outputs([("y", y)])
    passes = [PassOf("lift", lift), PassOf("same", lambda m: True)]
    context = PassContext()
    records = PassManager(passes, [VerifyNumerics()]).run(module, context)
    assert context.facts["numerics"] == {"01-lift": records[0].notes["numerics"], "02-same": "equal"}
    assert records[0].notes["numerics"] == "not compared: the module before the pass cannot be evaluated"
    assert records[1].notes["numerics"] == "equal"


def test_numerics_names_a_pass_that_leaves_what_cannot_be_evaluated():
    def break_it(module):
        scales(module)[0].x.type = TensorType((7, 3), F32)
        return True

    manager = PassManager([PassOf("breaker", break_it)], [VerifyNumerics({"x": np.zeros((2, 3), F)})], verify=False)
    with pytest.raises(CompileError, match=r"in pass 'breaker': left a module whose evaluation fails: .*has shape"):
        manager.run(program(2.0))


def test_open_dimensions_are_one_where_the_model_takes_nothing_else():
    def same(module):
        return True

    module = program(2.0, shape=("N", 3))
    b = Builder(module, module.main.body, module.main.terminator)
    module.main.set_outputs([("y", b.nn.concat([module.main.outputs[0], b.constant(np.ones((1, 3), F))], axis=1))])
    assert PassManager([PassOf("same", same)], [VerifyNumerics()]).run(module)[0].notes["numerics"] == "equal"


def test_given_inputs_are_cut_to_the_batch():
    manager = PassManager([PassOf("same", lambda m: True)], [VerifyNumerics({"x": np.ones((9, 3), F)})])
    assert manager.run(program(2.0))[0].notes["numerics"] == "equal"


def test_given_inputs_are_used():
    x = np.zeros((2, 3), np.float32)
    manager = PassManager([PassOf("spoiler", spoil)], [VerifyNumerics({"x": x})])
    assert manager.run(program(2.0, 3.0))[0].notes["numerics"] == "equal"  # zeros hide it


def test_differences():
    a = np.float32([1, 2, np.nan, np.inf])
    assert relative_difference(a, a.copy()) == 0.0
    assert relative_difference(a, np.float32([1, 2, 3, np.inf])) == np.inf
    assert relative_difference(a, np.float32([1, 2, np.nan, -np.inf])) == np.inf
    assert relative_difference(a, np.float32([1, 1, np.nan, np.inf])) == 0.5
    assert relative_difference(a, a[:2]) == np.inf
    assert relative_difference(np.int32([1]), np.int32([2])) == np.inf
    assert signal_to_noise(np.float32([3, 4]), np.float32([3, 4])) == np.inf
    assert signal_to_noise(np.float32([10, 0]), np.float32([9, 0])) == pytest.approx(20)


def test_random_inputs_are_seeded_and_fit():
    types = {"x": TensorType(("N", None, 3), F32), "i": TensorType((4,), I32)}
    one, two = random_inputs(types, 1), random_inputs(types, 1)
    assert one["x"].shape == (2, 2, 3) and one["i"].dtype == np.int32
    assert all(np.array_equal(one[n], two[n]) for n in one)

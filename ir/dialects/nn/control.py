"""Control flow: branches and loops. Their regions use values from outside directly and end in ``nn.yield``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...attributes import DenseResource
from ...core import Region, Value
from ...module import constant_attribute
from ...opdef import Op, RegionRunner, Trait, operand, region, variadic, variadic_results
from ...types import I1, I64, Array, ElementType, TensorType, Type, join_types
from .base import NNOp


class Yield(Op, name="nn.yield", traits=(Trait.TERMINATOR,)):
    """Ends a region of an ``nn`` operation: the operands are what the region gives."""

    values = variadic()

    def infer(self) -> Sequence[Type]:
        return ()

    def verify_op(self) -> None:
        if None in self.operands:
            raise self.error(f"expected operand #{self.operands.index(None)}: nothing that is given can be left out")


class If(NNOp, name="nn.if"):
    """The results of one of two branches: ``then_branch`` where the condition is true, else ``else_branch``.

    Only that branch is computed. Each yields one value a result, of one element type; where the shapes differ, that of
    the result is not known. As If of ONNX, and ``if`` of StableHLO.
    """

    condition = operand("() i1")
    outputs = variadic_results("what the branch yields")
    then_branch = region("() -> outputs")
    else_branch = region("() -> outputs")

    def infer(self) -> Sequence[Type]:
        _expect_scalar(self, "condition", self.condition.type, I1)
        yielded = [yielded_values(self, branch) for branch in (self.then_branch, self.else_branch)]
        if any(branch.block.args for branch in self.regions):
            raise self.error("expected branches without arguments: they use values from outside directly")
        if len(yielded[0]) != len(yielded[1]):
            counts = f"{len(yielded[0])} and {len(yielded[1])}"
            raise self.error(f"expected branches that yield as many values, got {counts}")
        return [self._joined(i, a.type, b.type) for i, (a, b) in enumerate(zip(*yielded, strict=True))]

    def _joined(self, index: int, a: Type, b: Type) -> Type:
        joined = join_types(a, b)
        if joined is None:
            raise self.error(f"expected branches that yield one element type as result {index}, got {a} and {b}")
        return joined

    def evaluate_regions(self, run: RegionRunner, condition: Array) -> tuple[Array, ...]:
        return tuple(run(self.then_branch if condition.item() else self.else_branch, []))


class Loop(NNOp, name="nn.loop"):
    """Repeats a body, and hands values on from trip to trip. As Loop of ONNX.

        trip = 0
        while condition and trip < max_trips:
            condition, carried..., scanned... = body(trip, condition, carried...)
            trip += 1

    Gives the carried values behind the last trip (the first ones, if there was none), then every scanned value of all
    trips, stacked along a new first dimension. The arguments of the body have types that cover what any trip hands on:
    a dimension that changes is not known in them. Without a trip, unknown dimensions of a stack are 0.
    """

    max_trips = operand("() i64: no bound where it is left out", optional=True)
    condition = operand("() i1: true where it is left out", optional=True)
    carried = variadic("what the first trip takes")
    outputs = variadic_results("carried values, then stacks of scanned values: (trips, dimensions of one ...)")
    body = region("(trip () i64, condition () i1, carried...) -> (condition () i1, carried..., scanned...)")

    @property
    def arguments(self) -> Sequence[Value]:
        """What the body knows the carried values as."""
        return tuple(self.body.block.args[2:])

    @property
    def yielded_condition(self) -> Value:
        """Whether there is a next trip, as the body says."""
        return yielded_values(self, self.body)[0]

    @property
    def yielded_carried(self) -> Sequence[Value]:
        """What a trip hands on to the next."""
        return yielded_values(self, self.body)[1 : 1 + len(self.carried)]

    @property
    def yielded_scanned(self) -> Sequence[Value]:
        """What every trip adds to the stacks."""
        return yielded_values(self, self.body)[1 + len(self.carried) :]

    def trip_count(self) -> int | None:
        """The number of trips, if constants tell it."""
        going = True if self.condition is None else _constant_scalar(self.condition)
        limit = _constant_scalar(self.max_trips)
        if going is False or (limit is not None and limit <= 0):
            return 0
        goes_on = self.goes_on()
        if going is None or goes_on is None:
            return None
        return limit if goes_on else 1

    def goes_on(self) -> bool | None:
        """Whether every trip wants another one, if constants tell it. In the body the condition is always true."""
        condition = self.yielded_condition
        return True if condition is self.body.block.args[1] else _constant_scalar(condition)

    def makes_a_trip(self) -> bool:
        """Whether constants tell that there is a first trip."""
        limit = _constant_scalar(self.max_trips)
        going = True if self.condition is None else _constant_scalar(self.condition)
        return going is True and (self.max_trips is None or (limit is not None and limit > 0))

    def infer(self) -> Sequence[Type]:
        self._verify_ends()
        covered = self._carried_types()
        trips = self.trip_count()
        return [*covered, *(_stacked(v.tensor, trips) for v in self.yielded_scanned)]

    def _carried_types(self) -> Sequence[Type]:
        yielded = [v.type for v in self.yielded_carried]
        if self.makes_a_trip():
            return yielded
        return [self._joined(i, a.type, b) for i, (a, b) in enumerate(zip(self.carried, yielded, strict=True))]

    def _joined(self, index: int, first: Type, yielded: Type) -> Type:
        joined = join_types(first, yielded)
        if joined is None:
            raise self.error(f"expected carried value {index} to keep its element type, got {first} and {yielded}")
        return joined

    def _verify_ends(self) -> None:
        """Check what goes into the body and comes out of it, the types of carried values apart."""
        for name, value, element in (("max_trips", self.max_trips, I64), ("condition", self.condition, I1)):
            if value is not None:
                _expect_scalar(self, name, value.type, element)
        arguments, yielded, carried = self.body.block.args, yielded_values(self, self.body), len(self.carried)
        if len(arguments) != 2 + carried:
            raise self.error(f"expected a body with {2 + carried} arguments, got {len(arguments)}")
        if len(yielded) < 1 + carried:
            raise self.error(f"expected a body that yields at least {1 + carried} values, got {len(yielded)}")
        _expect_scalar(self, "the first argument of the body", arguments[0].type, I64)
        _expect_scalar(self, "the second argument of the body", arguments[1].type, I1)
        _expect_scalar(self, "the condition that the body yields", yielded[0].type, I1)
        for value in yielded:
            if not isinstance(value.type, TensorType):
                raise self.error(f"expected a body that yields tensors, got {value.type}")

    def verify_op(self) -> None:
        self._verify_ends()
        for i, argument in enumerate(self.arguments):
            for value, what in ((self.carried[i], "the first trip takes"), (self.yielded_carried[i], "a trip yields")):
                if not _may_cover(argument.type, value.type):
                    raise self.error(
                        f"expected argument {2 + i} of the body to cover all that is carried there, "
                        f"got {argument.type}, but {what} {value.type}",
                        "leave the dimensions open that change",
                    )
        if self.max_trips is None and self.makes_a_trip() and self.goes_on():
            raise self.error("never ends: there is no 'max_trips', and the condition is always true")

    def evaluate_regions(
        self, run: RegionRunner, max_trips: Array | None, condition: Array | None, carried: list[Array]
    ) -> tuple[Array, ...]:
        limit = np.inf if max_trips is None else max_trips.item()
        going = condition is None or bool(condition.item())
        scanned: list[list[Array]] = [[] for _ in self.yielded_scanned]
        count, trip = len(carried), 0
        while going and trip < limit:
            arguments = [np.asarray(trip, np.int64), np.asarray(going), *carried]
            carried = []  # the body drops what it needs no longer
            going_on, *yielded = run(self.body, arguments)
            going, carried = bool(going_on.item()), yielded[:count]
            for stack, value in zip(scanned, yielded[count:], strict=True):
                stack.append(value)
            trip += 1
        stacks = zip(scanned, self.yielded_scanned, strict=True)
        return (*carried, *(np.stack(s) if s else _empty_stack(v.tensor) for s, v in stacks))


def yielded_values(op: Op, branch: Region) -> Sequence[Value]:
    """What the region of an operation yields. Raises VerifyError where it does not end in ``nn.yield``."""
    last = branch.block.last_op
    if not isinstance(last, Yield):
        raise op.error("expected its regions to end in 'nn.yield'")
    return last.values


def covers(general: Type, special: Type) -> bool:
    """Whether a value of one type is always one of the other: no dimension is claimed to be what it may not be."""
    return join_types(general, special) == general


def _may_cover(general: Type, special: Type) -> bool:
    """:func:`covers`, where symbols may turn out to be numbers."""
    if isinstance(general, TensorType) and isinstance(special, TensorType) and general.shape and special.shape:
        pairs = zip(general.shape, special.shape, strict=False)
        numbers = [s if isinstance(g, str) and isinstance(s, int) else g for g, s in pairs]
        general = general.with_shape((*numbers, *general.shape[len(numbers) :]))
    return covers(general, special)


def _expect_scalar(op: Op, name: str, type: Type, element: ElementType) -> None:
    """Raises VerifyError unless the type is that of a scalar, or may be."""
    if not isinstance(type, TensorType) or type.element != element or type.shape not in (None, ()):
        raise op.error(f"expected {name} to be a scalar of {element}, got {type}")


def _constant_scalar(value: Value | None) -> Any:
    """The number or truth value that a constant without dimensions holds; None for any other value."""
    dense = constant_attribute(value)
    if dense is None or dense.type.shape != () or (isinstance(dense, DenseResource) and dense.resource.is_elided):
        return None
    return dense.numpy().item()


def _stacked(one: TensorType, trips: int | None) -> TensorType:
    return one.with_shape(None if one.shape is None else (trips, *one.shape))


def _empty_stack(one: TensorType) -> Array:
    dims = one.shape or ()
    return np.zeros((0, *(d if isinstance(d, int) else 0 for d in dims)), one.storage.dtype)

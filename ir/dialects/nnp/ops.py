"""What a module in the nnp dialect holds beside functions: networks, variables, parameters, and the rest of a file.

    module attributes {nnp.version = ...} {
      "nnp.global_config"() {...}
      "nnp.network"() ({
        %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x1x28x28xf32, {d0 = "N"}>
        %w = "nnp.variable"() {name = "W", type = "Parameter", value = dense_resource<W> : ...} : () -> tensor<8x9xf32>
        "nnp.variable"(%0) {name = "y", type = "Buffer"} : (tensor<?x9xf32, {d0 = "N"}>) -> ()
        %0 = "nnp.Affine"(%x, %w) {name = "fc", base_axis = 1} : ...
      }) {name = "runtime", batch_size = 64}
      "nnp.parameter"() {variable_name = "W", need_grad = true, value = dense_resource<W> : ...}
      "nnp.executor"() {name = "runtime", network_name = "runtime", data_variable = ({variable_name = "x"}), ...}
    }

The variables of a network stand before its functions, both in the order of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ...attributes import DenseAttribute
from ...core import Block, Region, Value
from ...location import UNKNOWN, Location
from ...module import Module
from ...opdef import ANY, BOOL, DENSE, INT, STRING, STRINGS, Op, Trait, attribute, operand, variadic_results
from ...types import F32, Dim, TensorType, Type
from .functions import FunctionOp

BATCH = "N"
"""The symbol of the batch size: a dimension of -1 in the file."""
VERSION = "nnp.version"
"""The attribute of the module that holds the file's version string."""
SEED = "nnp.seed"
"""The attribute of the module that holds the seed for values that initializers make; no file has it."""


class Variable(Op, name="nnp.variable"):
    """A variable of a network: its own value, or the declaration of a value that a function makes.

    Without operand it has one result: data, a parameter, or a buffer that nothing fills. With the result of a function
    as operand it has none, and says which name, type, loops and initializer the file gives to that value.
    """

    made = operand("the result of the function that makes the variable", optional=True)
    type = attribute(STRING, "Buffer or Parameter", default="")
    repeat_id = attribute(STRINGS, "the loops around the variable, outermost first", default=())
    initializer = attribute(ANY, "type and multiplier of the message Initializer", default=None)
    value = attribute(DENSE, "the stored value of a parameter", default=None)
    no_shape = attribute(BOOL, "the file says nothing of the shape", default=False)
    own = variadic_results("the value, unless a function makes it")

    @property
    def label(self) -> str:
        """The name of the variable in the network."""
        return str(self.attributes["name"])

    @property
    def variable(self) -> Value:
        """The value that is declared."""
        return self.made if self.made is not None else self.results[0]

    @property
    def is_parameter(self) -> bool:
        return self.type == "Parameter"

    def verify_op(self) -> None:
        if not isinstance(self.attributes.get("name"), str):
            raise self.error("expected attribute 'name' (string)")
        if len(self.operands) + len(self.results) != 1:
            raise self.error("expected either one operand or one result")
        if self.value is not None and self.value.type != self.variable.type:
            raise self.error(f"has a value of type {self.value.type} where the variable has {self.variable.type}")


class Network(Op, name="nnp.network", traits=(Trait.GRAPH_REGION,)):
    """A network: variables and functions. A value may be used above its definition, and loops make cycles."""

    batch_size = attribute(INT, "what a dimension of -1 stands for unless one says otherwise", default=0)
    repeat_info = attribute(ANY, "id and times of every loop", default=())

    @classmethod
    def create(cls, location: Location = UNKNOWN, **attributes: Any) -> Network:
        """An empty network; ``attributes`` are the fields of the message ``Network``."""
        return cls(regions=[Region.of(Block())], location=location, **attributes)

    @property
    def label(self) -> str:
        return str(self.attributes.get("name", ""))

    @property
    def body(self) -> Block:
        return self.regions[0].block

    @property
    def variables(self) -> list[Variable]:
        """The variables, in the order of the file."""
        return [op for op in self.body if isinstance(op, Variable)]

    @property
    def functions(self) -> list[FunctionOp]:
        """The functions, in the order of the file."""
        return [op for op in self.body if isinstance(op, FunctionOp)]

    def infer(self) -> Sequence[Type]:
        return ()

    def verify_op(self) -> None:
        declared: dict[Value, Variable] = {}
        names: set[str] = set()
        for variable in self.variables:
            if variable.variable in declared:
                raise variable.error(f"'{variable.label}' declares what '{declared[variable.variable].label}' declares")
            if variable.label in names:
                raise variable.error(f"has the name '{variable.label}' that another variable of the network has")
            declared[variable.variable] = variable
            names.add(variable.label)
        for function in self.functions:
            for value in (*function.operands, *function.results):
                if value is not None and value not in declared:
                    raise function.error("has an operand or a result that no 'nnp.variable' of the network declares")


class Parameter(Op, name="nnp.parameter"):
    """A stored parameter, used or not, in the order of the file; loops find theirs here by name."""

    variable_name = attribute(STRING, default="")
    need_grad = attribute(BOOL, "whether training changes it", default=False)
    value = attribute(DENSE, "the stored value, float32")
    no_shape = attribute(BOOL, "the file says nothing of the shape", default=False)

    def infer(self) -> Sequence[Type]:
        return ()


class StoredFile(Op, name="nnp.file"):
    """A member of an archive that is carried along as it is: the state of a solver (``.optimizer``)."""

    path = attribute(STRING, "the name of the member")
    content = attribute(DENSE, "its bytes, tensor<?xui8>")

    def infer(self) -> Sequence[Type]:
        return ()


class MessageOp(Op):
    """Base of the operations whose attributes are the fields of one message; ``field`` is its field in the root."""

    field: ClassVar[str] = ""

    def infer(self) -> Sequence[Type]:
        return ()


class GlobalConfig(MessageOp, name="nnp.global_config"):
    """The message GlobalConfig."""

    field = "global_config"


class TrainingConfig(MessageOp, name="nnp.training_config"):
    """The message TrainingConfig."""

    field = "training_config"


class Dataset(MessageOp, name="nnp.dataset"):
    """A message Dataset."""

    field = "dataset"


class Optimizer(MessageOp, name="nnp.optimizer"):
    """A message Optimizer."""

    field = "optimizer"


class Monitor(MessageOp, name="nnp.monitor"):
    """A message Monitor."""

    field = "monitor"


class Executor(MessageOp, name="nnp.executor"):
    """A message Executor: which network to run, what goes in and what comes out.

    Inputs are ``data_variable`` and outputs ``output_variable``, in order; ``generator_variable`` are inputs that are
    generated (Constant, Normal, Uniform, with a multiplier).
    """

    field = "executor"

    @property
    def label(self) -> str:
        return str(self.attributes.get("name", ""))

    @property
    def network_name(self) -> str:
        return str(self.attributes.get("network_name", ""))

    def variable_names(self, entries: str) -> list[str]:
        """The variables that a list names: data_variable, generator_variable, output_variable, ..."""
        return [str(entry.get("variable_name", "")) for entry in self.attributes.get(entries, ())]


MESSAGE_OPS: dict[str, type[MessageOp]] = {
    kind.field: kind for kind in (GlobalConfig, TrainingConfig, Dataset, Optimizer, Monitor, Executor)
}
"""The operation of every field of the root message that is neither networks nor parameters."""


def variable_type(dims: Sequence[int]) -> TensorType:
    """The type of a variable with these dimensions; -1 is the batch size. Raises ValueError for others below 0."""
    if any(d < -1 for d in dims):
        raise ValueError(f"a dimension is {min(dims)}; only -1, the batch size, may be below 0")
    return TensorType(tuple(BATCH if d == -1 else d for d in dims), F32)


def file_dims(type: TensorType) -> list[int]:
    """The dimensions as a file has them. Raises ValueError for a type that it cannot hold."""
    return [_file_dim(d) for d in type.dims]


def _file_dim(dim: Dim) -> int:
    if dim == BATCH:
        return -1
    if isinstance(dim, int):
        return dim
    raise ValueError(f"an NNP file cannot hold the dimension {dim or '?'}: only numbers and the batch size {BATCH}")


def networks(module: Module) -> dict[str, Network]:
    """The networks by name, in the order of the file."""
    return {op.label: op for op in module.body if isinstance(op, Network)}


def executors(module: Module) -> list[Executor]:
    """The executors, in the order of the file."""
    return [op for op in module.body if isinstance(op, Executor)]


def stored_values(module: Module) -> dict[str, DenseAttribute]:
    """The stored parameters by name."""
    return {op.variable_name: op.value for op in module.body if isinstance(op, Parameter)}


def variables_by_value(network: Network) -> dict[Value, Variable]:
    """The declaration of every value of a network."""
    return {op.variable: op for op in network.variables}

"""The graph: values, operations, blocks and regions (SSA form, as in MLIR, without control-flow edges).

* Every value has one definition (a result of an operation, or an argument of a block) and knows its uses:
  replacing it costs its uses, not the graph.
* The operations of a block are a linked list: inserting and removing cost the same anywhere, and a loop over a block
  may erase or replace the operation that it stands on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

import attrs

from .attributes import Attribute, as_attribute
from .location import UNKNOWN, Location
from .types import TensorType, Type

_O = TypeVar("_O", bound="Operation")


class Use(NamedTuple):
    """One use of a value: the operation and the number of the operand."""

    op: Operation
    operand_index: int


@attrs.define(eq=False)
class Value:
    """What operations pass to each other. ``name`` is the tensor's name in the source, where it had one."""

    type: Type
    name: str | None = attrs.field(default=None, kw_only=True)
    _uses: dict[Use, None] = attrs.field(factory=dict, kw_only=True, repr=False)

    @property
    def tensor(self) -> TensorType:
        """The type, known to be a tensor. Raises TypeError where it is something else."""
        if not isinstance(self.type, TensorType):
            raise TypeError(f"expected a tensor, got {self.type}")
        return self.type

    @property
    def uses(self) -> Sequence[Use]:
        """The uses, in the order in which they were made (a copy: it stays as it is while uses change)."""
        return tuple(self._uses)

    @property
    def users(self) -> Sequence[Operation]:
        """The operations that use this value, each once."""
        return tuple(dict.fromkeys(use.op for use in self._uses))

    def iter_users(self) -> Iterator[Operation]:
        """The users, once a use and without a copy: for a look at a few of many, while no use changes."""
        return (use.op for use in self._uses)

    @property
    def has_uses(self) -> bool:
        return bool(self._uses)

    @property
    def has_one_use(self) -> bool:
        return len(self._uses) == 1

    @property
    def owner(self) -> Operation | Block | None:
        """The operation or the block that defines this value."""
        raise NotImplementedError

    @property
    def defining_op(self) -> Operation | None:
        """The operation that this value is a result of; None for a block argument."""
        owner = self.owner
        return owner if isinstance(owner, Operation) else None

    def replace_all_uses_with(self, other: Value) -> None:
        """Let every user take ``other`` instead; it inherits the name if it has none."""
        if other is self:
            return
        for op, index in self.uses:
            op.set_operand(index, other)
        if other.name is None:
            other.name = self.name


@attrs.define(eq=False)
class OpResult(Value):
    """A result of an operation."""

    op: Operation
    index: int

    @property
    def owner(self) -> Operation:
        return self.op


@attrs.define(eq=False)
class BlockArgument(Value):
    """An argument of a block: an input of a function, or what a loop passes to its body."""

    block: Block
    index: int

    @property
    def owner(self) -> Block:
        return self.block


class _OperationMeta(type):
    """Gives operation classes no instance dictionary unless they ask for slots of their own."""

    def __new__(mcs, class_name: str, bases: tuple[type, ...], namespace: dict[str, Any], /, **kwargs: Any) -> Any:
        namespace.setdefault("__slots__", ())
        return super().__new__(mcs, class_name, bases, namespace, **kwargs)


class Operation(metaclass=_OperationMeta):
    """A node of the graph: a name, operands, results, attributes, regions and a location.

    An operand may be None: an optional input that is left out. Subclasses made with :mod:`nncc.ir.opdef` say what an
    operation means; :class:`UnregisteredOp` is one that no class is known for.
    """

    __slots__ = ("_next", "_operands", "_previous", "attributes", "location", "parent", "regions", "results")

    name: str = ""
    traits: ClassVar[frozenset[Any]] = frozenset()

    def __init__(
        self,
        operands: Sequence[Value | None] = (),
        result_types: Sequence[Type] = (),
        attributes: Mapping[str, Attribute] | None = None,
        regions: Sequence[Region] = (),
        location: Location = UNKNOWN,
    ) -> None:
        self._operands: list[Value | None] = []
        self.results: list[OpResult] = [OpResult(type, self, i) for i, type in enumerate(result_types)]
        self.attributes: dict[str, Attribute] = {k: as_attribute(v) for k, v in (attributes or {}).items()}
        self.regions: list[Region] = []
        self.location = location
        self.parent: Block | None = None
        self._next: Operation | None = None
        self._previous: Operation | None = None
        self.set_operands(operands)
        for region in regions:
            self.add_region(region)

    # Operands

    @property
    def operands(self) -> Sequence[Value | None]:
        """The operands; None stands for an optional one that is left out. Trailing ones are not kept."""
        return tuple(self._operands)

    def set_operand(self, index: int, value: Value | None) -> None:
        """Replace one operand; index may be that of a trailing optional one that was left out."""
        while len(self._operands) <= index:
            self._operands.append(None)
        old = self._operands[index]
        if old is not None:
            del old._uses[Use(self, index)]
        self._operands[index] = value
        if value is not None:
            value._uses[Use(self, index)] = None
        while self._operands and self._operands[-1] is None:
            self._operands.pop()

    def set_operands(self, operands: Iterable[Value | None]) -> None:
        """Replace all operands."""
        new = list(operands)
        for index, old in enumerate(self._operands):
            if old is not None:
                del old._uses[Use(self, index)]
        while new and new[-1] is None:
            new.pop()
        self._operands = new
        for index, value in enumerate(new):
            if value is not None:
                value._uses[Use(self, index)] = None

    # Results

    @property
    def result(self) -> OpResult:
        """The only result. Raises ValueError where there are more or none."""
        (only,) = self.results
        return only

    @property
    def has_uses(self) -> bool:
        """Whether any result is used."""
        return any(result._uses for result in self.results)

    # Place

    @property
    def next_op(self) -> Operation | None:
        return self._next

    @property
    def previous_op(self) -> Operation | None:
        return self._previous

    @property
    def parent_op(self) -> Operation | None:
        """The operation whose region this one stands in."""
        return self.parent.parent_op if self.parent else None

    def add_region(self, region: Region) -> Region:
        region.parent = self
        self.regions.append(region)
        return region

    def unlink(self) -> None:
        """Take the operation out of its block; it keeps its operands."""
        if self.parent is not None:
            self.parent._unlink(self)

    def erase(self) -> None:
        """Remove the operation for good. Raises ValueError while a result is still used."""
        if self.has_uses:
            user = next(r.users[0] for r in self.results if r.has_uses)
            raise ValueError(f"cannot erase '{self.name}': a result is used by '{user.name}'")
        self.unlink()
        self.drop_references()

    def drop_references(self) -> None:
        """Stop using any value, here and in the regions (they may use each other in any order)."""
        for op in self.walk():
            op.set_operands(())

    # Whole

    def walk(self) -> Iterator[Operation]:
        """This operation and all inside it, each before what it contains. The one just given may be erased."""
        yield self
        waiting = [self._inner()] if self.regions else []
        while waiting:
            for op in waiting[-1]:
                yield op
                if op.regions:
                    waiting.append(op._inner())
                    break
            else:
                waiting.pop()

    def _inner(self) -> Iterator[Operation]:
        """The operations in the regions, without what these contain."""
        return (op for region in self.regions for block in region.blocks for op in block)

    def clone(self, mapping: dict[Value, Value] | None = None) -> Operation:
        """A copy, with its regions, that belongs to no block; operands found in ``mapping`` are replaced.

        The copies of results and block arguments are added to ``mapping``.
        """
        mapping = {} if mapping is None else mapping
        copy = self._shell(mapping)
        for old, new in zip(self.regions, copy.regions, strict=True):
            old._clone_into(new, mapping)
        _connect(self, copy, mapping)
        return copy

    def _shell(self, mapping: dict[Value, Value]) -> Operation:
        """A copy without operands and with empty regions."""
        copy = object.__new__(type(self))
        Operation.__init__(
            copy, (), [r.type for r in self.results], self.attributes, [Region() for _ in self.regions], self.location
        )
        if isinstance(copy, UnregisteredOp):
            copy.name = self.name
        for mine, its in zip(self.results, copy.results, strict=True):
            its.name = mine.name
            mapping[mine] = its
        return copy

    def text_attributes(self) -> dict[str, Attribute]:
        """The attributes as they are printed; operations that derive some of them override this."""
        return self.attributes

    def verify(self) -> None:
        """Check what the operation's definition asks for. Raises VerifyError."""

    def __repr__(self) -> str:
        return f"<{self.name} at {hex(id(self))}>"


def _connect(original: Operation, copy: Operation, mapping: dict[Value, Value]) -> None:
    """Give the copy its operands, here and below: only now are all values of its regions known."""
    for old, new in zip(original.walk(), copy.walk(), strict=True):
        new.set_operands(v if v is None else mapping.get(v, v) for v in old.operands)


class UnregisteredOp(Operation):
    """An operation that no class is known for: it can be read, moved and printed, but has no meaning here."""

    __slots__ = ("name",)

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name


@attrs.define(eq=False)
class Block:
    """A list of operations, with arguments."""

    args: list[BlockArgument] = attrs.field(factory=list)
    parent: Region | None = attrs.field(default=None, repr=False)
    _first: Operation | None = attrs.field(default=None, repr=False)
    _last: Operation | None = attrs.field(default=None, repr=False)
    _length: int = attrs.field(default=0, repr=False)

    @classmethod
    def of(cls, types: Iterable[Type], names: Iterable[str | None] = ()) -> Block:
        """A block with arguments of the given types."""
        block = cls()
        for type in types:
            block.add_argument(type)
        for arg, name in zip(block.args, names, strict=False):
            arg.name = name
        return block

    @property
    def parent_op(self) -> Operation | None:
        return self.parent.parent if self.parent else None

    @property
    def first_op(self) -> Operation | None:
        return self._first

    @property
    def last_op(self) -> Operation | None:
        return self._last

    def add_argument(self, type: Type, name: str | None = None) -> BlockArgument:
        argument = BlockArgument(type, self, len(self.args), name=name)
        self.args.append(argument)
        return argument

    def erase_argument(self, index: int) -> None:
        """Remove an argument. Raises ValueError while it is used."""
        if self.args[index].has_uses:
            raise ValueError(f"cannot erase argument {index}: it is used")
        del self.args[index]
        for i, argument in enumerate(self.args):
            argument.index = i

    def append(self, op: _O) -> _O:
        return self.insert_before(None, op)

    def insert_before(self, anchor: Operation | None, op: _O) -> _O:
        """Insert ``op`` before ``anchor``; None stands for the end of the block."""
        if op.parent is not None:
            raise ValueError(f"'{op.name}' already stands in a block")
        before = anchor._previous if anchor is not None else self._last
        op.parent, op._previous, op._next = self, before, anchor
        if before is not None:
            before._next = op
        else:
            self._first = op
        if anchor is not None:
            anchor._previous = op
        else:
            self._last = op
        self._length += 1
        return op

    def insert_after(self, anchor: Operation, op: _O) -> _O:
        return self.insert_before(anchor._next, op)

    def _unlink(self, op: Operation) -> None:
        if op._previous is not None:
            op._previous._next = op._next
        else:
            self._first = op._next
        if op._next is not None:
            op._next._previous = op._previous
        else:
            self._last = op._previous
        op.parent = op._previous = op._next = None
        self._length -= 1

    def __iter__(self) -> Iterator[Operation]:
        op = self._first
        while op is not None:
            following = op._next  # read first: the loop's body may erase op
            yield op
            op = following

    def __reversed__(self) -> Iterator[Operation]:
        op = self._last
        while op is not None:
            following = op._previous
            yield op
            op = following

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return True


@attrs.define(eq=False)
class Region:
    """The blocks inside an operation. nncc's own dialects use one block a region."""

    blocks: list[Block] = attrs.field(factory=list)
    parent: Operation | None = attrs.field(default=None, repr=False)

    @classmethod
    def of(cls, *blocks: Block) -> Region:
        region = cls()
        for block in blocks:
            region.add_block(block)
        return region

    def add_block(self, block: Block) -> Block:
        block.parent = self
        self.blocks.append(block)
        return block

    @property
    def block(self) -> Block:
        """The only block. Raises ValueError where there are more or none."""
        (only,) = self.blocks
        return only

    def _clone_into(self, target: Region, mapping: dict[Value, Value]) -> None:
        for block in self.blocks:
            copy = target.add_block(Block.of((a.type for a in block.args), (a.name for a in block.args)))
            mapping.update(zip(block.args, copy.args, strict=True))
            for op in block:
                shell = copy.append(op._shell(mapping))
                for old, new in zip(op.regions, shell.regions, strict=True):
                    old._clone_into(new, mapping)

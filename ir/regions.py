"""Regions and the values around them: operations inside a region use values from outside directly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .core import Block, Operation, Value


def inner_blocks(op: Operation) -> Iterator[Block]:
    """The blocks of an operation's regions, without those further inside."""
    return (block for region in op.regions for block in region.blocks)


def blocks_within(op: Operation) -> Iterator[Block]:
    """All blocks inside an operation, each before those further inside. The operations of the one just given may
    be replaced.
    """
    waiting = list(inner_blocks(op))[::-1]
    while waiting:
        block = waiting.pop()
        yield block
        waiting += [inner for each in reversed(block) if each.regions for inner in reversed(list(inner_blocks(each)))]


def captured_values(op: Operation) -> Sequence[Value]:
    """The values from outside that the regions of an operation use, each once, in the order of the uses."""
    return list(dict.fromkeys(v for block in inner_blocks(op) for v in outer_values(block)))


def operands_within(op: Operation) -> Iterator[Value]:
    """The operands of an operation and of those in its regions: a value as often as it is used."""
    return (v for inner in op.walk() for v in inner.operands if v is not None)


def outer_values(block: Block) -> Sequence[Value]:
    """The values from outside that a block uses, here and further inside, each once, in the order of the uses."""
    own: set[Value] = set(block.args)
    used: dict[Value, None] = {}
    for op in (inner for each in block for inner in each.walk()):
        used.update(dict.fromkeys(v for v in op.operands if v is not None))
        own.update(op.results)
        for inside in inner_blocks(op):
            own.update(inside.args)
    return [v for v in used if v not in own]


def replace_inside(block: Block, old: Value, new: Value) -> None:
    """Let a block, and the blocks inside it, use another value in the place of one."""
    for user, index in old.uses:
        if ancestor_in(block, user) is not None:
            user.set_operand(index, new)


def defining_block(value: Value) -> Block | None:
    """The block that a value is defined in."""
    owner = value.owner
    return owner.parent if isinstance(owner, Operation) else owner


def ancestor_in(block: Block, op: Operation) -> Operation | None:
    """The operation of ``block`` that is ``op`` or holds it in its regions; None where ``op`` is elsewhere."""
    found: Operation | None = op
    while found is not None and found.parent is not block:
        found = found.parent_op
    return found

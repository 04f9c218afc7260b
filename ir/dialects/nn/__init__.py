"""The ``nn`` dialect: neural networks, whatever file they came from.

Value semantics, few and orthogonal operations, broadcasting as in numpy, channel-first unless an operation's
``channel_last`` says otherwise. Each module of this package defines one family.
"""

from . import base, elementwise

__all__ = ["base", "elementwise"]

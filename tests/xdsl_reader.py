"""xDSL as a judge of our text: it knows MLIR's syntax, and nothing of our dialects."""

from __future__ import annotations

import re

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin
from xdsl.dialects.func import Func
from xdsl.parser import Parser


def xdsl_reads(text: str) -> None:
    """Parse a text; raises xDSL's ParseError for what is no MLIR.

    xDSL takes no keys and symbols that have both an escape and a character beyond ASCII (a line break in a Japanese
    name): these characters are replaced.
    """
    context = Context(allow_unregistered=True)
    context.load_dialect(Builtin)
    context.load_dialect(Func)
    text = re.sub(r"\\([89A-F][0-9A-F])", r"u\1", text)
    text = re.sub(r'"[^"\n]*\\[^"\n]*"', lambda match: match[0].encode("ascii", "replace").decode(), text)
    Parser(context, text).parse_module()

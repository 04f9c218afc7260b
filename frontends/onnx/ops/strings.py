"""Operators that compute with strings: nn moves and compares strings, but knows nothing of their letters."""

from .registry import no_lift

no_lift(
    "computes with strings",
    "prepare the text in the program around the model, and cut the graph behind this node",
    "RegexFullMatch",
    "StringConcat",
    "StringNormalizer",
    "StringSplit",
)
no_lift("decodes compressed images", "decode them in the program around the model", "ImageDecoder")

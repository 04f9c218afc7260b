"""Builtin operators that are not lifted, and why."""

from __future__ import annotations

from .registry import no_lift

_STATELESS = "freeze variables and tables into constants before conversion"
no_lift(
    "reads or writes a variable that lives from one run to the next",
    _STATELESS,
    *("ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE"),
)
no_lift(
    "looks into a table that lives from one run to the next",
    _STATELESS,
    *("HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_LOOKUP", "HASHTABLE_SIZE"),
)
no_lift(
    "goes on from the state of the last run",
    "use a layer over whole sequences: UNIDIRECTIONAL_SEQUENCE_LSTM, UNIDIRECTIONAL_SEQUENCE_RNN",
    *("LSTM", "RNN", "SVDF"),
)
no_lift(
    "is a layer that runs in both directions, which nncc does not read",
    "use one layer a direction, with REVERSE_V2 around the second",
    *("BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN"),
)
no_lift(
    "draws random numbers",
    "make them an input of the model",
    *("MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM", "STABLEHLO_RNG_BIT_GENERATOR"),
)
no_lift(
    "computes with complex numbers",
    "compute with real and imaginary parts",
    *("COMPLEX_ABS", "IMAG", "REAL", "RFFT2D"),
)
no_lift("works on strings", "do it in front of the model", "LSH_PROJECTION", "SKIP_GRAM")
no_lift(
    "is executed by no runtime that nncc knows",
    "write it with operators that are",
    *("CALL", "CONCAT_EMBEDDINGS", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"),
)
no_lift("gathers rows of several tables", "use GATHER and SUM", "EMBEDDING_LOOKUP_SPARSE")
no_lift(
    "changes sizes, or reduces over windows, in a way that nncc does not read",
    "write it with operators that it reads: PAD, SCATTER_ND, MAX_POOL_2D",
    *("DILATE", "REDUCE_WINDOW"),
)
no_lift("reads bits as another type", "use CAST", "BITCAST")

_STABLEHLO = (
    *("ABS", "AND", "BROADCAST_IN_DIM", "CASE", "CBRT", "CLAMP", "COMPARE", "COMPOSITE", "CONCATENATE", "CONVERT"),
    *("CONVOLUTION", "COSINE", "CUSTOM_CALL", "DIVIDE", "DOT_GENERAL", "DYNAMIC_SLICE", "DYNAMIC_UPDATE_SLICE"),
    *("EXPONENTIAL", "FLOOR", "GATHER", "IOTA", "LOG", "LOGISTIC", "NEGATE", "OR", "PAD", "POWER", "REDUCE"),
    *("REDUCE_WINDOW", "REMAINDER", "RESHAPE", "RSQRT", "SCATTER", "SELECT", "SHIFT_LEFT", "SLICE", "SORT"),
    *("SUBTRACT", "TANH", "TRANSPOSE", "WHILE"),
)
no_lift(
    "is an operator of StableHLO that nncc does not read",
    "convert the model without StableHLO in its operators",
    *(f"STABLEHLO_{name}" for name in _STABLEHLO),
)

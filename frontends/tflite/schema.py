"""The tables of TFLite's schema that a model consists of: the names of their fields, in the order of the schema."""

from __future__ import annotations

MODEL = (
    *("version", "operator_codes", "subgraphs", "description", "buffers", "metadata_buffer", "metadata"),
    *("signature_defs", "external_buffer_groups", "external_buffers"),
)
OPERATOR_CODE = ("deprecated_builtin_code", "custom_code", "version", "builtin_code")
SUBGRAPH = ("tensors", "inputs", "outputs", "operators", "name", "debug_metadata_index")
TENSOR = (
    *("shape", "type", "buffer", "name", "quantization", "is_variable", "sparsity", "shape_signature", "has_rank"),
    *("variant_tensors", "external_buffer"),
)
QUANTIZATION = ("min", "max", "scale", "zero_point", "details_type", "details", "quantized_dimension")
SPARSITY = ("traversal_order", "block_map", "dim_metadata")
DIMENSION = ("format", "dense_size", "segments_type", "segments", "indices_type", "indices")
VALUES = ("values",)
"""Int32Vector, Uint16Vector and Uint8Vector."""
OPERATOR = (
    *("opcode_index", "inputs", "outputs", "builtin_options_type", "builtin_options", "custom_options"),
    *("custom_options_format", "mutating_variable_inputs", "intermediates", "large_custom_options_offset"),
    *("large_custom_options_size", "builtin_options_2_type", "builtin_options_2", "debug_metadata_index"),
)
BUFFER = ("data", "offset", "size")
METADATA = ("name", "buffer")
SIGNATURE = ("inputs", "outputs", "signature_key", "deprecated_tag", "subgraph_index")
TENSOR_MAP = ("name", "tensor_index")

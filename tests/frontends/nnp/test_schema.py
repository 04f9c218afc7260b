"""The schema and the function table: what writes them and what reads them."""

import json
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

from nncc.ir.dialects import nnp
from nncc.ir.dialects.nnp import regenerate
from nncc.ir.dialects.nnp.schema import descriptor, message_class
from nncc.ir.proto_text import parse_proto

SCHEMA = {
    "Shape": {
        "fields": [
            {
                "name": "dim",
                "number": 1,
                "label": "repeated",
                "type": "int64",
                "packed": True,
                "packed_explicit": True,
            }
        ]
    },
    "Empty": {"fields": []},
    "Solver": {
        "oneofs": ["parameter"],
        "fields": [
            {
                "name": "sgd",
                "number": 9,
                "label": "optional",
                "type": "message",
                "type_name": ".Empty",
                "oneof": "parameter",
            },
            {"name": "rate", "number": 2, "label": "optional", "type": "float"},
            {"name": "states", "number": 4, "label": "repeated", "type": "message", "type_name": ".Solver.StatesEntry"},
        ],
        "nested": {
            "StatesEntry": {
                "map_entry": True,
                "fields": [
                    {"name": "key", "number": 1, "label": "optional", "type": "string"},
                    {"name": "value", "number": 2, "label": "optional", "type": "message", "type_name": ".Shape"},
                ],
            }
        },
    },
}
FUNCTIONS = {
    "Affine": {
        "category": "Layer",
        "inputs": [{"name": "x"}, {"name": "b", "optional": True, "parameter": True}],
        "outputs": [{"name": "y"}],
        "arguments": [],
        "proto_param": "affine_param",
    },
    "Stack": {
        "category": "Array",
        "inputs": [{"name": "x", "variadic": True}],
        "outputs": [{"name": "y"}],
        "arguments": [],
    },
}


def test_what_is_written_is_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regenerate, "HERE", tmp_path)
    (tmp_path / "s.json").write_text(json.dumps({"messages": SCHEMA}))
    (tmp_path / "f.json").write_text(json.dumps({"functions": FUNCTIONS}))
    regenerate.main(str(tmp_path / "s.json"), str(tmp_path / "f.json"))
    shape, empty, solver = parse_proto((tmp_path / "nnabla.proto").read_text(), "n.proto").message_type
    assert (shape.name, shape.field[0].label, shape.field[0].options.packed) == ("Shape", Field.LABEL_REPEATED, True)
    assert (empty.name, len(empty.field)) == ("Empty", 0)
    fields = {f.name: f for f in solver.field}
    assert {name: f.number for name, f in fields.items()} == {"sgd": 9, "rate": 2, "states": 4}
    assert fields["sgd"].HasField("oneof_index") and not fields["rate"].HasField("oneof_index")
    assert fields["states"].type_name == ".Solver.StatesEntry" and solver.nested_type[0].options.map_entry
    assert json.loads((tmp_path / "functions.json").read_text()) == {
        "Affine": {
            "category": "Layer",
            "inputs": ["x", "b:parameter,optional"],
            "outputs": ["y"],
            "param": "affine_param",
        },
        "Stack": {"category": "Array", "inputs": ["x:variadic"], "outputs": ["y"]},
    }


def test_a_line_that_is_no_field() -> None:
    with pytest.raises(ValueError, match="message A: cannot read 'required int64 b = 1;'"):
        parse_proto("message A {\n  required int64 b = 1;\n}", "a.proto")


def test_every_function_has_its_parameters() -> None:
    fields = {f.name for f in descriptor("Function").oneofs_by_name["parameter"].fields}
    named = {kind.param for kind in nnp.function_types().values() if kind.param}
    assert named == fields and len(nnp.function_types()) == 233


def test_numbers_of_the_stable_fields() -> None:
    """What binary files of every release agree on."""
    numbers = {f.name: f.number for f in message_class("Parameter").DESCRIPTOR.fields}
    assert numbers == {"variable_name": 1, "shape": 20, "data": 100, "need_grad": 101}
    assert descriptor("NNablaProtoBuf").fields_by_name["parameter"].number == 200

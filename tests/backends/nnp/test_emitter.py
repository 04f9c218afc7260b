"""Writing NNP files: where parameters go, what is refused, and that equal modules give equal files."""

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from google.protobuf import text_format

from nncc.backends.nnp import save
from nncc.frontends.nnp import load
from nncc.ir import CompileError, Function, Module, TensorType, UsageError
from nncc.ir.dialects import nnp
from nncc.ir.dialects.nnp.schema import message_class
from nncc.ir.types import F16, F32


def affine_module(weights: np.ndarray | None = None, name: str = "fc/W") -> Module:
    """y = x W, built without a file."""
    weights = np.arange(6, dtype=np.float32).reshape(3, 2) if weights is None else weights
    module = Module()
    network = nnp.Network.create(name="net", batch_size=4)
    module.body.append(network)
    x = nnp.Variable(result_types=[TensorType(("N", 3), F32)], name="x", type="Buffer")
    value = module.add_resource(name, weights)
    w = nnp.Variable(result_types=[value.type], name=name, type="Parameter", value=value)
    call = nnp.FUNCTION_OPS["Affine"](
        x.variable, w.variable, result_types=[TensorType(("N", 2), F32)], name="fc", base_axis=1
    )
    y = nnp.Variable(call.result, result_types=[], name="y", type="Buffer")
    for op in (x, w, y, call):
        network.body.append(op)
    return module


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_the_members(tmp_path: Path) -> None:
    save(affine_module(), tmp_path / "m.nnp")
    found = members(tmp_path / "m.nnp")
    assert list(found) == ["nnp_version.txt", "network.nntxt", "parameter.protobuf"]
    assert found["nnp_version.txt"] == b"0.1\n"
    network = text_format.Parse(found["network.nntxt"], message_class()()).network[0]
    assert [list(v.shape.dim) for v in network.variable] == [[-1, 3], [3, 2], [-1, 2]]
    function = network.function[0]
    assert (function.type, list(function.input), list(function.output)) == ("Affine", ["x", "fc/W"], ["y"])
    assert function.affine_param.base_axis == 1
    with zipfile.ZipFile(tmp_path / "m.nnp") as file:
        assert {i.compress_type for i in file.infolist()} == {zipfile.ZIP_STORED}


def test_binary_parameters_are_protobuf(tmp_path: Path) -> None:
    """What is written piece by piece is what protobuf's own serializer writes."""
    save(affine_module(), tmp_path / "m.nnp")
    expected = message_class()()
    parameter = expected.parameter.add(variable_name="fc/W", data=range(6), need_grad=True)
    parameter.shape.dim.extend((3, 2))
    assert members(tmp_path / "m.nnp")["parameter.protobuf"] == expected.SerializeToString(deterministic=True)


@pytest.mark.parametrize("shape", [(), (0, 3), (200,), (1, 1)])
def test_parameters_of_any_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    weights = np.ones(shape, np.float32)
    module = Module()
    module.body.append(nnp.Parameter(variable_name="W", value=module.add_resource("W", weights)))
    for options in ({}, {"nnp_parameter_h5": True}, {"nnp_parameter_nntxt": True}):
        save(module, tmp_path / "m.nnp", **options)
        np.testing.assert_array_equal(nnp.stored_values(load(tmp_path / "m.nnp"))["W"].numpy(), weights)


def test_arrays_in_any_memory_order(tmp_path: Path) -> None:
    weights = np.arange(6, dtype=">f4").reshape(2, 3).T
    save(affine_module(weights), tmp_path / "m.nnp")
    np.testing.assert_array_equal(nnp.stored_values(load(tmp_path / "m.nnp"))["fc/W"].numpy(), weights)


def test_hdf5_as_nnabla_reads_it(tmp_path: Path) -> None:
    save(affine_module(), tmp_path / "m.nnp", nnp_parameter_h5=True)
    with h5py.File(io.BytesIO(members(tmp_path / "m.nnp")["parameter.h5"])) as file:
        dataset = file["fc/W"]
        assert dataset.dtype == np.dtype("<f4") and dataset.shape == (3, 2)
        assert dataset.attrs["index"].dtype == np.int64 and dataset.attrs["need_grad"].dtype == np.bool_


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"nnp_exclude_parameter": True, "nnp_parameter_nntxt": True, "nnp_parameter_h5": True}, (0, [])),
        ({"nnp_parameter_nntxt": True, "nnp_parameter_h5": True}, (1, [])),
        ({"nnp_parameter_h5": True}, (0, ["parameter.h5"])),
    ],
)
def test_where_parameters_go(tmp_path: Path, options: dict[str, bool], expected: tuple[int, list[str]]) -> None:
    save(affine_module(), tmp_path / "m.nnp", **options)
    found = members(tmp_path / "m.nnp")
    text = text_format.Parse(found["network.nntxt"], message_class()())
    assert (len(text.parameter), list(found)[2:]) == expected


def test_a_text_alone(tmp_path: Path) -> None:
    save(affine_module(), tmp_path / "m.nntxt")
    assert list(nnp.stored_values(load(tmp_path / "m.nntxt"))) == ["fc/W"]
    save(affine_module(), tmp_path / "m.nntxt", nnp_exclude_parameter=True)
    assert not nnp.stored_values(load(tmp_path / "m.nntxt"))


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "m.nnp").mkdir()
    save(affine_module(), tmp_path / "m.nnp")
    assert sorted(p.name for p in (tmp_path / "m.nnp").iterdir()) == [
        "network.nntxt",
        "nnp_version.txt",
        "parameter.protobuf",
    ]
    assert list(nnp.stored_values(load(tmp_path / "m.nnp"))) == ["fc/W"]


@pytest.mark.parametrize("options", [{}, {"nnp_parameter_h5": True}, {"nnp_parameter_nntxt": True}])
def test_equal_modules_give_equal_files(options: dict[str, bool]) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    save(affine_module(), first, **options)
    save(affine_module(), second, **options)
    assert first.getvalue() == second.getvalue() != b""


def test_another_extension() -> None:
    with pytest.raises(UsageError, match="'onnx' is not a format of NNP files"):
        save(affine_module(), "m.onnx")


# What a file cannot hold


def refusal(module: Module, **options: bool) -> str:
    with pytest.raises(CompileError) as caught:
        save(module, io.BytesIO(), **options)
    assert all(d.remedy for d in caught.value.diagnostics)
    return str(caught.value)


@pytest.mark.parametrize("name", ["", "/W", "a//b", "a/./b", "a/", "."])
def test_names_that_hdf5_has_not(name: str) -> None:
    assert f"the name of parameter '{name}' is no path" in refusal(affine_module(name=name), nnp_parameter_h5=True)
    save(affine_module(name=name), io.BytesIO())


def test_a_name_inside_of_another() -> None:
    module = affine_module()
    module.body.append(nnp.Parameter(variable_name="fc", value=module.add_resource("fc", np.ones(1, np.float32))))
    assert "'fc/W' goes through the parameter 'fc'" in refusal(module, nnp_parameter_h5=True)


def test_two_values_of_one_parameter() -> None:
    module = affine_module()
    module.body.append(nnp.Parameter(variable_name="fc/W", value=module.add_resource("W", np.ones(1, np.float32))))
    assert "two different values of parameter 'fc/W'" in refusal(module)


def test_other_elements_and_dimensions_all_at_once() -> None:
    module = affine_module(np.ones((3, 2), np.float16))
    network = nnp.networks(module)["net"]
    network.variables[0].variable.type = TensorType((None, 3), F32)
    network.variables[2].variable.type = TensorType(("M", 2), F16)
    message = refusal(module)
    assert "variable 'x' cannot be written: an NNP file cannot hold the dimension ?" in message
    assert "variable 'fc/W' cannot be written: its elements are f16" in message
    assert "variable 'y' cannot be written: its elements are f16" in message
    assert "parameter 'fc/W' has elements of type f16" in message


def test_a_value_without_name() -> None:
    module = affine_module()
    nnp.networks(module)["net"].variables[2].erase()
    assert "function 'fc' takes or makes a value without name" in refusal(module)


def test_an_attribute_that_the_message_has_not() -> None:
    module = affine_module()
    module.body.append(nnp.Executor(name="e", networkname="net"))
    assert "Executor has no field 'networkname'" in refusal(module)


def test_an_attribute_of_a_wrong_type() -> None:
    module = affine_module()
    module.body.append(nnp.Executor(name=3))
    assert "Executor.name cannot be 3" in refusal(module)


def test_another_dialect() -> None:
    module = affine_module()
    function, _ = Function.create("main", [])
    function.set_outputs([])
    module.body.append(function)
    assert "'func.func' cannot stand in an NNP file" in refusal(module)


def test_more_parameters_than_protobuf_holds() -> None:
    module = affine_module(np.broadcast_to(np.float32(1), (1 << 20, 1 << 9)))
    assert "a protobuf file holds 2147483647" in refusal(module)

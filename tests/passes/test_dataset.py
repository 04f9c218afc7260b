"""Representative data: what is read, how it is cut into batches, and what is refused."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import nncc
from nncc.ir import CompileError, Function, Module, TensorType, UsageError
from nncc.ir.layout import CHANNEL_LAST, PORT_LAYOUT
from nncc.ir.types import F32, I8, I32, ElementType, QuantizedType
from nncc.passes.dataset import Dataset

RNG = np.random.default_rng(7)


def function(**inputs: tuple[int | str | None, ...]) -> Function:
    made, block = Function.create("main", [(name, TensorType(shape, F32)) for name, shape in inputs.items()])
    made.set_outputs([(f"{name}_out", value) for name, value in zip(inputs, block.args, strict=True)])
    return made


def batches(data: Dataset, of: Function, limit: int | None = None) -> list[dict[str, np.ndarray]]:
    return list(data.bind(of, limit))


@pytest.fixture
def images() -> np.ndarray:
    return RNG.random((5, 3, 4, 6)).astype(np.float32)


@pytest.mark.parametrize("save", [np.save, lambda p, a: np.save(p, np.asfortranarray(a))])
def test_npy_is_read_sample_by_sample(tmp_path: Path, images: np.ndarray, save: Callable) -> None:
    save(tmp_path / "x.npy", images)
    got = batches(Dataset.open(tmp_path / "x.npy"), function(x=(1, 3, 4, 6)))
    assert len(got) == 5
    np.testing.assert_array_equal(np.concatenate([g["x"] for g in got]), images)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_gives_several_inputs_by_name(tmp_path: Path, images: np.ndarray, save: Callable) -> None:
    other = RNG.random((5, 2)).astype(np.float64)
    save(tmp_path / "data.npz", **{"y": other, "a/x": images, "label": np.arange(5)})
    got = batches(Dataset.open(tmp_path / "data.npz"), function(**{"a/x": (1, 3, 4, 6), "y": (1, 2)}))
    np.testing.assert_array_equal(np.concatenate([g["a/x"] for g in got]), images)
    np.testing.assert_array_equal(np.concatenate([g["y"] for g in got]), other.astype(np.float32))


def test_a_stored_npz_member_is_memory_mapped(tmp_path: Path, images: np.ndarray) -> None:
    np.savez(tmp_path / "data.npz", x=images)
    assert isinstance(Dataset.open(tmp_path / "data.npz").arrays["x"].array, np.memmap)


def test_one_member_serves_the_only_input(tmp_path: Path, images: np.ndarray) -> None:
    np.savez(tmp_path / "data.npz", images)
    assert len(batches(Dataset.open(tmp_path / "data.npz"), function(x=(1, 3, 4, 6)))) == 5


def test_a_folder_of_npy_files_by_input_name(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((4, 2), np.float32))
    np.save(tmp_path / "y.npy", np.ones((4, 2), np.float32))
    got = batches(Dataset.open(tmp_path), function(x=(1, 2), y=(1, 2)))
    assert [(g["x"].max(), g["y"].max()) for g in got] == [(0, 1)] * 4


def test_a_folder_of_parts_is_one_after_the_other(tmp_path: Path) -> None:
    for name, value in (("a", 1.0), ("b", 2.0)):
        np.save(tmp_path / f"{name}.npy", np.full((2, 3), value, np.float32))
    got = batches(Dataset.open(tmp_path), function(x=(1, 3)))
    assert [g["x"][0, 0] for g in got] == [1, 1, 2, 2]


def test_a_folder_of_npz_files_is_chained_by_name(tmp_path: Path) -> None:
    for i in range(3):
        np.savez(tmp_path / f"{i}.npz", x=np.full((2, 1), i), y=np.full((2, 1), -i))
    got = batches(Dataset.open(tmp_path), function(x=(2, 1), y=(2, 1)))
    assert [(g["x"][0, 0], g["y"][1, 0]) for g in got] == [(0, 0), (1, -1), (2, -2)]


@pytest.mark.parametrize(
    ("batch", "samples", "limit", "first"),
    [
        (2, 4, None, [0, 2]),
        (3, 4, None, [0, 3]),
        (4, 3, None, [0]),
        (2, 8, 3, [0, 2]),
        ("N", 12, None, [0, 8]),
    ],
)
def test_batches_are_full(batch: int | str, samples: int, limit: int | None, first: list[int]) -> None:
    data = Dataset.of(np.arange(samples, dtype=np.float32).reshape(-1, 1))
    got = batches(data, function(x=(batch, 1)), limit)
    size = batch if isinstance(batch, int) else 8
    assert [g["x"].shape for g in got] == [(size, 1)] * len(first)
    assert [g["x"][0, 0] for g in got] == first
    assert [g["x"][-1, 0] for g in got] == [(f + size - 1) % samples for f in first]


def test_the_source_layout_becomes_that_of_the_port(images: np.ndarray) -> None:
    turned = function(x=(1, 4, 6, 3))
    turned.set_port_attribute("arg", 0, PORT_LAYOUT, CHANNEL_LAST)
    got = batches(Dataset.of(images), turned)
    np.testing.assert_array_equal(got[2]["x"], np.moveaxis(images[2:3], 1, -1))


def test_synthetic_data_is_seeded_and_uniform() -> None:
    of = function(x=(1, 1000), y=(4, 3))
    first, second = (batches(Dataset.synthetic(of, seed=3), of) for _ in range(2))
    assert len(first) == 16
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a["x"], b["x"])
        assert a["y"].shape == (4, 3)
        assert 0 <= a["x"].min() < 0.1 < 0.9 < a["x"].max() < 1
    assert not np.array_equal(first[0]["x"], first[1]["x"])


def test_synthetic_integers_are_zero() -> None:
    made, block = Function.create("main", [("i", TensorType((1, 4), I32))])
    made.set_outputs([("o", block.args[0])])
    assert all(not g["i"].any() for g in batches(Dataset.synthetic(made), made))


# What is refused


def refusal(data: Callable[[], Dataset], of: Function) -> str:
    with pytest.raises(CompileError) as caught:
        batches(data(), of)
    assert all(d.remedy for d in caught.value.diagnostics), caught.value
    assert all(d.location for d in caught.value.diagnostics), caught.value
    return str(caught.value)


def test_channel_last_data_is_refused_with_a_remedy(images: np.ndarray) -> None:
    nhwc = np.moveaxis(images, 1, -1)
    assert "numpy.moveaxis(data, -1, 1)" in refusal(lambda: Dataset.of(nhwc), function(x=(1, 3, 4, 6)))


def test_one_sample_without_its_dimension_is_refused(images: np.ndarray) -> None:
    assert "data[None]" in refusal(lambda: Dataset.of(images[0]), function(x=(1, 3, 4, 6)))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 4), np.float32), "has shape (2, 4), but input 'x' takes (samples, 3)"),
        (np.zeros((0, 3), np.float32), "holds no samples"),
        (np.zeros((2, 3), np.complex64), "complex64"),
        (np.full((2, 3), np.nan, np.float32), "NaN"),
        (np.full((2, 3), np.inf, np.float32), "infinite"),
        (np.array([["a", "b", "c"]]), "type <U1"),
    ],
)
def test_wrong_arrays(tmp_path: Path, array: np.ndarray, words: str) -> None:
    np.save(tmp_path / "x.npy", array)
    assert words in refusal(lambda: Dataset.open(tmp_path / "x.npy"), function(x=(1, 3)))


def test_a_scalar_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.float32(3))
    assert "single number" in refusal(lambda: Dataset.open(tmp_path / "x.npy"), function(x=(1, 3)))


def test_missing_inputs_are_all_listed() -> None:
    text = refusal(lambda: Dataset.of({"a": np.zeros((1, 2))}), function(x=(1, 2), y=(1, 2)))
    assert "input 'x'" in text and "input 'y'" in text and "['a']" in text


def test_different_numbers_of_samples() -> None:
    data = {"x": np.zeros((3, 2)), "y": np.zeros((4, 2))}
    assert "'x' 3, 'y' 4" in refusal(lambda: Dataset.of(data), function(x=(1, 2), y=(1, 2)))


class Trap:
    """Unpickling one is an attack that worked."""

    def __reduce__(self) -> tuple:
        return (pytest.fail, ("a pickle was loaded",))


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_a_pickle_is_never_loaded(tmp_path: Path, name: str) -> None:
    array = np.array([Trap()], dtype=object)
    (np.save if name.endswith("npy") else np.savez)(tmp_path / name, array)
    assert "pickle" in refusal(lambda: Dataset.open(tmp_path / name), function(x=(1, 3))).lower()


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"\x93NUMPY\1\0v\0{'descr'", b"not an array at all"])
def test_damaged_files(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert "cannot be read" in refusal(lambda: Dataset.open(tmp_path / name), function(x=(1, 3)))


def npy_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_that_claims_more_than_it_has(tmp_path: Path, compression: int) -> None:
    content = npy_bytes(np.zeros((10, 3), np.float32)).replace(b"(10, 3)", b"(99, 3)")
    with zipfile.ZipFile(tmp_path / "x.npz", "w", compression) as archive:
        archive.writestr("x.npy", content)
    text = refusal(lambda: Dataset.open(tmp_path / "x.npz"), function(x=(1, 3)))
    assert "ends too early" in text or "cannot be read" in text


def test_a_truncated_npy(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(npy_bytes(np.zeros((10, 3), np.float32))[:-4])
    assert "cannot be read" in refusal(lambda: Dataset.open(tmp_path / "x.npy"), function(x=(1, 3)))


@pytest.mark.parametrize("names", [[], ["a.npy", "b.npz"], ["notes.txt"]])
def test_folders_that_hold_no_data_set(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(npy_bytes(np.zeros((1, 3), np.float32)))
    refusal(lambda: Dataset.open(tmp_path), function(x=(1, 3)))


@pytest.mark.parametrize("name", ["missing", "missing.npy", "missing.npz", "data.txt"])
def test_paths_that_are_no_data_set(tmp_path: Path, name: str) -> None:
    (tmp_path / "data.txt").write_text("1 2 3")
    refusal(lambda: Dataset.open(tmp_path / name), function(x=(1, 3)))


def test_a_quantized_port_takes_stored_integers() -> None:
    kind = QuantizedType(I8, F32, (0.5,), (-3,))
    made, block = Function.create("main", [("x", TensorType((1, 2), kind))])
    made.set_outputs([("y", block.args[0])])
    (got,) = batches(Dataset.of(np.array([[1.0, -2.0]], np.float32)), made)
    assert got["x"].tolist() == [[-1, -7]]
    assert isinstance(made.inputs[0].tensor.storage, ElementType)


def test_a_scalar_input_takes_one_number_a_sample() -> None:
    module = Module()
    function, _ = Function.create("main", [("rate", TensorType((), F32))])
    module.body.append(function)
    function.set_outputs([("y", function.inputs[0])])
    batches = list(Dataset.of({"rate": np.array([8.0, 16.0], np.float32)}).bind(function))
    assert [b["rate"].shape for b in batches] == [(), ()]
    assert [float(b["rate"]) for b in batches] == [8.0, 16.0]


def test_what_a_user_gives(tmp_path: Path) -> None:
    array = np.ones((3, 2), np.float32)
    np.save(tmp_path / "x.npy", array)
    for given in (array, {"x": array}, {"x": array.tolist()}, tmp_path / "x.npy", str(tmp_path), Dataset.of(array)):
        (batch,) = Dataset.given(given).bind(function(x=(3, 2)))
        np.testing.assert_array_equal(batch["x"], array)


@pytest.mark.parametrize("data", [[np.ones((3, 2))], (1, 2), 7, iter(()), b"x.npy"])
def test_what_is_no_data_set_is_a_usage_error(data: object) -> None:
    with pytest.raises(UsageError, match="give a path"):
        Dataset.given(data)
    module = Module()
    module.body.append(function(x=(3, 2)))
    with pytest.raises(UsageError, match=f"of type '{type(data).__name__}'"):
        nncc.compile(module, "calibrate", dataset=data)


def test_ragged_samples_are_a_usage_error() -> None:
    with pytest.raises(UsageError, match="array 'x' is no array"):
        Dataset.given({"x": [[1.0], [2.0, 3.0]]})

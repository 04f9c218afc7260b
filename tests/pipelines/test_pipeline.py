"""Pipelines: reading, composing, checking; every named one is valid."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncc.ir import UsageError
from nncc.ir.pass_manager import PassManager, Repeat
from nncc.pipelines import driver, registry
from nncc.pipelines.options import make_pass
from nncc.pipelines.pass_list import parse_pass_list
from nncc.pipelines.pipeline import Group, PassStep, load_pipeline


def write(folder: Path, text: str, name: str = "mine.yaml") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.mark.parametrize("name", registry.pipeline_names())
def test_named_pipelines_are_valid(name: str) -> None:
    pipeline = load_pipeline(name)
    passes = pipeline.instantiate()
    if pipeline.frontend is not None:
        left = PassManager(passes).check_flow({registry.sources()[pipeline.frontend].dialect})
        if pipeline.backend is not None:
            assert left == {registry.targets()[pipeline.backend].dialect}


def test_one_line_is_the_same_pipeline() -> None:
    text = load_pipeline("nnp-to-tflite-int8").as_text({"batch": 4})
    assert "fix-batch-size{batch=4}" in text
    assert parse_pass_list(text).as_text() == text


def test_groups_repeat() -> None:
    pipeline = parse_pass_list("lift-nnp,(canonicalize, fold-constants)*")
    assert pipeline.steps[1] == Group((PassStep("canonicalize"), PassStep("fold-constants")))
    assert isinstance(pipeline.instantiate()[1], Repeat)


def test_users_file_with_parameters_and_include(tmp_path: Path) -> None:
    write(tmp_path, "passes: [canonicalize, {repeat: [fold-constants]}]", "clean.yaml")
    path = write(
        tmp_path,
        "parameters: {batch: 3}\npasses:\n  - include: clean\n  - fix-batch-size: {batch: $batch}\n",
    )
    pipeline = load_pipeline(path)
    assert pipeline.as_text() == "canonicalize,(fold-constants)*,fix-batch-size{batch=3}"
    assert pipeline.instantiate({"batch": "5"})[-1].batch == 5


def test_parameters_of_included_lists_are_inherited(tmp_path: Path) -> None:
    """The own default counts, then that of the nearest."""
    write(tmp_path, "parameters: {batch: 3, kind: all}\npasses: [{fix-batch-size: {batch: $batch}}]", "inner.yaml")
    write(tmp_path, "parameters: {batch: 4}\npasses: [{include: inner}]", "middle.yaml")
    middle = load_pipeline(write(tmp_path, "passes: [{include: middle}]"))
    assert middle.parameters == {"batch": 4, "kind": "all"}
    assert middle.as_text() == "fix-batch-size{batch=4}"
    own = load_pipeline(write(tmp_path, "parameters: {batch: null}\npasses: [{include: middle}]", "own.yaml"))
    assert own.instantiate()[0].batch is None


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("passes: [canonicalise]", "there is no pass 'canonicalise'", "did you mean canonicalize?"),
        ("passes: [{fix-batch-size: {bach: 2}}]", "has no option 'bach'", "did you mean batch?"),
        ("passes: [{fix-batch-size: {batch: two}}]", "expected int | None, got 'two'", ""),
        ("passes: [{fix-batch-size: {batch: true}}]", "expected int | None, got True", ""),
        ("passes: [{fix-batch-size: {batch: $size}}]", "'$size', which is no parameter", ""),
        ("passes: [{fix-batch-size: 3}]", "expected the options of 'fix-batch-size' to be a mapping", ""),
        ("passes: canonicalize", "expected 'passes' to be a list", ""),
        ("passes: [{include: nothing}]", "there is no list of passes 'nothing' to include", ""),
        ("passes: [{include: mine.yaml}]", "the pipelines include each other", ""),
        ("frontend: caffe", "frontend 'caffe' does not exist", "known: nnp"),
        ("steps: []", "unknown keys ['steps']", "known: backend"),
        ("passes: [", "not valid YAML", ""),
        ("- canonicalize", "expected a mapping with 'passes'", ""),
        ("passes: [[canonicalize]]", "expected a pass", ""),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str, remedy: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_pipeline(path).instantiate()
    assert message in str(caught.value)
    assert remedy in str(caught.value)
    assert "mine.yaml" in str(caught.value)
    assert caught.value.exit_status == 2


def test_all_wrong_options_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "passes: [no-such-pass, {fix-batch-size: {bach: 2}}]")
    with pytest.raises(UsageError) as caught:
        load_pipeline(path).instantiate({"speed": 3})
    assert len(caught.value.diagnostics) == 3


@pytest.mark.parametrize("text", ["a b", "canonicalize{x}", "(canonicalize", "canonicalize)", "{x=1}"])
def test_wrong_one_liners(text: str) -> None:
    with pytest.raises(UsageError, match="passes '"):
        parse_pass_list(text)


def test_order_of_dialects_is_checked() -> None:
    with pytest.raises(UsageError, match="pass 'lower-to-tfl' works on nn"):
        PassManager(parse_pass_list("lower-to-tfl").instantiate()).check_flow({"nnp"})


def test_text_becomes_typed_options() -> None:
    assert make_pass("quantize-int8", {"strict": "true"}).strict is True
    with pytest.raises(UsageError, match="expected bool, got 'perhaps'"):
        make_pass("quantize-int8", {"strict": "perhaps"})


def test_mappings_are_options(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("passes:\n  - fix-batch-size: {sizes: {T: 7, U: 8}}\n")
    pipeline = load_pipeline(str(path))
    (made,) = pipeline.instantiate()
    assert made.sizes == {"T": 7, "U": 8}
    assert pipeline.as_text() == "fix-batch-size{sizes=T:7;U:8}"
    assert parse_pass_list(pipeline.as_text()).instantiate() == [made]
    with pytest.raises(UsageError, match=r"expected Mapping\[str, int\], got 'T'"):
        parse_pass_list("fix-batch-size{sizes=T}").instantiate()


def test_formats_choose_the_pipeline() -> None:
    assert driver.pipeline_for("nnp", "tflite").name == "nnp-to-tflite"
    with pytest.raises(UsageError, match="no pipeline from 'mlir' to 'nnp'"):
        driver.pipeline_for("mlir", "nnp")


def test_unknown_pipeline_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean nnp-to-tflite"):
        load_pipeline("nnp-to-tflit")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("passes: &a [{repeat: *a}]", "include each other"),
        ("frontend: [nnp]\npasses: []", "does not exist"),
        ("passes: [canonicalize: 3]", "expected the options"),
        ("passes: {a: b", "not valid YAML"),
        ("parameters: 3", "expected 'parameters'"),
        ("passes: [include: nothing]", "no list of passes"),
        ("passes: 3", "expected 'passes'"),
        ("passes: [3]", "expected a pass"),
        ("passes: " + "[" * 5000, "nested too deeply"),
    ],
)
def test_bad_files_are_refused_with_a_remedy(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text, "bad.yaml")
    with pytest.raises(UsageError, match=message) as caught:
        load_pipeline(str(path))
    assert all(d.remedy and "bad.yaml" in str(d.location) for d in caught.value.diagnostics)


def test_pairs_are_both_halves(tmp_path: Path) -> None:
    """Each half says what it wants of the other; what both say is up to the source."""
    pair, first, second = (load_pipeline(n) for n in ("tf-to-tflite-int8", "tf-to-nn", "nn-to-tflite-int8"))
    assert pair.steps == (*first.steps, *second.steps)
    assert (pair.frontend, pair.backend) == ("tf", "tflite")
    assert (first.parameters["batch"], pair.parameters["batch"]) == (None, 1)
    assert (second.parameters["io_layout"], pair.parameters["io_layout"]) == ("channel_last", "keep")
    assert "adopt" not in pair.parameters  # no parameter of tf-to-nn
    assert pair.description.splitlines()[0] == "TensorFlow models to TensorFlow Lite, 8-bit integers."
    assert load_pipeline("onnx-to-tflite-int8").parameters["adopt"] == "ports"


def test_a_file_for_a_pair_comes_first() -> None:
    assert load_pipeline("nnp-to-nnp").as_text() == "convert-nnp-version{version=}"
    assert "nnp-to-nnp" not in registry.pipeline_pairs()

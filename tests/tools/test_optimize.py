"""``nncc optimize``: the same model in the same format, with less in it."""

from pathlib import Path

import numpy as np
import pytest

from nncc.ir import Module
from nncc.pipelines import driver
from nncc.tools.cli import main


def ops(module: Module) -> set[str]:
    return set(driver.count_ops(module))


def check(path: Path, source: str, golden: Path) -> None:
    """The numbers of a file, evaluated in nn."""
    arrays = np.load(golden)
    batch = {"batch": len(arrays["in_x"])} if source == "nnp" else {}
    module = driver.load(path)
    driver.compile(module, f"{source}-to-nn", **batch)
    got = module.evaluate({"x": arrays["in_x"]})
    for name, array in got.items():
        np.testing.assert_allclose(array, arrays[f"out_{name}"], rtol=1e-3, atol=1e-4)


def test_networks_of_nnabla(data: Path, tmp_path: Path) -> None:
    before, after = data / "residual.nnp", tmp_path / "smaller.nnp"
    assert main(["optimize", str(before), str(after), "-q"]) == 0
    assert "nnp.BatchNormalization" in ops(driver.load(before))
    assert "nnp.BatchNormalization" not in ops(driver.load(after))
    check(after, "nnp", data / "residual.npz")


def test_graphs_of_tensorflow(data: Path, tmp_path: Path) -> None:
    """What a graph was made of is found in it again, and nothing is added."""
    graph, again = tmp_path / "m.pb", tmp_path / "again.pb"
    assert main([str(data / "residual.nnp"), "-o", str(graph), "--io-layout", "keep", "-q"]) == 0
    assert main(["optimize", str(graph), str(again), "-q"]) == 0
    first, second = driver.count_ops(driver.load(graph)), driver.count_ops(driver.load(again))
    assert first == second
    check(again, "tf", data / "residual.npz")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["m.nnp"], "there is no output"), (["m.nnp", "m.onnx"], "is of another format than the model")],
)
def test_wrong_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["optimize", *arguments]) == 2
    assert message in capsys.readouterr().err

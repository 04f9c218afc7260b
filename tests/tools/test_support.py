"""``nncc support``: what of a model converts to which targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncc.tools.cli import main

NETWORK = """
network { name: "net"
  variable { name: "x" type: "Buffer" shape { dim: -1 dim: 3 } }
  variable { name: "h" type: "Buffer" shape { dim: -1 dim: 3 } }
  variable { name: "g" type: "Buffer" shape { dim: -1 dim: 3 } }
  variable { name: "y" type: "Buffer" shape { dim: -1 dim: 3 } }
  function { name: "one" type: "Tanh" input: "x" output: "h" }
  function { name: "noise" type: "Randn" input: "" output: "g" randn_param { sigma: 1 shape { dim: 2 dim: 3 } } }
  function { name: "two" type: "Tanh" input: "h" output: "y" }
}
executor {
  name: "run" network_name: "net"
  data_variable { variable_name: "x" } output_variable { variable_name: "y" } OUTPUTS
}
"""


def test_every_target(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["support", str(data / "residual.nnp"), "--target", "all"]) == 0
    said = capsys.readouterr().out
    for target in ("tflite", "tflite-int8", "onnx", "onnx-int8", "nnp", "c"):
        assert f"converts to {target}: " in said


def test_what_does_not_convert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "m.nntxt"
    noise = 'output_variable { variable_name: "g" }'
    model.write_text(NETWORK.replace('input: "" ', "").replace("OUTPUTS", noise))
    assert main(["support", str(model), "--target", "tflite,nnp"]) == 1
    said = capsys.readouterr().out
    assert "1 problem keeps" in said and "from becoming tflite" in said
    assert "      0 of 1     Randn: " in said
    assert "      2 of 2     Tanh\n" in said
    assert "converts to nnp: 3 operations" in said

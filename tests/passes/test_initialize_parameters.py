"""Values of initializers: NNabla's own numbers, in its order, and never in place of stored ones."""

from pathlib import Path

import numpy as np
import pytest

from nncc.frontends.nnp import load
from nncc.ir import CompileError, Module
from nncc.ir.dialects import nnp
from nncc.ir.dialects.nnp.initializers import initial_value
from nncc.ir.passes import PassContext
from nncc.passes.initialize_parameters import InitializeParameters

# type, multiplier, shape, and what NNabla 1.39 draws, one after another from RandomState(0)
DRAWN = [
    ("Normal", 0.5, (2, 2), [0.8820262, 0.2000786, 0.489369, 1.120447]),
    ("Uniform", 0.25, (3,), [-0.0381726, 0.07294706, -0.03120639]),
    ("Constant", 0.75, (2,), [0.75, 0.75]),
    ("Range", 0.5, (2, 2), [0.0, 0.5, 0.0, 0.5]),
    ("NormalAffineHe", 2.0, (2, 3), [2.532237, -1.011753, 5.090402, 2.161624, 0.9686243, 1.158281]),
    ("NormalAffineHeBackward", 1.0, (2, 3), [-0.1482615, 1.151427, -0.3057549, 0.2246985, -0.7844529, 0.3077596]),
    (
        "NormalAffineGlorot",
        1.0,
        (4, 1, 2),
        [0.01930597, 0.3929257, -0.9026852, -0.327183, -0.1398051, 0.8743342, -0.1922908, 0.02734609],
    ),
    ("NormalConvolutionHeForward", 1.0, (2, 1, 1, 2), [1.46274, 1.535029, 0.56644, 0.1492651]),
    ("NormalConvolutionHeBackward", 1.0, (2, 1, 1, 2), [-0.7624577, 0.9867479, 1.263942, -0.4027095]),
    ("NormalConvolutionGlorot", 3.0, (2, 1, 2, 1), [0.3037784, -0.8010831, -1.880662, 1.108055]),
    ("NormalCLConvHe", 1.0, (2, 1, 2, 1), [-0.3858633, -0.7757624, 0.9957113, -1.933205]),
    ("NormalCLConvGlorot", 1.0, (1, 2, 1, 2), [0.1434892, -0.0180395, -0.08052533, -0.1100753]),
    ("UniformAffineGlorot", 1.0, (2, 2), [-0.8296189, 0.3750373, -0.6043097, -0.08252142]),
    ("UniformConvolutionGlorot", 2.0, (1, 2, 2, 1), [-1.022298, -1.364122, -1.558499, 0.6253183]),
    ("UniformCLConvGlorot", 1.0, (2, 1, 1, 2), [-0.8862671, -0.7432184, -0.3215564, 0.7862696]),
]


def test_the_numbers_are_those_of_nnabla() -> None:
    random = np.random.RandomState(0)
    for kind, multiplier, shape, expected in DRAWN:
        value = initial_value(kind, multiplier, shape, random)
        assert value.dtype == np.float32 and value.shape == shape
        np.testing.assert_allclose(value.ravel(), expected, rtol=1e-6, err_msg=kind)


def test_scalars_and_nothing_given() -> None:
    random = np.random.RandomState(0)
    assert initial_value("", 3.0, (2,), random).tolist() == [0, 0]
    for kind in ("Normal", "Uniform", "Constant", "Range"):
        assert initial_value(kind, 1.0, (), random).shape == ()


@pytest.mark.parametrize(
    ("kind", "shape", "reason"),
    [
        ("Norml", (2,), "'Norml' is not known"),
        ("UniformAffineHe", (2, 2), "'UniformAffineHe' is not known"),
        ("NormalConvolutionHe", (2, 2), "does not suit the shape"),
        ("NormalAffineHe", (), "does not suit the shape"),
        ("NormalAffineHe", (2, 0), "does not suit the shape"),
        ("Constant", (1 << 20, 1 << 20), "is too large"),
    ],
)
def test_what_cannot_be_made_up(kind: str, shape: tuple[int, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        initial_value(kind, 1.0, shape, np.random.RandomState(0))


NETWORK = """
network {
  name: "net"
  variable { name: "a" type: "Parameter" shape { dim: 2 dim: 2 } initializer { type: "Normal" multiplier: 0.5 } }
  variable { name: "x" type: "Buffer" shape { dim: 3 } initializer { type: "Normal" multiplier: 1 } }
  variable { name: "b" type: "Parameter" shape { dim: 3 } initializer { type: "Uniform" multiplier: 0.25 } }
  variable { name: "c" type: "Parameter" shape { dim: 1 } }
}
"""
STORED = 'parameter { variable_name: "b" shape { dim: 3 } data: 1 data: 2 data: 3 }\n'


def read(tmp_path: Path, text: str, **options: int) -> Module:
    (tmp_path / "m.nntxt").write_text(text)
    return load(tmp_path / "m.nntxt", **options)


def values(module: Module) -> dict[str, list[float]]:
    (network,) = nnp.networks(module).values()
    return {v.label: v.value.numpy().ravel().tolist() for v in network.variables if v.value is not None}


def test_a_file_without_parameters(tmp_path: Path) -> None:
    module, context = read(tmp_path, NETWORK), PassContext()
    assert InitializeParameters().run(module, context)
    made = values(module)
    assert list(made) == ["a", "b", "c"]
    for name, (_, _, _, expected) in zip("ab", DRAWN, strict=False):
        np.testing.assert_allclose(made[name], expected, rtol=1e-6)
    assert made["c"] == [0]
    assert "3 parameters have no stored value" in str(context.diagnostics.warnings[0])
    assert not InitializeParameters().run(module, context)


def test_seeds(tmp_path: Path) -> None:
    def drawn(**options: int) -> dict[str, list[float]]:
        module = read(tmp_path, NETWORK, **({"seed": options["module"]} if "module" in options else {}))
        InitializeParameters(seed=options.get("seed")).run(module, PassContext())
        return values(module)

    assert drawn() == drawn(seed=0) == drawn(module=0)
    assert drawn(seed=1) == drawn(module=1) == drawn(module=2, seed=1) != drawn()


def test_stored_values_win(tmp_path: Path) -> None:
    module, context = read(tmp_path, NETWORK + STORED), PassContext()
    assert not InitializeParameters().run(module, context)
    assert values(module) == {"b": [1, 2, 3]}
    assert InitializeParameters(missing=True).run(module, context)
    assert values(module)["b"] == [1, 2, 3] and list(values(module)) == ["a", "b", "c"]


def test_networks_share_their_parameters(tmp_path: Path) -> None:
    module = read(tmp_path, NETWORK + NETWORK.replace('"net"', '"other"'))
    InitializeParameters().run(module, PassContext())
    first, second = ([v.value for v in network.variables] for network in nnp.networks(module).values())
    assert first == second and first[0] is second[0]


def test_an_unknown_initializer(tmp_path: Path) -> None:
    module = read(tmp_path, NETWORK.replace('"Uniform"', '"Unifrom"'))
    with pytest.raises(CompileError, match=r"'b'.*for the parameter 'b': the initializer 'Unifrom' is not known"):
        InitializeParameters().run(module, PassContext())

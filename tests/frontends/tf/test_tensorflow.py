"""SavedModels, checkpoints and files of Keras, which TensorFlow reads. It starts once, for all tests of this file."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorflow_runtime import Late, needs_tensorflow, tensorflow

from nncc.frontends.tf import load
from nncc.frontends.tf.lift import LiftTf
from nncc.ir import CompileError, Module, UsageError
from nncc.ir.passes import PassContext

pytestmark = needs_tensorflow
tf: Any = Late(tensorflow)
keras: Any = Late(lambda: tensorflow().keras)

IMAGES = np.random.default_rng(0).standard_normal((2, 8, 8, 3)).astype(np.float32)
STEPS = np.random.default_rng(1).standard_normal((2, 7, 3)).astype(np.float32)


def evaluated(module: Module, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    for op in module.walk():
        op.verify()
    LiftTf().run(module, PassContext())
    return module.evaluate(inputs)


@functools.cache
def two_of_each() -> Any:
    """A model of two inputs and two outputs, in another order than that of their names."""
    keras.utils.set_random_seed(0)
    image, extra = keras.Input((8, 8, 3), name="image"), keras.Input((4,), name="extra")
    x = keras.layers.Conv2D(6, 3, strides=2, padding="same")(image)
    x = keras.layers.BatchNormalization(moving_mean_initializer="random_normal")(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    x = keras.layers.Concatenate()([x, extra])
    scores = keras.layers.Dense(5, activation="softmax", name="scores")(x)
    return keras.Model([image, extra], {"scores": scores, "features": keras.layers.Dense(3, name="features")(x)})


EXTRA = np.random.default_rng(2).standard_normal((2, 4)).astype(np.float32)


def test_signatures_keep_their_names(tmp_path: Path) -> None:
    model = two_of_each()
    model.export(tmp_path / "m", verbose=False)
    module = load(tmp_path / "m")
    assert sorted(module.main.input_names) == ["extra", "image"]
    assert sorted(module.main.output_names) == ["features", "scores"]
    found = evaluated(module, image=IMAGES, extra=EXTRA)
    for name, expected in model([IMAGES, EXTRA]).items():
        np.testing.assert_allclose(found[name], expected, 1e-5, 1e-6)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_files_of_keras_keep_the_names_of_inputs(tmp_path: Path, name: str) -> None:
    model = two_of_each()
    model.save(tmp_path / name)
    module = load(tmp_path / name)
    assert module.main.input_names == ["image", "extra"]
    assert str(module.main.inputs[0].type) == "tensor<?x8x8x3xf32>"
    found = evaluated(module, image=IMAGES, extra=EXTRA)
    expected = model([IMAGES, EXTRA])
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, 1e-5, 1e-6)


RECURRENT: dict[str, Callable[[], Any]] = {
    "lstm": lambda: keras.layers.LSTM(5),
    "gru with sequences": lambda: keras.layers.GRU(5, return_sequences=True),
    "simple": lambda: keras.layers.SimpleRNN(4),
    "both ways": lambda: keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True)),
    "masked": lambda: keras.Sequential([keras.layers.Masking(), keras.layers.LSTM(4, return_sequences=True)]),
}


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers_become_counted_loops(tmp_path: Path, name: str) -> None:
    keras.utils.set_random_seed(0)
    given = keras.Input((7, 3), name="x")
    model = keras.Model(given, RECURRENT[name]()(given))
    model.save(tmp_path / "m.keras")
    steps = STEPS.copy()
    if name == "masked":
        steps[0, 4:], steps[1, :2] = 0, 0
    module = load(tmp_path / "m.keras")
    (found,) = evaluated(module, x=steps).values()
    loops = [op for op in module.main.body if op.name == "nn.loop"]
    assert loops and all(op.operands[0] is not None and op.operands[1] is None for op in loops)
    np.testing.assert_allclose(found, model(steps), 1e-5, 1e-6)


def test_attention(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    given = keras.Input((7, 6), name="x")
    x = keras.layers.MultiHeadAttention(2, 4)(given, given)
    model = keras.Model(given, keras.layers.LayerNormalization()(keras.layers.Add()([given, x])))
    model.save(tmp_path / "m.keras")
    x = np.random.default_rng(3).standard_normal((2, 7, 6)).astype(np.float32)
    (found,) = evaluated(load(tmp_path / "m.keras"), x=x).values()
    np.testing.assert_allclose(found, model(x), 1e-5, 1e-5)


# Checkpoints


def save_checkpoint(folder: Path, version: int) -> np.ndarray:
    """A checkpoint of a small network with the nodes x0 and y0; gives what it computes of IMAGES."""
    v1 = tf.compat.v1
    weights = np.random.default_rng(4).standard_normal((3, 3, 3, 4)).astype(np.float32)
    with v1.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        x = v1.placeholder(tf.float32, [None, 8, 8, 3], name="x0")
        w = v1.get_variable("w", initializer=weights, use_resource=version == 2)
        y = tf.nn.relu(v1.nn.conv2d(x, w, strides=2, padding="SAME"), name="y0")
        session.run(v1.global_variables_initializer())
        v1.train.Saver(write_version=version).save(session, str(folder / "m.ckpt"))
        computed: np.ndarray = session.run(y, {x: IMAGES})
        return computed


@pytest.mark.parametrize(("version", "name"), [(1, "m.ckpt"), (2, "m.ckpt.meta"), (2, "m.ckpt.index")])
def test_checkpoints_of_both_versions(tmp_path: Path, version: int, name: str) -> None:
    expected = save_checkpoint(tmp_path, version)
    module = load(tmp_path / name, inputs="x0", outputs="y0")
    assert (module.main.input_names, module.main.output_names) == (["x0"], ["y0"])
    np.testing.assert_allclose(evaluated(module, x0=IMAGES)["y0"], expected, 1e-5, 1e-5)


def test_what_a_checkpoint_lacks(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 2)
    path = tmp_path / "m.ckpt.meta"
    with pytest.raises(UsageError, match="--inputs and --outputs"):
        load(path)
    with pytest.raises(UsageError, match="has no node 'y1'"):
        load(path, inputs="x0", outputs="y1")
    (tmp_path / "m.ckpt.data-00000-of-00001").unlink()
    with pytest.raises(CompileError, match=r"there is no 'm\.ckpt\.data-00000-of-00001'"):
        load(path, inputs="x0", outputs="y0")
    (tmp_path / "m.ckpt.index").unlink()
    with pytest.raises(CompileError, match=r"there is no 'm\.ckpt\.index'"):
        load(path, inputs="x0", outputs="y0")
    path.unlink()
    with pytest.raises(CompileError, match=r"there is no 'm\.ckpt\.meta'"):
        load(tmp_path / "m.ckpt", inputs="x0", outputs="y0")


# SavedModels


def save_functions(folder: Path, **signatures: Any) -> None:
    module = tf.Module()
    module.factor = tf.Variable([1.0, 2.0])
    spec = tf.TensorSpec([None, 2], tf.float32, name="x")
    functions = {
        name: tf.function(lambda x, power=power: {"y": (x * module.factor) ** power}).get_concrete_function(spec)
        for name, power in signatures.items()
    }
    tf.saved_model.save(module, str(folder), signatures=functions or None)


def test_one_of_several_signatures(tmp_path: Path) -> None:
    save_functions(tmp_path, square=2, cube=3)
    x = np.array([[1, -2], [3, 0.5]], np.float32)
    found = evaluated(load(tmp_path, signature="cube"), x=x)["y"]
    np.testing.assert_allclose(found, (x * [1, 2]) ** 3, 1e-6)
    with pytest.raises(UsageError, match="several signatures"):
        load(tmp_path)
    with pytest.raises(UsageError, match="no signature 'root'"):
        load(tmp_path, signature="root")


def test_a_saved_model_without_signature(tmp_path: Path) -> None:
    save_functions(tmp_path)
    with pytest.raises(CompileError, match="has no signature"):
        load(tmp_path)


def test_a_saved_model_that_lost_its_variables(tmp_path: Path) -> None:
    save_functions(tmp_path, serving_default=2)
    for file in (tmp_path / "variables").iterdir():
        file.unlink()
    with pytest.raises(CompileError, match="the SavedModel cannot be loaded"):
        load(tmp_path)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match=r"holds no saved_model\.pb"):
        load(tmp_path)


def test_a_file_of_keras_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes(b"PK\3\4 nothing")
    with pytest.raises(CompileError, match="Keras cannot load the model"):
        load(tmp_path / "m.keras")

"""Writes tf_cases.npz, what TensorFlow gives for the cases of tests/tf_cases.py: ``PYTHONPATH=tests python
tests/data/make_tf_cases.py``, where TensorFlow is installed."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from tf_cases import CASES, Case

from nncc.backends.tf import frozen


def run(case: Case, folder: Path) -> list[np.ndarray]:
    path = folder / "case.pb"
    frozen.save(case.build(), path)
    definition = tf.compat.v1.GraphDef.FromString(path.read_bytes())
    count = sum(node.name.startswith("y") for node in definition.node)
    with tf.compat.v1.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        tf.import_graph_def(definition, name="")
        feed = {f"{name}:0": array for name, array in case.inputs.items()}
        return session.run([f"y{i}:0" for i in range(count)], feed)


def main() -> None:
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, case in CASES.items():
            for number, array in enumerate(run(case, Path(folder))):
                found[f"{name}/{number}"] = array
    np.savez_compressed(Path(__file__).with_name("tf_cases.npz"), **found)
    print(f"{len(CASES)} cases of TensorFlow {tf.__version__}")


if __name__ == "__main__":
    main()

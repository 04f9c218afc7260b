"""Train a small convolutional network on scikit-learn's digits with NNabla and write this folder's files.

    pip install nnabla scikit-learn
    python train.py [FOLDER]

FOLDER (by default the folder of this script) gets

    digits.nnp          the trained network: NNabla network and executor `runtime`, input x, output y, variable batch
    representative.npz  x: 100 training images, the data that INT8 calibration needs
    test_inputs.npz     x: 32 held-out images, label: their digits, y: what NNabla computes for them

An image is float32 of shape (1, 8, 8) with values 0 ... 16, as the data set stores them; y holds the ten
probabilities. Seeds are fixed. The held-out quarter of the images takes no part in training, nor in any choice.
"""

import sys
from pathlib import Path

import nnabla as nn
import nnabla.functions as F
import nnabla.parametric_functions as PF
import nnabla.solvers as S
import numpy as np
from nnabla.utils.save import save
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = 313
EPOCHS = 60
BATCH = 32


def network(x: nn.Variable, train: bool) -> nn.Variable:
    """The logits, of shape (batch, 10), for images of shape (batch, 1, 8, 8)."""
    h = x * (1 / 16)
    for name, channels in (("conv1", 16), ("conv2", 32)):
        with nn.parameter_scope(name):
            h = PF.convolution(h, channels, (3, 3), pad=(1, 1))
            h = PF.batch_normalization(h, batch_stat=train)
            h = F.max_pooling(F.relu(h), (2, 2))
    return PF.affine(h, 10, name="affine")


def fit(images: np.ndarray, labels: np.ndarray, random: np.random.RandomState) -> None:
    """Train the parameters of the global scope; the learning rate falls along a half cosine."""
    x = nn.Variable((BATCH, 1, 8, 8))
    t = nn.Variable((BATCH, 1))
    loss = F.mean(F.softmax_cross_entropy(network(x, train=True), t))
    solver = S.Adam()
    solver.set_parameters(nn.get_parameters())
    steps = len(images) // BATCH
    for epoch in range(EPOCHS):
        solver.set_learning_rate(1e-3 * (1 + np.cos(np.pi * epoch / EPOCHS)))
        order = random.permutation(len(images))
        total = 0.0
        for chosen in np.split(order[: steps * BATCH], steps):
            x.d, t.d = images[chosen], labels[chosen, None]
            loss.forward(clear_no_need_grad=True)
            solver.zero_grad()
            loss.backward(clear_buffer=True)
            solver.weight_decay(1e-4)
            solver.update()
            total += float(loss.d)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: mean loss {total / steps:.4f}")


def infer(images: np.ndarray) -> np.ndarray:
    """The probabilities, of shape (n, 10), of n images."""
    x = nn.Variable((len(images), 1, 8, 8))
    y = F.softmax(network(x, train=False))
    x.d = images
    y.forward()
    return y.d.copy()


def save_network(path: Path) -> None:
    x = nn.Variable((BATCH, 1, 8, 8))
    y = F.softmax(network(x, train=False))
    contents = {
        "networks": [{"name": "runtime", "batch_size": BATCH, "names": {"x": x}, "outputs": {"y": y}}],
        "executors": [{"name": "runtime", "network": "runtime", "data": ["x"], "output": ["y"]}],
    }
    save(str(path), contents)


def main(folder: Path) -> None:
    digits = load_digits()
    images, held_out, labels, held_out_labels = train_test_split(
        digits.images[:, None].astype(np.float32),
        digits.target.astype(np.int32),
        test_size=0.25,
        stratify=digits.target,
        random_state=SEED,
    )
    random = np.random.RandomState(SEED)
    nn.random.prng = np.random.RandomState(SEED)  # the initial weights
    fit(images, labels, random)

    for name, x, label in (("training", images, labels), ("held-out", held_out, held_out_labels)):
        right = int((infer(x).argmax(axis=1) == label).sum())
        print(f"{name}: {right} of {len(x)} right, {100 * right / len(x):.2f} %")

    save_network(folder / "digits.nnp")
    np.savez_compressed(folder / "representative.npz", x=images[random.permutation(len(images))[:100]])
    x = held_out[:32]
    np.savez_compressed(folder / "test_inputs.npz", x=x, label=held_out_labels[:32], y=infer(x))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)

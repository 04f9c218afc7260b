"""A project as a training tool saves it: networks for training, validation and use, optimizer, monitors, data sets.

Only the network `runtime` is compiled; the rest has to survive where a file is written in its own format again.
"""

from pathlib import Path

import nnabla as nn
import nnabla.functions as F
import nnabla.parametric_functions as PF
import nnabla.solvers as S
import numpy as np
from nnabla.utils.save import save

BATCH = 7


def classifier(x: nn.Variable, train: bool) -> nn.Variable:
    h = PF.convolution(x, 4, (3, 3), name="conv")
    h = F.relu(PF.batch_normalization(h, batch_stat=train, name="bn"))
    h = PF.affine(F.average_pooling(h, (2, 2)), 8, name="affine1")
    return PF.affine(F.dropout(F.tanh(h), 0.3, seed=1) if train else F.tanh(h), 3, name="affine2")


def save_training(path: Path, random: np.random.RandomState) -> None:
    x, t = nn.Variable((BATCH, 2, 6, 6)), nn.Variable((BATCH, 1))
    loss = F.mean(F.softmax_cross_entropy(classifier(x, train=True), t))
    logits = classifier(x, train=False)
    error = F.mean(F.top_n_error(logits, t))
    y = F.softmax(logits)

    solver = S.Momentum(lr=0.05, momentum=0.8)
    solver.set_parameters(nn.get_parameters())
    for _ in range(3):  # so that the optimizer has a state to keep
        x.d, t.d = random.randn(*x.shape), random.randint(0, 3, t.shape)
        loss.forward(clear_no_need_grad=True)
        solver.zero_grad()
        loss.backward(clear_buffer=True)
        solver.update()

    def data(name: str, shuffle: bool) -> dict:
        return {
            "name": name,
            "uri": f"{name}.csv",
            "cache_dir": f"{name}.cache",
            "variables": {"x": x, "t": t},
            "shuffle": shuffle,
            "batch_size": BATCH,
            "no_image_normalization": True,
        }

    def network(name: str, inputs: dict[str, nn.Variable], outputs: dict[str, nn.Variable]) -> dict:
        return {"name": name, "batch_size": BATCH, "names": inputs, "outputs": outputs}

    contents = {
        "global_config": {"default_context": nn.get_current_context()},
        "training_config": {"max_epoch": 20, "iter_per_epoch": 9, "save_best": True},
        "networks": [
            network("training", {"x": x, "t": t}, {"loss": loss}),
            network("validation", {"x": x, "t": t}, {"error": error}),
            network("runtime", {"x": x}, {"y": y}),
        ],
        "optimizers": [
            {
                "name": "optimizer",
                "solver": solver,
                "network": "training",
                "dataset": "training_data",
                "weight_decay": 0.001,
                "lr_decay": 0.9,
                "lr_decay_interval": 2,
                "update_interval": 1,
            }
        ],
        "datasets": [data("training_data", True), data("validation_data", False)],
        "monitors": [
            {"name": "training_error", "network": "validation", "dataset": "training_data"},
            {"name": "validation_error", "network": "validation", "dataset": "validation_data"},
        ],
        "executors": [
            {"name": "use", "network": "runtime", "data": ["x"], "output": ["y"]},
            {"name": "judge", "network": "validation", "data": ["x", "t"], "output": ["error"]},
        ],
    }
    save(str(path), contents, parameter_format=".protobuf", include_solver_state=True)

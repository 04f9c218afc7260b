"""Write this folder's networks with NNabla, and the values that NNabla computes for them.

    pip install nnabla h5py
    python make.py [NAME ...]

For each network NAME.nnp there is NAME.npz: `in_<input>` and `out_<output>` at batch size `batch`, `in1_…` and `out1_…`
at `batch1`, and for networks of images or sequences without loops `rep_…` and `repout_…`: 16 samples to calibrate with,
and their outputs. Values always come from the file that was written, read again by NNabla. Seeds are fixed and the
archives carry a fixed date: running this again changes nothing.
"""

import io
import sys
import zipfile
import zlib
from pathlib import Path

import h5py
import nnabla as nn
import numpy as np
from google.protobuf import text_format
from loops import LOOPS, Parameters
from networks import NETWORKS
from nnabla.utils import nnabla_pb2
from nnabla.utils.nnp_graph import NnpLoader
from nnabla.utils.save import save
from training import save_training

FOLDER = Path(__file__).resolve().parent
BATCH = 7  # no other dimension has this size, and NNabla's writer finds the batch dimension by its size
DATE = (2020, 1, 1, 0, 0, 0)


def archive(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as output:
        for name, content in members.items():
            output.writestr(zipfile.ZipInfo(name, DATE), content, zipfile.ZIP_DEFLATED)


def read_archive(path: Path) -> dict[str, bytes]:
    """The members by name, sorted: NNabla writes them in any order."""
    with zipfile.ZipFile(path) as written:
        return {name: written.read(name) for name in sorted(written.namelist())}


def vary_parameters(random: np.random.RandomState) -> None:
    """Give biases and the statistics of normalizations values that change the result if they are lost."""
    for name, value in sorted(nn.get_parameters(grad_only=False).items()):
        last = name.rpartition("/")[2]
        if last in ("b", "beta"):
            value.d = random.randn(*value.shape) * 0.2
        elif last in ("gamma", "var", "slope"):
            value.d = random.uniform(0.5, 1.5, value.shape) * (0.25 if last == "slope" else 1)
        elif last == "mean":
            value.d = random.randn(*value.shape) * 0.3


def write_network(path: Path, random: np.random.RandomState) -> None:
    nn.clear_parameters()
    nn.random.prng = random
    inputs, outputs = NETWORKS[path.stem](BATCH)
    vary_parameters(random)
    contents = {
        "networks": [{"name": "runtime", "batch_size": BATCH, "names": inputs, "outputs": outputs}],
        "executors": [{"name": "runtime", "network": "runtime", "data": list(inputs), "output": list(outputs)}],
    }
    # NNabla's writer sets every base_axis to 1 when it makes the batch variable: wrong for affines over (batch, time).
    by_nnabla = path.stem != "transformer"
    save(str(path), contents, variable_batch_size=by_nnabla)
    members = read_archive(path)
    if not by_nnabla:
        members["network.nntxt"] = variable_batch(members["network.nntxt"].decode()).encode()
    archive(path, members)


def variable_batch(text: str) -> str:
    """The network text with -1 for the batch dimension of buffers and of the shapes given to reshapes."""
    message = text_format.Parse(text, nnabla_pb2.NNablaProtoBuf())
    for network in message.network:
        shapes = [each.shape for each in network.variable if each.type == "Buffer"]
        shapes += [each.reshape_param.shape for each in network.function if each.HasField("reshape_param")]
        for shape in shapes:
            if shape.dim[:1] == [BATCH]:
                shape.dim[0] = -1
    return text_format.MessageToString(message)


def write_training(path: Path, random: np.random.RandomState) -> None:
    nn.clear_parameters()
    nn.random.prng = random
    save_training(path, random)
    archive(path, read_archive(path))


def h5(parameters: Parameters) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for index, (name, value) in enumerate(parameters.items()):
            dataset = file.create_dataset(name, data=value.astype(np.float32))
            dataset.attrs["index"] = index
            dataset.attrs["need_grad"] = True
    return buffer.getvalue()


def protobuf(parameters: Parameters) -> bytes:
    message = nnabla_pb2.NNablaProtoBuf()
    for name, value in parameters.items():
        message.parameter.add(
            variable_name=name, shape={"dim": value.shape}, data=value.astype(np.float32).ravel(), need_grad=True
        )
    return message.SerializeToString(deterministic=True)


def write_loop(path: Path, random: np.random.RandomState) -> None:
    text, parameters = LOOPS[path.stem](random)
    stored = {"parameter.protobuf": protobuf} if path.stem == "repeat_new_style" else {"parameter.h5": h5}
    members = {"nnp_version.txt": b"0.1\n", "network.nntxt": text.encode()}
    archive(path, members | {name: write(parameters) for name, write in stored.items()})


class Reader:
    """A written network as NNabla reads it, and what its first executor says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        message = text_format.Parse(read_archive(path)["network.nntxt"].decode(), nnabla_pb2.NNablaProtoBuf())
        executor = message.executor[0]
        self.network = executor.network_name
        self.outputs = [each.variable_name for each in executor.output_variable]
        self.constants = {each.variable_name: each.multiplier for each in executor.generator_variable}
        shapes = {
            each.name: tuple(each.shape.dim)
            for network in message.network
            if network.name == self.network
            for each in network.variable
        }
        self.inputs = {each.variable_name: shapes[each.variable_name] for each in executor.data_variable}

    def draw(self, random: np.random.RandomState, batch: int) -> dict[str, np.ndarray]:
        """Standard normal inputs; -1 in a shape stands for the batch."""
        shapes = {name: [batch if dim < 0 else dim for dim in shape] for name, shape in self.inputs.items()}
        return {name: random.randn(*shape).astype(np.float32) for name, shape in shapes.items()}

    def evaluate(self, values: dict[str, np.ndarray], batch: int) -> dict[str, np.ndarray]:
        nn.clear_parameters()
        network = NnpLoader(str(self.path)).get_network(self.network, batch_size=batch)
        for name, variable in network.inputs.items():
            variable.d = self.constants[name] if name in self.constants else values[name]
        outputs = {name: network.variables[name] for name in self.outputs}
        nn.forward_all(list(outputs.values()))
        return {name: variable.d.copy() for name, variable in outputs.items()}


def write_values(path: Path, random: np.random.RandomState) -> None:
    reader = Reader(path)
    golden: dict[str, np.ndarray] = {}
    sets = [("in", "out", "batch", 1), ("in1", "out1", "batch1", 4)]
    if path.stem not in LOOPS:
        sets.append(("rep", "repout", "", 16))
    for given, computed, size, batch in sets:
        values = reader.draw(random, batch)
        golden |= {f"{given}_{name}": value for name, value in values.items()}
        golden |= {f"{computed}_{name}": value for name, value in reader.evaluate(values, batch).items()}
        if size:
            golden[size] = np.array(batch)
    np.savez_compressed(path.with_suffix(".npz"), **golden)


def main(names: list[str]) -> None:
    writers = dict.fromkeys(NETWORKS, write_network) | dict.fromkeys(LOOPS, write_loop) | {"training": write_training}
    for name in names or writers:
        path = FOLDER / f"{name}.nnp"
        # Both styles of a repeat get the same numbers.
        seed = zlib.crc32(name.removesuffix("_new_style").removesuffix("_old_style").encode())
        random = np.random.RandomState(seed)
        writers[name](path, random)
        write_values(path, random)
        print(f"{name}: {path.stat().st_size} and {path.with_suffix('.npz').stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])

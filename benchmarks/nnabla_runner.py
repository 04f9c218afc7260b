"""Runs NNPs in NNabla: started by nnabla_runs.py, with a Python that has NNabla (3.8 or later) and nothing of nncc.

Reads a job a line from its standard input, as JSON: ``nnp`` (the file), ``inputs`` and ``outputs`` (.npz files, by
variable name) and ``batch``. Answers each with a line: ``ok``, or what NNabla said.
"""

import json
import logging
import sys

logging.disable(logging.CRITICAL)

import nnabla  # noqa: E402
import numpy  # noqa: E402
from nnabla.utils.nnp_graph import NnpLoader  # noqa: E402


def run(job):
    nnabla.clear_parameters()
    loader = NnpLoader(job["nnp"])
    network = loader.get_network(loader.get_network_names()[0], batch_size=job["batch"])
    with numpy.load(job["inputs"]) as given:
        for name in given.files:
            if name in network.inputs:
                variable = network.inputs[name]
                if tuple(variable.shape) != given[name].shape:
                    raise ValueError(f"input {name} has the shape {variable.shape}, not {given[name].shape}")
                variable.d = given[name]
    wanted = {name: network.variables[name] for name in job["wanted"]}
    nnabla.forward_all(list(wanted.values()), clear_buffer=False)
    numpy.savez(job["outputs"], **{name: variable.d for name, variable in wanted.items()})


for line in sys.stdin:
    try:
        run(json.loads(line))
        answer = "ok"
    except Exception as error:
        answer = " ".join(str(error).split())[-300:] or repr(error)
    print(json.dumps(answer), flush=True)

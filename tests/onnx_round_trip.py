"""The second judge of lifted models: lowered to ONNX again and run by onnxruntime."""

from __future__ import annotations

import ctypes
import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnx import helper

from nncc.backends import onnx as backend
from nncc.pipelines import driver
from nncc.pipelines.pipeline import Pipeline
from nncc.tools.onnx_backend import Prepared, by_name


class RuntimeLimit(Exception):
    """onnxruntime has no kernel for what is legal ONNX."""


@functools.cache
def _lowering() -> Pipeline:
    return driver.find_pipeline("expand-for-onnx,lower-to-onnx")


class RoundTrip(Prepared):
    """A model that went through nn and back to ONNX. Raises CompileError, and RuntimeLimit where it cannot be run."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.names = self.module.main.input_names
        driver.compile(self.module, _lowering())
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            backend.save(self.module, Path(file.name))
            self.session = self._session(file.name)

    @staticmethod
    def _session(path: str) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented as error:
            raise RuntimeLimit(str(error)) from error

    def run(self, inputs: Any, **options: Any) -> tuple[np.ndarray, ...]:
        given = by_name(self.names, inputs)
        taken = {port.name: np.asarray(given[port.name], order="C") for port in self.session.get_inputs()}
        outputs = [port.name for port in self.session.get_outputs()]
        if any(array.dtype.kind == "O" for array in taken.values()):  # strings have no memory of their own
            return tuple(self.session.run(outputs, taken))
        values = {name: _to_runtime(array) for name, array in taken.items()}
        found = self.session.run_with_ort_values(outputs, {name: value for name, (value, _) in values.items()})
        return tuple(map(_from_runtime, found))


def _to_runtime(array: np.ndarray) -> tuple[onnxruntime.OrtValue, np.ndarray]:
    """A value of onnxruntime, and the memory that it looks at, which must outlive it."""
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    if array.dtype.kind in "biufc" and array.dtype.isbuiltin == 1:
        return onnxruntime.OrtValue.ortvalue_from_numpy(array), array
    memory = np.zeros(array.shape, np.uint16 if array.dtype.itemsize == 2 else np.uint8)
    packed = _packed(array)
    memory.reshape(-1).view(np.uint8)[: packed.size] = packed
    return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(memory, int(kind)), memory


def _from_runtime(value: onnxruntime.OrtValue) -> np.ndarray:
    dtype = helper.tensor_dtype_to_np_dtype(value.element_type())
    if dtype.kind == "O" or dtype.isbuiltin == 1:
        return value.numpy()
    count = int(np.prod(value.shape()))
    per_byte = 8 // _bits(dtype) if _bits(dtype) < 8 else 1
    size = -(-count // per_byte) * dtype.itemsize
    memory = np.frombuffer(ctypes.string_at(value.data_ptr(), size), np.uint8)
    return _unpacked(memory, dtype, count).reshape(value.shape())


def _bits(dtype: np.dtype) -> int:
    """How many bits an element takes in a tensor of ONNX."""
    name = dtype.name
    return 2 if name in ("int2", "uint2") else 4 if name in ("int4", "uint4", "float4_e2m1fn") else 8 * dtype.itemsize


def _packed(array: np.ndarray) -> np.ndarray:
    """The bytes of a tensor: elements of less than 8 bits lie together, the first one in the lowest bits."""
    stored = array.reshape(-1).view(np.uint8)
    bits = _bits(array.dtype)
    if bits >= 8:
        return stored
    per_byte = 8 // bits
    lanes = np.zeros(-(-stored.size // per_byte) * per_byte, np.uint8)
    lanes[: stored.size] = stored & (2**bits - 1)
    shifts = np.arange(per_byte, dtype=np.uint8) * bits
    return np.bitwise_or.reduce(lanes.reshape(-1, per_byte) << shifts, 1)


def _unpacked(memory: np.ndarray, dtype: np.dtype, count: int) -> np.ndarray:
    bits = _bits(dtype)
    if bits >= 8:
        return memory.view(dtype)
    shifts = np.arange(8 // bits, dtype=np.uint8) * bits
    stored = ((memory[:, None] >> shifts) & (2**bits - 1)).reshape(-1)[:count]
    if dtype.name.startswith("int"):  # the sign moves in
        stored = np.where(stored >= 2 ** (bits - 1), stored | (256 - 2**bits), stored).astype(np.uint8)
    return stored.view(dtype)

"""The exponential functions of C programs beside numpy's in double precision."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from nncc.backends.c.helpers import helpers_in

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")

SMALLEST = np.float64(2.0**-149)
FUNCTIONS = {
    "nncc_exp_float": (np.exp, -np.inf, np.inf),
    "nncc_expm1_float": (np.expm1, -np.inf, 80.0),
    "nncc_tanh_float": (np.tanh, -np.inf, np.inf),
    "nncc_logistic_float": (lambda x: 1 / (1 + np.exp(-x)), -88.0, np.inf),
}


@pytest.fixture(scope="module", params=["-O1 -fsanitize=undefined -fno-sanitize-recover=all", "-O3 -ffp-contract=fast"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder: Path = tmp_path_factory.mktemp("functions")
    loops = [
        f"void run_{name}(const float *x, float *y, int n)\n{{ for (int i = 0; i < n; i++) y[i] = {name}(x[i]); }}\n"
        for name in FUNCTIONS
    ]
    head = "#include <math.h>\n#include <stdint.h>\n#include <string.h>\n"
    (folder / "f.c").write_text(head + "\n".join([*helpers_in(loops), *loops]))
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-shared", "-fPIC", *request.param.split()]
    subprocess.run(["gcc", *flags, "-o", folder / "f.so", folder / "f.c", "-lm"], check=True)
    return ctypes.CDLL(str(folder / "f.so"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_within_three_units_in_the_last_place(library: ctypes.CDLL, name: str) -> None:
    function, least, most = FUNCTIONS[name]
    bits = np.arange(0, 2**32, 4999, dtype=np.uint64).astype(np.uint32).view(np.float32)
    x = np.concatenate(
        [bits, np.linspace(-110, 110, 200_001, dtype=np.float32), np.float32([0, -0.0, np.inf, -np.inf])]
    )
    x = np.ascontiguousarray(x[~np.isnan(x) & (x >= least) & (x <= most)])
    y = np.empty_like(x)
    getattr(library, f"run_{name}")(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data), len(x))
    with np.errstate(over="ignore"):
        want = function(x.astype(np.float64))
        rounded = want.astype(np.float32)
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(y[~finite], rounded[~finite])
    units = np.maximum(np.spacing(np.abs(rounded[finite])).astype(np.float64), SMALLEST)
    assert np.max(np.abs(y[finite] - want[finite]) / units) < 3


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_nan_stays_one(library: ctypes.CDLL, name: str) -> None:
    x, y = np.float32([np.nan]), np.zeros(1, np.float32)
    getattr(library, f"run_{name}")(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data), 1)
    assert np.isnan(y[0])

"""Programs in C, compiled with all warnings as errors; their own tests compare with what nncc computes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from nncc.backends.c import save
from nncc.ir import Module
from nncc.ir.passes import PassContext
from nncc.passes.plan_memory import PlanMemory

WARNINGS = "-std=c99 -Wall -Wextra -Werror -pedantic"
SANITIZED = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"


def make(folder: Path, flags: str, compiler: str = "gcc") -> str:
    """Compile a program and run its test; what that says."""
    done = subprocess.run(
        ["make", "-s", "-C", str(folder), "clean", "check", f"CC={compiler}", f"CFLAGS={WARNINGS} {flags}"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(module: Module, folder: Path, flags: str = SANITIZED) -> str:
    """Write the program of a module in the c dialect, compile it and run its test."""
    module.verify()
    PlanMemory().run(module, PassContext())
    save(module, folder)
    return make(folder, flags)

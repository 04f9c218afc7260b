"""Files of models, mapped."""

from __future__ import annotations

import mmap
import os
from pathlib import Path


def map_file(path: Path) -> memoryview:
    """The content of a file, without reading it. Raises OSError."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

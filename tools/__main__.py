"""``python -m nncc.tools`` is ``nncc``."""

import sys

from .cli import main

sys.exit(main())

"""Loaded by pytest before it reads the settings (`-p`, pyproject).

Tests have a folder and a secret of their own, and send nothing unless they say so.
"""

import os
from pathlib import Path

os.environ.setdefault("COUNTERFOIL_DATA_DIR", str(Path(__file__).resolve().parents[2] / "var" / "test"))
os.environ.setdefault("SECRET_KEY", "tests keep no secrets")
os.environ.setdefault("COUNTERFOIL_OUTBOX", "1")

"""Loaded by pytest before it reads the settings (`-p`, pyproject): tests have a folder and a secret of their own."""

import os
from pathlib import Path

os.environ.setdefault("COUNTERFOIL_DATA_DIR", str(Path(__file__).resolve().parents[2] / "var" / "test"))
os.environ.setdefault("SECRET_KEY", "tests keep no secrets")

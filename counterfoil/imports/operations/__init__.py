"""What brings files in."""

from counterfoil.imports.operations.bringing import import_file
from counterfoil.imports.operations.uploads import save_mapping, upload_file

__all__ = ["import_file", "save_mapping", "upload_file"]

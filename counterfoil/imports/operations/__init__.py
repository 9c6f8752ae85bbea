"""What brings files in."""

from counterfoil.imports.operations.bringing import import_file
from counterfoil.imports.operations.uploads import drop_old_uploads, save_mapping, upload_file

__all__ = ["drop_old_uploads", "import_file", "save_mapping", "upload_file"]

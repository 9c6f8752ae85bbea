"""What brings files in."""

from counterfoil.imports.operations.bringing import import_file
from counterfoil.imports.operations.parking import drop_parked_rows, place_parked_row
from counterfoil.imports.operations.uploads import drop_old_uploads, save_mapping, upload_file

__all__ = ["drop_old_uploads", "drop_parked_rows", "import_file", "place_parked_row", "save_mapping", "upload_file"]

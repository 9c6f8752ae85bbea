"""Many documents as one file, to be printed at once."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

import pypdfium2


def joined(files: Iterable[bytes]) -> bytes:
    """The pages of these PDFs (our own), in their order."""
    whole = pypdfium2.PdfDocument.new()
    for content in files:
        part = pypdfium2.PdfDocument(content)
        whole.import_pages(part)
        part.close()
    out = BytesIO()
    whole.save(out)
    whole.close()
    return out.getvalue()

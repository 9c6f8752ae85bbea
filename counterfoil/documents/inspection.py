"""What a file really is, found by reading it as that, and a small picture of it.

The name and the browser's word for it are claims. Only what one of the parsers below reads to the end is taken.
"""

from __future__ import annotations

import io
import threading
import zipfile
from dataclasses import dataclass

import pypdfium2
from PIL import Image, ImageOps, UnidentifiedImageError

from counterfoil.kernel.errors import Refused

MOST_BYTES = 20 * 1024 * 1024
_MOST_PIXELS = 60_000_000
# A file that unpacks to more than this, or to hundreds of times its size, is made to fill disks.
_MOST_UNPACKED, _MOST_RATIO = 200 * 1024 * 1024, 200
_THUMBNAIL = (360, 360)
_IMAGES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_OPEN_DOCUMENTS = {
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
}
_OFFICE = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# The library reads one document at a time.
_pdfium = threading.Lock()


@dataclass(frozen=True)
class Inspected:
    """The type a file has, and a small JPEG of it where it can be seen."""

    mime: str
    thumbnail: bytes = b""


def inspect(content: bytes, *, field: str = "file") -> Inspected:
    """Read a file as what it is. Refused when it is empty, too large, damaged, or of a kind that is not kept."""
    if not content:
        raise Refused("empty_file", "The file is empty.", field=field)
    if len(content) > MOST_BYTES:
        raise Refused("file_too_large", f"A file may have {MOST_BYTES >> 20} MB at most.", field=field)
    try:
        found = _pdf(content) or _image(content) or _packed(content) or _text(content)
    except Refused as refusal:
        raise Refused(refusal.code, refusal.sentence, field=field) from refusal
    if found is None:
        raise Refused(
            "unknown_file",
            "This kind of file is not kept. Use PDF, PNG, JPEG, WebP, GIF, Word, Excel, OpenDocument or plain text.",
            field=field,
        )
    return found


def _pdf(content: bytes) -> Inspected | None:
    if not content.startswith(b"%PDF-"):
        return None
    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                return Inspected("application/pdf")
            raise Refused("damaged_file", "The PDF cannot be read. Save it again and attach that.") from error
        try:
            if len(document) == 0:
                raise Refused("damaged_file", "The PDF has no page.")
            page = document[0]
            scale = min(_THUMBNAIL[0] / max(page.get_width(), 1), _THUMBNAIL[1] / max(page.get_height(), 1))
            picture = page.render(scale=scale).to_pil()
        except pypdfium2.PdfiumError:
            return Inspected("application/pdf")
        finally:
            document.close()
    return Inspected("application/pdf", _small(picture))


def _image(content: bytes) -> Inspected | None:
    try:
        with Image.open(io.BytesIO(content), formats=list(_IMAGES)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise Refused("too_many_pixels", "The picture has too many pixels. Make it smaller.")
            mime = _IMAGES[str(picture.format)]
            return Inspected(mime, _small(ImageOps.exif_transpose(picture) or picture))
    except UnidentifiedImageError:
        return None
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - a broken picture breaks the parser in every way there is
        raise Refused("damaged_file", "The picture cannot be read. Save it again and attach that.") from error


def _small(picture: Image.Image) -> bytes:
    """The picture made anew, so that nothing of the file but what one sees is in it."""
    picture.thumbnail(_THUMBNAIL)
    if picture.mode in ("RGBA", "LA", "P"):
        layer = picture.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        picture = Image.alpha_composite(white, layer)
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def _packed(content: bytes) -> Inspected | None:
    if not content.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            members = packed.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > _MOST_UNPACKED or unpacked > _MOST_RATIO * len(content) or len(members) > 10_000:
                raise Refused("zip_bomb", "The file unpacks to far more than its size and is not kept.")
            names = {member.filename for member in members}
            if "mimetype" in names and packed.getinfo("mimetype").file_size < 200:
                mime = packed.read("mimetype").decode("ascii", "replace").strip()
                return Inspected(mime) if mime in _OPEN_DOCUMENTS else None
            if any(name.endswith("vbaProject.bin") for name in names):
                raise Refused("has_macros", "The document holds macros. Save it without them, or as a PDF.")
            return next((Inspected(mime) for part, mime in _OFFICE.items() if part in names), None)
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - and so does a broken archive
        raise Refused("damaged_file", "The file cannot be read. Save it again and attach that.") from error


def _text(content: bytes) -> Inspected | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if any(ord(char) < 32 and char not in "\t\n\r\f" for char in text):
        return None
    # Markup is for browsers to run, not for reading.
    return None if text.lstrip().startswith("<") else Inspected("text/plain")

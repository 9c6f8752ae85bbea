"""What a file really is, told by its beginning and its lists: nothing in it is drawn or unpacked here.

The name and the browser's word for it are claims. Pictures of it are made by the worker, in a process of their own
(`picturing.py`), because what draws a file from a stranger may take all memory there is.
"""

from __future__ import annotations

import io
import re
import zipfile

from PIL import Image, UnidentifiedImageError

from counterfoil.kernel.errors import Refused

MOST_BYTES = 20 * 1024 * 1024
# Four bytes of memory each for whoever draws it. A camera of a telephone makes 12 to 50 million.
MOST_PIXELS = 50_000_000
# A file that unpacks to more than this, or to hundreds of times its size, is made to fill disks.
_MOST_UNPACKED, _MOST_RATIO, _MOST_MEMBERS = 200 * 1024 * 1024, 200, 10_000
_BOMB = "The file unpacks to far more than its size and is not kept."
_IMAGES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_OPEN_DOCUMENTS = {
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
}
_OFFICE = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")


def inspect(content: bytes, *, field: str = "file") -> str:
    """The type a file has. Refused when it is empty, too large, damaged, or of a kind that is not kept."""
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


def picture_size(content: bytes) -> tuple[int, int]:
    """How many pixels a picture has each way, by its beginning; it is not drawn."""
    with Image.open(io.BytesIO(content), formats=list(_IMAGES)) as picture:
        return picture.width, picture.height


def _pdf(content: bytes) -> str | None:
    if not content.startswith(b"%PDF-"):
        return None
    # Its list of contents is at the end, so one that was cut short has none.
    if b"startxref" not in content or b"%%EOF" not in content:
        raise Refused("damaged_file", "The PDF cannot be read. Save it again and attach that.")
    return "application/pdf"


def _image(content: bytes) -> str | None:
    try:
        # Reads how large it is, and does not draw it.
        with Image.open(io.BytesIO(content), formats=list(_IMAGES)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Refused(
                    "too_many_pixels",
                    f"The picture is {picture.width} by {picture.height} pixels; {MOST_PIXELS // 1_000_000} million "
                    "is the most. Make it smaller.",
                )
            mime = _IMAGES[str(picture.format)]
            picture.verify()
            return mime
    except UnidentifiedImageError:
        return None
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - a broken picture breaks the parser in every way there is
        raise Refused("damaged_file", "The picture cannot be read. Save it again and attach that.") from error


def _packed(content: bytes) -> str | None:
    if not content.startswith(b"PK\x03\x04"):
        return None
    if content.count(b"PK\x01\x02") > _MOST_MEMBERS:
        # Counted before the list is read: each line of it takes ten times its room in memory.
        raise Refused("zip_bomb", _BOMB)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            members = packed.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > _MOST_UNPACKED or unpacked > _MOST_RATIO * len(content):
                raise Refused("zip_bomb", _BOMB)
            names = {member.filename for member in members}
            if "mimetype" in names and packed.getinfo("mimetype").file_size < 200:
                mime = packed.read("mimetype").decode("ascii", "replace").strip()
                return mime if mime in _OPEN_DOCUMENTS else None
            if any(name.endswith("vbaProject.bin") for name in names):
                raise Refused("has_macros", "The document holds macros. Save it without them, or as a PDF.")
            return next((mime for part, mime in _OFFICE.items() if part in names), None)
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - and so does a broken archive
        raise Refused("damaged_file", "The file cannot be read. Save it again and attach that.") from error


def _text(content: bytes) -> str | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if _NOT_TEXT.search(text):
        return None
    # Markup is for browsers to run, not for reading.
    return None if text.lstrip().startswith("<") else "text/plain"

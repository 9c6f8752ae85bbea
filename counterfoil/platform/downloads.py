"""A file as an answer: under its own name in any script, shown in the browser only where that is safe."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from django.http import HttpResponse

# What a browser shows without running anything of it. Everything else is to keep, whatever was asked for.
INLINE = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif"})
# What we serve besides, as what it is. Anything else (markup, scripts) is bytes.
_KNOWN = INLINE | {
    "text/plain",
    "text/csv",
    "application/zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
}
_MOST_LETTERS, _MOST_ENDING = 120, 12
# Folders, what shells and Windows read, and what begins a header's next part.
_SPECIAL = re.compile(r"""[/\\:*?"<>|;%]+""")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def file_response(content: bytes, name: str, mime: str, *, inline: bool = False) -> HttpResponse:
    """A file to keep, or (inline, where its type is safe to show) to look at."""
    kind = mime.partition(";")[0].strip().lower()
    response = HttpResponse(content, content_type=mime if kind in _KNOWN else "application/octet-stream")
    response.headers["Content-Disposition"] = disposition(name, inline=inline and kind in INLINE)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def disposition(name: str, *, inline: bool = False) -> str:
    """The header that says what a file is called (RFC 6266): in plain letters for old programs, and as it is."""
    safe = safe_name(name)
    how = "inline" if inline else "attachment"
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode().strip(" .")
    stem, dot, ending = safe.rpartition(".")
    if not plain or (dot and plain == ending.strip(" .")):
        # Nothing of the name is left but its ending.
        plain = f"file.{plain}" if plain and dot else "file"
    header = f'{how}; filename="{plain}"'
    return header if plain == safe else f"{header}; filename*=UTF-8''{quote(safe, safe='')}"


def safe_name(name: str) -> str:
    """The name on one line, without folders and what no file system takes; cut where it is too long, before its ending.

    Nothing in it is unseen or makes the words after it run the other way: `gpj.exe` cannot look like `exe.jpg`.
    """
    seen = "".join(
        " " if unicodedata.category(char)[0] == "Z" else char
        for char in unicodedata.normalize("NFC", name)
        if unicodedata.category(char)[0] != "C" or char in "\t\r\n"
    )
    tidy = " ".join(_SPECIAL.sub("-", seen).split()).strip(" .-")
    stem, dot, ending = tidy.rpartition(".")
    if dot and len(ending) <= _MOST_ENDING:
        tidy = f"{stem[:_MOST_LETTERS].rstrip(' .') or 'file'}.{ending}"
    else:
        tidy = tidy[:_MOST_LETTERS].rstrip(" .")
    return f"_{tidy}" if _RESERVED.fullmatch(tidy) else tidy or "file"

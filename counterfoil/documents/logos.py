"""The head of documents, and its logo: what that may hold, and how it gets onto paper and pages.

It is drawn in every document and sent to every browser, so of what a drawing can hold only shapes and text are taken:
nothing that runs, nothing that is fetched from elsewhere. A picture is made anew, so that what is kept is our own.
"""

from __future__ import annotations

import base64
import re
import struct
from functools import lru_cache
from typing import Any
from xml.parsers import expat

from counterfoil.documents.inspection import inspect, picture_size
from counterfoil.documents.models import StoredFile
from counterfoil.documents.parties import Letterhead
from counterfoil.documents.picturing import redrawn
from counterfoil.documents.rendering import DocumentFailed, render_page, render_pdf
from counterfoil.kernel.errors import Refused, refuse_if

MOST_BYTES = 1024 * 1024
MOST_SIDE = 4000
SVG, PNG = "image/svg+xml", "image/png"
_DRAWING, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
# What runs, what changes a drawing after it was looked at, what brings in pages, and pictures, which nobody looked at.
_RUNS = ("script", "handler", "listener", "set")
_BRINGS_IN = ("foreignObject", "image", "feImage", "iframe", "object", "embed", "audio", "video")
_ELSEWHERE = re.compile(r"url\((?!\s*['\"]?\s*#)|@import|\\", re.IGNORECASE)


def check_logo(content: bytes) -> tuple[bytes, str]:
    """A logo as it is kept, with its type: an SVG of shapes and text, or a picture made anew as PNG.

    Refused when it is too large, holds more than that, or cannot be drawn.
    """
    refuse_if(len(content) > MOST_BYTES, "file_too_large", "A logo has at most 1 MB.", field="content")
    kept = (content, SVG) if _looks_like_svg(content) else (_picture(content), PNG)
    if kept[1] == SVG:
        _check_drawing(content)
    _prove(_as_svg(*kept))
    return kept


def _looks_like_svg(content: bytes) -> bool:
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _picture(content: bytes) -> bytes:
    mime = inspect(content, field="content")
    refuse_if(mime not in (PNG, "image/jpeg"), "unknown_file", "A logo is SVG, PNG or JPEG.", field="content")
    wide, high = picture_size(content)
    refuse_if(
        max(wide, high) > MOST_SIDE, "too_many_pixels",
        f"The picture is {wide:,} by {high:,} pixels; a logo has at most {MOST_SIDE:,} each way.", field="content",
    )  # fmt: skip
    made = redrawn(content, mime)
    refuse_if(not made, "damaged_file", "The picture cannot be read. Save it again.", field="content")
    return made


def _check_drawing(content: bytes) -> None:
    """Refused, with what it is, when a drawing holds more than shapes and text."""
    parser = expat.ParserCreate(namespace_separator=" ")
    root: list[str] = []
    inside: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        space, _, word = name.rpartition(" ")
        if not root:
            root.append(name)
            if name != f"{_DRAWING} svg":
                raise _no("It is not an SVG drawing.")
        if word in _RUNS or word.startswith("animate") or word == "discard":
            raise _no(f"It holds “{word}”, which runs in a browser. Save it as plain SVG.")
        if word in _BRINGS_IN or space.endswith("xhtml"):
            raise _no(f"It holds “{word}”. A logo has shapes and text only; save a picture as PNG.")
        inside.append(word)
        for key, value in attributes.items():
            _check_attribute(word, key, value)

    def text(value: str) -> None:
        if inside and inside[-1] == "style":
            _check_elsewhere(value)

    def declared(*parts: object) -> None:
        raise _no("It declares entities, which logos have no use for. Save it as plain SVG.")

    def instructed(target: str, data: str) -> None:
        raise _no(f"It holds an instruction, “{target}”. Save it as plain SVG.")

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: inside.pop() and None
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = declared
    parser.ProcessingInstructionHandler = instructed
    try:
        parser.Parse(content, True)
        content.decode("utf-8")
    except expat.ExpatError as error:
        raise _no("It cannot be read. Save it again as SVG.") from error
    except UnicodeDecodeError as error:
        raise _no("It is not in UTF-8. Save it again as SVG.") from error


def _check_attribute(element: str, key: str, value: str) -> None:
    space, _, name = key.rpartition(" ")
    if name.lower().startswith("on"):
        raise _no(f"It does something when it is looked at (“{name}”). Save it as plain SVG.")
    if name == "base" or (name in ("href", "src") and not value.strip().startswith("#")):
        raise _no(f"Its “{element}” leads elsewhere ({value.strip()[:60]}). Everything must be in the file.")
    # What a drawing program notes for itself, under names of its own, is drawn by nobody.
    if not space:
        _check_elsewhere(value)


def _check_elsewhere(style: str) -> None:
    if _ELSEWHERE.search(style):
        raise _no(f"It uses something that is not in the file ({style.strip()[:60]}).")


def _no(why: str) -> Refused:
    return Refused("unsafe_logo", f"The logo is not taken. {why}", field="content")


def _prove(svg: str) -> None:
    """It is drawn once here: what the engine cannot draw would stop every document."""
    sheet = {
        "title": "Logo", "author": "Logo", "foot": "", "lang": "en", "date": [2026, 1, 1], "heading": "Logo",
        "operator": {"name": "Logo", "initial": "L", "lines": [""], "logo": svg}, "facts": [[]],
        "figures": [{"label": "", "value": "", "note": "", "tone": "ink"}],
        "lines": {"heading": "", "columns": [{"label": "", "align": "left"}], "rows": [], "total": None},
    }  # fmt: skip
    try:
        render_pdf("receipt", sheet)
    except DocumentFailed as error:
        raise Refused("not_drawn", "The logo cannot be drawn. Save it again as plain SVG.", field="content") from error
    except Refused as refusal:
        raise Refused("not_drawn", "The logo takes too much to draw. Make it simpler.", field="content") from refusal


def _as_svg(content: bytes, mime: str) -> str:
    """The logo as the text of a drawing; a picture is put into one of its size."""
    if mime == SVG:
        return content.decode("utf-8-sig")
    wide, high = struct.unpack(">II", content[16:24])
    data = base64.b64encode(content).decode()
    return (
        f'<svg xmlns="{_DRAWING}" xmlns:xlink="{_LINK}" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">'
        f'<image width="{wide}" height="{high}" xlink:href="data:{mime};base64,{data}"/></svg>'
    )


@lru_cache(maxsize=16)
def _svg_of(sha256: str) -> str:
    file = StoredFile.objects.get(sha256=sha256, erased_at=None)
    return _as_svg(bytes(file.content), file.mime)


def logo_svg(sha256: str) -> str:
    """The logo with this hash as a drawing, for a document; empty without one."""
    return _svg_of(sha256) if sha256 else ""


@lru_cache(maxsize=16)
def logo_png(sha256: str) -> tuple[bytes, int, int]:
    """The logo with this hash as a PNG for a screen, and how wide and high it is shown there, in px.

    E-mail programs draw no SVG. Waits for the engine; raises `DocumentFailed` or `Refused` when it cannot be drawn.
    """
    made = render_page("logo", {"logo": logo_svg(sha256)})
    wide, high = struct.unpack(">II", made[16:24])
    return made, max(wide // 2, 1), max(high // 2, 1)


def data_address(svg: str) -> str:
    """The drawing as the address of an image, for a page that must stand alone; empty without one."""
    return f"data:{SVG};base64,{base64.b64encode(svg.encode()).decode()}" if svg else ""


def letterhead_view(operator: Letterhead) -> dict[str, Any]:
    """The operator at the head of the page: a logo, or a mark with the initial and the name; lines of small print."""
    legal = operator.legal_name or operator.name
    # Some write the name into the number: it is said once.
    named = operator.registration.casefold().startswith(operator.registration_name.casefold())
    registered = operator.registration if named else f"{operator.registration_name} {operator.registration}"
    registered = registered if operator.registration else ""
    # What was issued before an address had lines of its own is printed as it was.
    who = [legal, registered] if operator.address_lines else [", ".join(part for part in (legal, registered) if part)]
    tax = f"{operator.tax_number_name or operator.tax_name} {operator.tax_number}" if operator.tax_number else ""
    reach = ", ".join(part for part in (operator.email, operator.phone) if part)
    return {
        "name": operator.name,
        "initial": operator.name.strip()[:1].upper() or "C",
        "lines": [line for line in (*who, tax, *operator.lines, reach) if line],
        "colour": operator.colour,
        "logo": logo_svg(operator.logo),
        "footer": operator.footer,
    }

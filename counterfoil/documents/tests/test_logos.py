"""What a logo may hold: shapes and text, or a picture that is made anew."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from counterfoil.documents.inspection import picture_size
from counterfoil.documents.logos import MOST_BYTES, check_logo
from counterfoil.kernel.errors import Refused

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 90 30">'


def svg(inside: str, before: str = "") -> bytes:
    return f"{before}{HEAD}{inside}</svg>".encode()


def picture(size: tuple[int, int], form: str = "PNG", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#0b5fff").save(out, form, **more)
    return out.getvalue()


@pytest.mark.parametrize(
    "drawing",
    [
        svg('<path d="M0 0h90v30H0z" fill="#0b5fff"/><text x="5" y="20">Valley</text>'),
        # A gradient of its own, used by name, and what drawing programs write besides.
        svg(
            '<defs><linearGradient id="a"><stop stop-color="red"/></linearGradient><rect id="b" width="9" height="9"/>'
            '</defs><style>.c{fill:url(#a)}</style><use xlink:href="#b" class="c"/><use href="#b" fill="url(\'#a\')"/>',
            '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
            '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">',
        ),
        svg('<g xmlns:ink="http://ink.example" ink:file="C:\\logos\\valley.svg"><rect width="9" height="9"/></g>'),
    ],
)  # fmt: skip
def test_a_drawing_is_kept_as_it_is(drawing: bytes) -> None:
    assert check_logo(drawing) == (drawing, "image/svg+xml")


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("<script>alert(1)</script>", "It holds “script”, which runs in a browser"),
        ('<g><s:script xmlns:s="http://www.w3.org/2000/svg"/></g>', "It holds “script”"),
        ('<rect onload="alert(1)"/>', "It does something when it is looked at (“onload”)"),
        ('<rect ONCLICK="alert(1)"/>', "“ONCLICK”"),
        ("<foreignObject><p/></foreignObject>", "It holds “foreignObject”"),
        ('<p xmlns="http://www.w3.org/1999/xhtml"/>', "It holds “p”"),
        ('<animate attributeName="href" to="x"/>', "It holds “animate”"),
        ('<image href="data:image/png;base64,AAAA"/>', "It holds “image”"),
        ('<use xlink:href="https://elsewhere.example/a.svg#b"/>', "Its “use” leads elsewhere (https://elsewhere"),
        ('<a href=" javascript:alert(1)"><rect/></a>', "Its “a” leads elsewhere (javascript:alert(1))"),
        ('<g xml:base="https://elsewhere.example/"/>', "Its “g” leads elsewhere"),
        ('<rect fill="url(https://elsewhere.example/a#b)"/>', "It uses something that is not in the file"),
        ("<rect style=\"fill:URL( 'data:x')\"/>", "It uses something that is not in the file"),
        ('<rect style="fill:\\75rl(//elsewhere.example)"/>', "It uses something that is not in the file"),
        ('<style>@import "https://elsewhere.example/a.css";</style>', "It uses something that is not in the file"),
        ("<style>@font-face{src:url(//elsewhere.example)}</style>", "It uses something that is not in the file"),
        ("<g>", "It cannot be read"),
    ],
)  # fmt: skip
def test_a_drawing_that_does_more_is_refused_with_what_it_does(inside: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        check_logo(svg(inside))
    assert (refused.value.code, refused.value.field) == ("unsafe_logo", "content")
    assert said in refused.value.sentence


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (svg("<g>&a;</g>", '<!DOCTYPE svg [<!ENTITY a "aaaa">]>'), "unsafe_logo", "It declares entities"),
        (svg("", '<?xml-stylesheet href="https://elsewhere.example/a.css"?>'), "unsafe_logo", "an instruction"),
        (b"<html><body/></html>", "unsafe_logo", "It is not an SVG drawing"),
        (b"<svg><rect/></svg>", "unsafe_logo", "It is not an SVG drawing"),
        (f'<?xml version="1.0" encoding="ISO-8859-1"?>{HEAD}<text>\xe9</text></svg>'.encode("latin-1"), "unsafe_logo",
         "It is not in UTF-8"),
        (svg(f"<!--{'x' * MOST_BYTES}-->"), "file_too_large", "A logo has at most 1 MB."),
        (picture((4001, 10)), "too_many_pixels", "The picture is 4,001 by 10 pixels; a logo has at most 4,000"),
        (picture((10, 10), "GIF"), "unknown_file", "A logo is SVG, PNG or JPEG."),
        (picture((600, 200))[:200], "damaged_file", "The picture cannot be read"),
        (b"", "empty_file", "The file is empty."),
    ],
)  # fmt: skip
def test_what_is_no_logo_is_refused(content: bytes, code: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        check_logo(content)
    assert (refused.value.code, refused.value.field) == (code, "content")
    assert said in refused.value.sentence


def test_a_drawing_that_cannot_be_drawn_is_refused_before_it_stops_documents() -> None:
    with pytest.raises(Refused, match="The logo cannot be drawn"):
        check_logo(HEAD.replace('viewBox="0 0 90 30"', 'width="0" height="0"').encode() + b"</svg>")


def test_a_picture_is_made_anew_as_large_as_it_is_drawn() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where it was taken"
    for form in ("PNG", "JPEG"):
        given = picture((3200, 800), form, exif=exif)
        assert b"where it was taken" in given
        kept, mime = check_logo(given)
        assert (mime, picture_size(kept)) == ("image/png", (1600, 400))
        assert b"where it was taken" not in kept

"""A small picture of a file, drawn in a process of its own with limits: it comes from a stranger.

What is drawn may be made to take all memory or time there is, or to break the library that draws it. So that is another
process's: `python -m counterfoil.documents.picturing`, which reads the file from its input and writes a JPEG.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys

import pypdfium2
from PIL import Image, ImageOps

from counterfoil.documents.inspection import MOST_PIXELS

# What has a picture.
SEEN = ("application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif")
MOST_MEMORY = 640 * 1024 * 1024
_MOST_SECONDS, _MOST_BYTES = 20, 200_000
_SIZE = (360, 360)
# Sharp on paper at the size a logo has there, and quick to send.
_LOGO_SIZE, _MOST_LOGO_BYTES = (1600, 600), 4 * 1024 * 1024


def small_picture(content: bytes, mime: str) -> bytes:
    """A small JPEG of a file, made anew, so that nothing but what one sees is in it; empty where none can be made.

    Waits for the process that draws it, at most half a minute: call it in the worker, outside of any transaction.
    """
    made = _drawn_apart(content, mime, "small") if mime in SEEN else b""
    return made if made.startswith(b"\xff\xd8\xff") and len(made) <= _MOST_BYTES else b""


def redrawn(content: bytes, mime: str) -> bytes:
    """A picture made anew as PNG, at most as large as a logo is drawn; empty where none can be made.

    Waits like `small_picture`.
    """
    made = _drawn_apart(content, mime, "logo")
    return made if made.startswith(b"\x89PNG") and len(made) <= _MOST_LOGO_BYTES else b""


def _drawn_apart(content: bytes, mime: str, how: str) -> bytes:
    # It needs nothing of our environment, which has secrets in it.
    command = [sys.executable, "-I", "-m", "counterfoil.documents.picturing", mime, how]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=_MOST_SECONDS + 10, check=False, env={}
        )
    except subprocess.TimeoutExpired:
        return b""
    return done.stdout if done.returncode == 0 else b""


def _draw(content: bytes, mime: str) -> bytes:
    return _small(_first_page(content) if mime == "application/pdf" else _read(content))


def _first_page(content: bytes) -> Image.Image:
    document = pypdfium2.PdfDocument(content)
    page = document[0]
    scale = min(_SIZE[0] / max(page.get_width(), 1), _SIZE[1] / max(page.get_height(), 1))
    drawn: Image.Image = page.render(scale=scale).to_pil()
    return drawn


def _read(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "WEBP", "GIF"])
    if picture.width * picture.height > MOST_PIXELS:
        raise ValueError("too many pixels")
    # A photograph is read at an eighth of its size where that is enough.
    picture.draft("RGB", (_SIZE[0] * 2, _SIZE[1] * 2))
    return picture


def _small(picture: Image.Image) -> bytes:
    picture.thumbnail(_SIZE)
    picture = ImageOps.exif_transpose(picture) or picture
    if picture.mode in ("RGBA", "LA", "P"):
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def _logo(content: bytes, mime: str) -> bytes:
    opened = Image.open(io.BytesIO(content), formats=["PNG", "JPEG"])
    picture: Image.Image = ImageOps.exif_transpose(opened) or opened
    picture = picture.convert("RGBA" if picture.mode in ("RGBA", "LA", "P") else "RGB")
    picture.thumbnail(_LOGO_SIZE)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    """Draw what comes in, within the limits. Whatever goes wrong, there is no picture."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    # It reads what it is given, and writes no file.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    draw = _logo if sys.argv[2:] == ["logo"] else _draw
    sys.stdout.buffer.write(draw(sys.stdin.buffer.read(), sys.argv[1]))


if __name__ == "__main__":
    main()

"""Data in, PDF out: templates lay out finished strings, so that every format of a document prints the same values.

Data reaches a template as JSON and is never part of its source: a customer called `#read("/etc/passwd")` is printed
under that name. The same data gives the same bytes, because the document's date is part of the data.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pypdfium2
from django.conf import settings

from counterfoil.kernel.errors import Refused

_HERE = Path(__file__).resolve().parent
# Directional overrides in a name could turn the figures beside it round.
_UNWANTED = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_LONG_WORD = re.compile(r"\S{31,}")
# The keys of pictures (SVG) in a document's data.
PICTURES = ("qr", "logo")
_PROGRAM = ["-m", "counterfoil.documents.typesetter"]
# What the process that sets documents needs to know of this one: nothing of the database, no secret.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "XDG_DATA_HOME", "XDG_CACHE_HOME")


class DocumentFailed(RuntimeError):
    """The engine could not set a document: a fault of a template, not of what was entered."""


class _Typesetter:
    """The process that sets documents for this one, started when first needed and again when it is gone.

    One document at a time; whoever waits too long for it, or for their turn, is told so and holds nothing.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._parents: subprocess.Popen[bytes] | None = None

    def typeset(
        self, template: str, data: str, seconds: float, *, strict: bool = False, picture: bool = False
    ) -> bytes:  # fmt: skip
        if not self._turn.acquire(timeout=seconds):
            raise _given_up(seconds)
        asked = {"template": template, "data": data, "strict": strict, "picture": picture}
        try:
            return self._ask(json.dumps(asked).encode() + b"\n", seconds)
        finally:
            self._turn.release()

    def _ask(self, request: bytes, seconds: float) -> bytes:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        # The engine cannot be asked to stop. Killed, its answer ends and the reading below with it.
        late = threading.Event()
        clock = threading.Timer(seconds, _end, (process, late))
        clock.daemon = True
        clock.start()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            head = json.loads(process.stdout.readline() or "null")
            page = process.stdout.read(head.get("size", 0)) if head else b""
        except (OSError, ValueError):
            head, page = None, b""
        finally:
            clock.cancel()
        if head is None or len(page) < head.get("size", 0):
            self.stop()
            raise _given_up(seconds) if late.is_set() else _too_large()
        if "failed" in head:
            raise DocumentFailed(head["failed"])
        return page

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(
                [sys.executable, *_PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                cwd=_HERE.parent.parent,
            )
        return self._process

    def stop(self) -> None:
        """The process is gone; the next document starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):  # what was not written yet has nobody to go to
                    pipe.close()  # type: ignore[union-attr]
            process.wait()

    def after_fork(self) -> None:
        """A forked process asks one of its own. The parent's is kept, unused: closing it would write what waits."""
        self._parents, self._process, self._turn = self._process, None, threading.Lock()


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


_typesetter = _Typesetter()
os.register_at_fork(after_in_child=_typesetter.after_fork)


def _given_up(seconds: float) -> Refused:
    return Refused(
        "document_too_slow",
        f"The document was not ready within {seconds:.0f} seconds and was given up. Try again in a minute; "
        "if it is long, ask for a shorter period or take it as Excel.",
    )


def _too_large() -> Refused:
    return Refused(
        "document_too_large",
        "The document could not be set as PDF: it needs too much memory. Ask for a shorter period or take it as Excel.",
    )


def render_pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The document as PDF. `template` names a file in `documents/typst`; see there for what the data must hold.

    Refused when it takes longer than `DOCUMENT_SECONDS`.
    """
    return _typesetter.typeset(template, json.dumps(printable(data), ensure_ascii=False), settings.DOCUMENT_SECONDS)


def joined(documents: Sequence[bytes]) -> bytes:
    """One PDF with the pages of all of these, in order."""
    whole = pypdfium2.PdfDocument.new()
    for document in documents:
        with contextlib.closing(pypdfium2.PdfDocument(document)) as part:
            whole.import_pages(part)
    out = io.BytesIO()
    whole.save(out)
    whole.close()
    return out.getvalue()


def render_page(template: str, data: Mapping[str, Any]) -> bytes:
    """The first page of the same document as PNG, to be seen on a screen."""
    said = json.dumps(printable(data), ensure_ascii=False)
    return _typesetter.typeset(template, said, settings.DOCUMENT_SECONDS, picture=True)


# Latin in all its forms, Greek and Cyrillic are in the fonts that come with us.
_SHIPPED_UP_TO = 0x0530
_MOST_NAMED = 8


def unprintable(text: str) -> str:
    """The signs of a text for which this machine has no font: on paper each would be an empty box.

    Waits for the engine, where there is anything to ask it: call it outside of any transaction.
    """
    doubtful = sorted({sign for sign in _printable_text(text) if ord(sign) >= _SHIPPED_UP_TO and not sign.isspace()})
    if not doubtful or _can_print("".join(doubtful)):
        return ""
    return "".join([sign for sign in doubtful[:200] if not _can_print(sign)][:_MOST_NAMED])


def _can_print(text: str) -> bool:
    data = json.dumps({"text": text}, ensure_ascii=False)
    try:
        _typesetter.typeset("probe", data, settings.DOCUMENT_SECONDS, strict=True)
    except DocumentFailed:
        return False
    return True


def printable(value: Any) -> Any:
    """The value with every string made fit for paper: no control characters, and very long words may break."""
    if isinstance(value, str):
        return _printable_text(value)
    if isinstance(value, Mapping):
        # A picture that we have drawn, or looked through, is no text. Whose name begins like one is.
        return {key: item if key in PICTURES else printable(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [printable(item) for item in value]
    return value


def _printable_text(text: str) -> str:
    clean = "".join(
        character
        for character in unicodedata.normalize("NFC", text)
        if character == "\n"
        or (character not in _UNWANTED and unicodedata.category(character) not in ("Cc", "Cs", "Cn"))
    )
    return _LONG_WORD.sub(lambda match: "\u200b".join(re.findall(r".{1,12}", match[0])), clean)


def stylesheet() -> str:
    """The style of documents as HTML, for a page that stands alone."""
    return (_HERE / "static" / "documents" / "document.css").read_text(encoding="utf-8")


def table_pdf(
    *,
    title: str,
    subtitle: str,
    author: str,
    on: Sequence[int],
    columns: Sequence[Mapping[str, str]],
    rows: Sequence[Sequence[str]],
    landscape: bool | None = None,
) -> bytes:
    """Any list as PDF: `columns` are {"label", "align"}, rows are finished strings; wide lists lie on their side."""
    flipped = len(columns) > 6 if landscape is None else landscape
    texts = [index for index, column in enumerate(columns) if column.get("align", "left") != "right"]
    # The column with the most to say takes the width that is left.
    widest = max(texts, key=lambda index: max((len(row[index]) for row in rows), default=0), default=-1)
    return render_pdf(
        "table",
        {
            "title": title,
            "heading": title,
            "subtitle": subtitle,
            "author": author,
            "foot": f"{title}, {subtitle}" if subtitle else title,
            "lang": "en",
            "date": list(on),
            "flipped": flipped,
            "columns": [
                {"align": "left", "width": "rest" if index == widest else "auto", **column}
                for index, column in enumerate(columns)
            ],
            "rows": [list(row) for row in rows],
        },
    )

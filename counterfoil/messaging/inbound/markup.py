"""The text of an HTML message, without any markup: read once from the left, so that nothing in it can take long."""

from __future__ import annotations

import html
import re

# Attributes may hold ">" in quotes. The bound keeps what is never closed from being read again and again.
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})((?:[^\"'<>]++|\"[^\"]{0,1000}\"|'[^']{0,1000}'){0,100}+)>")
_UNSEEN = {"script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg", "math", "textarea"}
_BLOCKS = {
    "p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre",
    "section", "article", "header", "footer", "address", "dt", "dd",
}  # fmt: skip
_BLANKS = re.compile(r"[ \t\r\n\f\u200b\ufeff]+")


def text_of(markup: str) -> str:
    """What a reader sees; what stands in a quotation has "> " before each line, as in plain mail."""
    pieces: list[str] = []
    quoted = 0
    lines: list[str] = []

    def end_line() -> None:
        text = _BLANKS.sub(" ", html.unescape("".join(pieces))).strip()
        # Entities may have written line ends and tags: they are text by now, and stay it.
        lines.append(">" * quoted + (" " if quoted else "") + text if text or quoted else "")
        pieces.clear()

    at = 0
    while at < len(markup):
        start = markup.find("<", at)
        if start < 0:
            pieces.append(markup[at:])
            break
        pieces.append(markup[at:start])
        at, name, closing, attributes = _markup_at(markup, start)
        if name == "":
            pieces.append(markup[start:at])
        elif name in _UNSEEN and not closing:
            at = _end_of(markup, name, at)
        elif name in _BLOCKS:
            end_line()
            if name == "blockquote" and "margin:0 0 0 40px" not in attributes.replace(": ", ":"):
                quoted = max(0, min(quoted + (-1 if closing else 1), 5))
        elif name in ("td", "th"):
            pieces.append(" ")
    end_line()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _markup_at(markup: str, start: int) -> tuple[int, str, bool, str]:
    """Where the markup that begins here ends, its name ("!" of a comment; empty where it is none) and attributes."""
    if markup.startswith("<!--", start):
        end = markup.find("-->", start + 4)
        # Browsers show nothing of what follows a comment that is not closed.
        return (end + 3 if end >= 0 else len(markup)), "!", False, ""
    if markup.startswith(("<!", "<?"), start):
        end = markup.find(">", start)
        return (end + 1 if end >= 0 else len(markup)), "!", False, ""
    tag = _TAG.match(markup, start)
    if tag:
        return tag.end(), tag[2].lower(), bool(tag[1]), tag[3]
    if re.match(r"</?[a-zA-Z]", markup[start : start + 3]):
        # A tag that is broken: up to the next end or beginning of one.
        mark = re.compile(r"[<>]").search(markup, start + 1)
        after = len(markup) if mark is None else mark.end() if mark[0] == ">" else mark.start()
        return after, "!", False, ""
    return start + 1, "", False, ""


def _end_of(markup: str, name: str, at: int) -> int:
    """Where an element that is not shown ends; the end of the text when it is never closed, as in browsers."""
    found = re.compile(rf"</{name}[^<>]{{0,100}}>", re.IGNORECASE).search(markup, at)
    return found.end() if found else len(markup)

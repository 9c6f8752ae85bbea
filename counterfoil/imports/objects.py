"""The rows of a JSON export: a list of objects, each a row, with what is within an object as columns of its own."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

from counterfoil.kernel.errors import Refused

# How deep a list may stand within what is around it, and how many of an object's own lists' parts are columns.
_DEPTH, _PARTS = 4, 3


def is_json(content: bytes) -> bool:
    """Whether the file is a list of objects, or has one within, rather than lines of text."""
    start, end = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1], content[-200:].rstrip()[-1:]
    return (start, end) in ((b"[", b"]"), (b"{", b"}"))


def json_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """The names of all columns, and then (place in the list, cells) of each object.

    `contacts.0.email` is that of the first contact. What is not there is blank.
    """
    rows = [_flat(one) for one in _objects(content)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    yield 0, names
    for place, row in enumerate(rows, start=1):
        yield place, [row.get(name, "") for name in names]


def _objects(content: bytes) -> list[dict[str, Any]]:
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise Refused(
            "not_json", "This is not JSON. Export it again, or save it as CSV UTF-8.", field="file"
        ) from error
    # Of several lists the longest is what the file is about.
    found = max(_lists(data, _DEPTH), key=len, default=[])
    if not found:
        raise Refused("no_rows", "The file has no list of objects.", field="file")
    return found


def _lists(data: Any, depth: int) -> Iterator[list[dict[str, Any]]]:
    """Lists of objects, the outermost of each."""
    if isinstance(data, list):
        if data and all(isinstance(one, dict) for one in data):
            yield data
    elif isinstance(data, dict) and depth:
        for value in data.values():
            yield from _lists(value, depth - 1)


def _flat(data: dict[str, Any], before: str = "", depth: int = _DEPTH) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in data.items():
        # Braces are those of a mapping.
        name = f"{before}{key}".replace("{", "(").replace("}", ")")
        if isinstance(value, list) and not any(isinstance(one, (dict, list)) for one in value):
            found[name] = "; ".join(map(_text, value))
        elif isinstance(value, list):
            value = {str(place): one for place, one in enumerate(value[:_PARTS])}  # noqa: PLW2901
        if isinstance(value, dict):
            found |= _flat(value, f"{name}.", depth - 1) if depth else {}
        elif not isinstance(value, list):
            found[name] = _text(value)
    return found


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case _:
            # Some programs write texts as a page of theirs would have them.
            return html.unescape(str(value)).strip()

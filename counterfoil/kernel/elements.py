"""XML that a bank sends, read piece by piece and by the local names of elements, whatever version it is of."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_PIECE = 1 << 16
_DECLARED = ("<!DOCTYPE", "<!ENTITY")


def declares_entities(content: bytes) -> bool:
    """Whether it declares entities, by which a small file becomes a large one or reads another. No bank does."""
    return any(word.encode(form) in content for word in _DECLARED for form in ("ascii", "utf-16-le", "utf-16-be"))


def events(content: bytes) -> Iterator[tuple[str, Element]]:
    """`start` and `end` of each element. Who clears what is read keeps its memory flat; damage is a `ParseError`."""
    parser: ElementTree.XMLPullParser[Element] = ElementTree.XMLPullParser(("start", "end"))
    for place in range(0, len(content), _PIECE):
        parser.feed(content[place : place + _PIECE])
        yield from parser.read_events()  # type: ignore[misc]
    parser.close()
    yield from parser.read_events()  # type: ignore[misc]


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def child(element: Element | None, *path: str) -> Element | None:
    """The first element along a path of local names."""
    for name in path:
        if element is None:
            return None
        element = next((inner for inner in element if local(inner) == name), None)
    return element

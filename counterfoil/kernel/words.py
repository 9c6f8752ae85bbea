"""What another machine said, before anything of ours looks at it, keeps it or shows it."""

from __future__ import annotations

import unicodedata


def heard(said: bytes | str, *, most: int = 250) -> str:
    """One line of at most so many characters, with nothing in it that a database, a log or a screen would choke on.

    Bytes are read as UTF-8, and what is none is shown as such. Control characters, NUL, halves of characters and signs
    that are not seen but turn the text around are left out; any white space is one space.
    """
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    # No answer of a machine that is worth reading is longer; what is longer is not worth going through.
    kept = (" " if sign.isspace() else sign for sign in text[: most * 8] if not _is_unseen(sign))
    return " ".join("".join(kept).split())[:most].rstrip()


def heard_all(said: object, *, most: int = 2000) -> object:
    """The same for all text in what another machine said as JSON, however deep."""
    match said:
        case str():
            return heard(said, most=most)
        case list():
            return [heard_all(item, most=most) for item in said]
        case dict():
            return {heard(str(key), most=most): heard_all(value, most=most) for key, value in said.items()}
    return said


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign).startswith("C") and not sign.isspace()

"""Text that goes into a spreadsheet stays text, whatever somebody entered as a name."""

from __future__ import annotations

import unicodedata

# Of these and all that looks like them (full-width, small, superscript) a spreadsheet makes a formula, which may then
# send data elsewhere.
_SIGNS = frozenset("=+-@\u2212")
# Seen as nothing, and letters or symbols by their category.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# What a text cell of a workbook looks like: text also once somebody edits it.
TEXT_CELL = {"quote_prefix": True}


def neutral(text: str) -> str:
    """The text for a cell of a CSV file, which no spreadsheet takes for a formula."""
    return f"'{text}" if _reads_as_formula(text) else text


def _reads_as_formula(text: str) -> bool:
    """Whether what one sees of it begins as a formula does, or it begins with a tab or a line break."""
    if text[:1] in ("\t", "\r", "\n"):
        return True
    seen = next((char for char in text if not _is_unseen(char)), "")
    return unicodedata.normalize("NFKC", seen)[:1] in _SIGNS if seen else False


def _is_unseen(char: str) -> bool:
    # Spaces, controls, marks of direction and joining, and what only changes the character before it.
    return unicodedata.category(char)[0] in "ZCM" or char in _BLANK

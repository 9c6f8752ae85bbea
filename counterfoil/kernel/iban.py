"""Numbers with check digits of ISO 7064 (the rest of 97 is 1)."""

from __future__ import annotations

import re

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


def is_iban(text: str) -> bool:
    """Whether it is an IBAN with right check digits (ISO 13616), with or without spaces."""
    bare = text.replace(" ", "").upper()
    return bool(_IBAN.fullmatch(bare)) and rest_of_97(bare[4:] + bare[:4]) == 1


def rest_of_97(signs: str) -> int:
    """What is left of letters and digits divided by 97, each letter as its place after 9 (A is 10)."""
    return int("".join(str(int(sign, 36)) for sign in signs)) % 97

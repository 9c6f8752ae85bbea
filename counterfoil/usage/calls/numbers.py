"""Numbers as a switch dialled them, to E.164.

A number with + or the country's way to dial abroad has its digits already, and they stay as the carrier got them: also
a 0 behind the code (Italy has it), and codes of no country, which no deck has a price for. (phonenumbers takes such a 0
away, and numbers of no country to be ours.) National numbers are what phonenumbers says. Parsing takes a tenth of a
millisecond, so numbers are remembered, and those of a plain shape take a quicker way to the same.
"""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import PhoneMetadata

from counterfoil.kernel.errors import Refused
from counterfoil.usage.calls.records import tidy

INTERNAL = "An internal, short or emergency number."
_NONE = "The record has no number that was dialled."
# E.164 has at most 15 digits; the shortest numbers anywhere have seven with their country.
_LEAST, _MOST = 7, 15
# What is shorter and neither international nor behind a trunk prefix is an extension or a service.
_SHORT = 6
_REMEMBERED = 50_000
_MARKS = str.maketrans("", "", " -.()/\u00a0")
_E164 = phonenumbers.PhoneNumberFormat.E164


class Numbers:
    """Numbers as they are dialled in a country."""

    def __init__(self, country: str) -> None:
        self.country = country.strip().upper()
        metadata = PhoneMetadata.metadata_for_region(self.country, None)
        if metadata is None:
            raise Refused("not_a_country", f"“{tidy(country)[:20]}” is no country. Use a code such as ZA.",
                          field="country")  # fmt: skip
        self._abroad = re.compile(metadata.international_prefix or "(?!)")
        self._trunk = metadata.national_prefix or ""
        self._code = f"+{metadata.country_code}"
        # The quick way is only for countries where one run of digits, and nothing else, stands before a number.
        plain = bool(self._trunk) and metadata.national_prefix_for_parsing == self._trunk
        plain = plain and not metadata.national_prefix_transform_rule
        pattern = (metadata.general_desc and metadata.general_desc.national_number_pattern) if plain else ""
        self._national = re.compile(pattern) if pattern else None
        self._known: dict[str, tuple[str, str]] = {}

    def of(self, dialled: str) -> tuple[str, str]:
        """The number in E.164 (with +) and an empty text, or an empty number and why there is none."""
        found = self._known.get(dialled)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[dialled] = self._read(dialled)
        return found

    def _read(self, dialled: str) -> tuple[str, str]:
        text = dialled.removeprefix("sip:").removeprefix("tel:").partition("@")[0].partition(";")[0]
        # What people write for those at home, and nobody dials from abroad: +27 (0)82 555 0142.
        digits = text.replace("(0)", "").translate(_MARKS) if "+" in text else text.translate(_MARKS)
        if not digits:
            return "", _NONE
        plus = digits.startswith("+")
        digits = digits.removeprefix("+")
        if not plus and digits[0] in "*#":
            return "", INTERNAL
        if not (digits.isascii() and digits.isdecimal()):
            return "", f"“{dialled[:40]}” is no telephone number."
        if not plus and (match := self._abroad.match(digits)) and digits[match.end() :][:1].strip("0"):
            plus, digits = True, digits[match.end() :]
        return self._international(digits, dialled) if plus else self._from_here(digits, dialled)

    def _international(self, digits: str, dialled: str) -> tuple[str, str]:
        if digits.startswith("0") or not _LEAST <= len(digits) <= _MOST:
            return "", f"“{dialled[:40]}” is no international number: those have {_LEAST} to {_MOST} digits."
        return f"+{digits}", ""

    def _from_here(self, digits: str, dialled: str) -> tuple[str, str]:
        wrong = f"“{dialled[:40]}” is no number of {self.country}, and does not begin as one from abroad."
        rest = digits.removeprefix(self._trunk) if self._trunk else digits
        trunk = len(rest) < len(digits)
        if len(digits) <= _SHORT and (self._trunk or not _valid(digits, self.country)):
            return "", INTERNAL
        if trunk and self._national and self._national.fullmatch(rest) and rest[0] != "0":
            return self._code + rest, ""
        parsed = _parsed(digits, self.country)
        # Behind a trunk prefix a number of the right length is one; without it only what is in use may be meant.
        fits = phonenumbers.is_possible_number if trunk else phonenumbers.is_valid_number
        if parsed is not None and fits(parsed):
            return phonenumbers.format_number(parsed, _E164), ""
        if not trunk and 10 <= len(digits) <= _MOST and _valid(f"+{digits}", None):
            # A switch that writes all numbers with their country and none with a plus.
            return f"+{digits}", ""
        return "", wrong


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _valid(text: str, region: str | None) -> bool:
    parsed = _parsed(text, region)
    return parsed is not None and phonenumbers.is_valid_number(parsed)

"""Account numbers, searching text and contact points: decisions on plain values."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import phonenumbers
from rapidfuzz.distance import OSA

from counterfoil.kernel.checks import check_text, is_text
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import read_decimal
from counterfoil.kernel.periods import read_date

_TITLES = {"mr", "mrs", "ms", "miss", "dr", "prof", "adv", "rev", "sir", "the"}
_EMAIL = re.compile(r"^[^@\s,;<>\"'()\\\x00-\x1f]+@[^@\s,;<>\"'()\\\x00-\x1f]+\.[^@\s,;.<>\"'()\\\x00-\x1f]{2,}$")
# What customers may read, as they are written to (ISO 639-1), each by its English name.
LANGUAGES = {
    "en": "English", "af": "Afrikaans", "nl": "Dutch", "fr": "French", "de": "German", "it": "Italian",
    "pt": "Portuguese", "es": "Spanish", "sw": "Swahili", "xh": "Xhosa", "zu": "Zulu",
}  # fmt: skip
MOST_NAME = 300


def fold(text: str) -> str:
    """Lower case, without accents and repeated space: how names are compared and searched."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())


def search_terms(text: str) -> list[str]:
    """What each must be found of a search: its words, or the digits of a telephone number however it is written.

    Numbers are stored in full (+27845551382); people type them with gaps and a leading zero.
    """
    folded = fold(text)
    digits = re.sub(r"[ ()+./-]", "", folded)
    if digits.isdigit() and len(digits) >= 7:
        return [digits.lstrip("0")]
    return folded.split()


# A word people spell: letters only. Numbers and addresses are copied, not spelled.
_SPELLED = re.compile(r"[^\W\d_]{4,40}")


def spelled_words(folded: str) -> set[str]:
    """The words of a folded text that somebody may misspell."""
    return {word for word in re.split(r"[\s,;()'’-]+", folded) if _SPELLED.fullmatch(word)}


def typing_errors_allowed(term: str) -> int:
    """How many wrong, missing or swapped letters a word of a search may have."""
    return 0 if len(term) < 4 else 1 if len(term) < 7 else 2


def close_words(term: str, words: Iterable[str], most: int = 8) -> list[str]:
    """The words a misspelt one may have meant, the closest first. A start counts, because people are still typing."""
    allowed = typing_errors_allowed(term)
    found = []
    for word in words:
        starts = {len(term) - 1, len(term), len(term) + 1}
        distance = min(OSA.distance(term, word[:end], score_cutoff=allowed) for end in starts if end > 0)
        if distance <= allowed:
            found.append((distance, abs(len(word) - len(term)), word))
    return [word for _, _, word in sorted(found)[:most]]


def number_stem(name: str) -> str:
    """The three letters of the convention some providers use: Piet → PIE, no titles, padded with X (domain 2.1)."""
    words = [word for word in re.findall(r"[a-z]+", fold(name)) if word not in _TITLES]
    return "".join(words)[:3].upper().ljust(3, "X")


def check_number(value: str, *, field: str = "number") -> str:
    """An account number: one word or more in one line, that can stand in an address of the desk."""
    clean = check_text(value, field=field, most=40)
    if clean != value.strip() or any(char in "\n\t/\\?#%" for char in clean) or set(clean) <= {"."}:
        raise Refused(
            "bad_number", f"“{clean[:40]}” cannot be an account number: use letters, digits and dashes.", field=field
        )
    return clean


def check_email(value: str, *, field: str = "email") -> str:
    """An e-mail address that a mail server could take, as written."""
    clean = value.strip()
    if len(clean) > 254 or not _EMAIL.match(clean) or ".." in clean:
        raise Refused("not_an_email", f"“{clean[:60]}” is not an e-mail address.", field=field)
    return clean


def check_phone(value: str, *, region: str, field: str = "phone") -> str:
    """A telephone number in E.164, from how people write it in the operator's country."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException as error:
        raise Refused("not_a_phone", f"“{value[:40]}” is not a telephone number.", field=field) from error
    if not phonenumbers.is_possible_number(number):
        raise Refused("not_a_phone", f"“{value[:40]}” is not a telephone number.", field=field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_text(value: str, *, region: str) -> str:
    """A stored number as people of the operator's country read it: `082 555 0142`."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return value
    home = phonenumbers.region_code_for_number(number) == region
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def check_currency(code: str, *, field: str = "currency") -> str:
    """An ISO 4217 code in capitals."""
    clean = code.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", clean):
        raise Refused("not_a_currency", f"“{code[:10]}” is not a currency. Use a code such as ZAR.", field=field)
    return clean


_YES, _NO = {"yes", "y", "true", "1", "on"}, {"no", "n", "false", "0", "off"}


def read_custom(kind: str, text: str, choices: Sequence[str], *, today: dt.date, field: str) -> str:
    """What somebody entered in a custom field, as it is kept: `1234.5`, `2026-11-25`, `yes`; empty stays empty."""
    clean = check_text(text, field=field, most=500, required=False)
    if not clean:
        return ""
    match kind:
        case "number":
            return format(read_decimal(clean, "", field=field), "f")
        case "date":
            return read_date(clean, today=today, field=field).isoformat()
        case "yes_no":
            word = fold(clean)
            refuse_if(word not in _YES | _NO, "not_yes_or_no", f"“{clean[:40]}” is neither yes nor no.", field=field)
            return "yes" if word in _YES else "no"
        case "choice":
            known = next((option for option in choices if fold(option) == fold(clean)), None)
            if known is None:
                raise Refused("unknown_choice", f"Choose one of: {', '.join(choices)}.", field=field)
            return known
    return clean


_ENDINGS = {
    "application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif",
    "text/plain": "txt", "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}  # fmt: skip


def tidy_file_name(name: str, mime: str) -> str:
    """The name a file is kept under: no folders, nothing a shell or a browser reads, and the ending of what it is."""
    base = re.split(r"[/\\]", name)[-1]
    stem = base.rpartition(".")[0] or base
    clean = "".join(char for char in stem if is_text(char) and char not in '<>:"|?*\n\t;%').strip(" .")
    return f"{clean[:120] or 'file'}.{_ENDINGS[mime]}"


def within_scope(scope: Mapping[str, frozenset[int]], name: str, chosen: int | None) -> int | None:
    """The area or brand of a customer as chosen; somebody limited to one gives it without choosing."""
    own = scope.get(name)
    if own is None or chosen in own:
        return chosen
    if chosen is None and len(own) == 1:
        return next(iter(own))
    raise Refused("outside_scope", f"Choose one of the {name}s you work for.", field=name)


def address_text(*parts: str) -> str:
    """An address in one line, without what is empty of it."""
    return ", ".join(part for part in parts if part)

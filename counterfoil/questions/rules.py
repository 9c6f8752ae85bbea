"""How a question is read: its words become meanings and parameters, and one kind of question fits them or none does.

Nothing is guessed at the cost of a figure: a word that is not understood, a second period, or two kinds that fit as
well as each other mean that the question is not understood, and the nearest kinds are offered instead.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from counterfoil.questions.lexicon import FILLERS, LONGEST, PHRASES, WORDS
from counterfoil.questions.periods import SPEAKS, UNITS, VOCABULARY, Days, NoSuchDays, find_days

# More than anybody asks in one breath.
MOST_LETTERS = 300
MOST_WORDS = 40
# Who is asked about and how many, beside which the same thing is asked.
GENERIC = frozenset({"who", "customer", "count", "ask"})
# What is asked of everybody alone.
EVERYONE = "customers"

_TOKEN = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}"
    r"|\d{1,2}[./]\d{1,2}[./](?:\d{4})?"
    r"|[^\W\d_]+[-/]?\d[\w/-]*"
    r"|\d+(?:st|nd|rd|th|ste|de)\b"
    r"|\d[\d.,]*k?\b"
    r"|[^\W_]+(?:[-'’][^\W\d_]+)*"
)
_CODE = re.compile(r"[a-z]{1,8}[-/]?\d[\w/-]*")
_CURRENCIES = {
    "r": "ZAR", "zar": "ZAR", "rand": "ZAR", "rands": "ZAR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "usd": "USD",
    "dollar": "USD", "dollars": "USD", "gbp": "GBP", "pound": "GBP", "pounds": "GBP",
}  # fmt: skip
_SHORT = {"what's": "what is", "who's": "who is", "when's": "when is", "how's": "how is", "that's": "that is",
          "don't": "dont", "doesn't": "doesnt", "didn't": "didnt", "hasn't": "hasnt", "haven't": "havent",
          "isn't": "isnt", "aren't": "arent", "can't": "cannot", "they've": "they have", "they're": "they are",
          "they'd": "they would", "he's": "he is", "she's": "she is", "it's": "it is"}  # fmt: skip
_LATE = frozenset(
    "over older than more uber ueber mehr als oor meer as ouer alter late overdue behind at least".split()
)


def fold(text: str) -> str:
    """Lower case without accents, one apostrophe: how questions and names are compared."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'"))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())


@dataclass(frozen=True)
class Names:
    """What is called something here: folded names of products, areas and brands, and the words of the customer's."""

    products: Collection[str] = ()
    areas: Collection[str] = ()
    brands: Collection[str] = ()
    own: Collection[str] = ()
    # Words that are somebody's name here, which are not corrected into others.
    kept: Collection[str] = ()


PARAMETERS = ("days", "amount", "top", "days_late", "codes", "product", "area", "brand")


@dataclass(frozen=True)
class Reading:
    """A question as it was understood: meanings, and what they are about. `rest` are words that nobody knows."""

    text: str
    meanings: tuple[str, ...] = ()
    days: Days | None = None
    amount: Decimal | None = None
    # What the amount is in, where that was said.
    currency: str = ""
    # “Top 10”: how many of them.
    top: int | None = None
    days_late: int | None = None
    codes: tuple[str, ...] = ()
    product: str = ""
    area: str = ""
    brand: str = ""
    rest: tuple[str, ...] = ()
    # Why it cannot be understood, where it speaks of days that never were.
    refused: str = ""

    @property
    def known(self) -> frozenset[str]:
        return frozenset(self.meanings)

    @property
    def given(self) -> frozenset[str]:
        """The parameters that the question has."""
        return frozenset(name for name in PARAMETERS if getattr(self, name))

    def has(self, *meanings: str) -> bool:
        return bool(self.known & set(meanings))


def tokens(text: str) -> list[str]:
    """The words and numbers of a text."""
    folded = fold(text[:MOST_LETTERS])
    for short, long in _SHORT.items():
        folded = folded.replace(short, long)
    # “5 000.00” is one number.
    folded = re.sub(r"(?<=\d) (?=\d{3}(?:\D|$))", "", folded)
    for sign, code in (("$", " usd "), ("€", " eur "), ("£", " gbp ")):
        folded = folded.replace(sign, code)
    # “higher than last month’s” names what it is compared with, which is the one before.
    folded = re.sub(
        r"\bthan (?:the )?(?:last|previous|one before) ?(?:month|time|one|bill|invoice)?(?:'s)?\b", "", folded
    )
    folded = re.sub(r"\br(?=\d)", "r ", folded)
    folded = re.sub(r"'s\b", "", folded)
    return _TOKEN.findall(folded)


def read(text: str, today: dt.date, names: Names = Names()) -> Reading:  # noqa: B008 - a value, never changed
    """What a question says, in whichever of the three languages."""
    words = tokens(text)
    if len(words) > MOST_WORDS:
        return Reading(text, rest=tuple(words[:3]), refused="That is more than one question. Ask for one thing.")
    codes, words = _codes(words)
    top, words = _top(words)
    _, words = _named(words, names.own, strict=False)
    product, words = _named(words, names.products)
    area, words = _named(words, names.areas)
    brand, words = _named(words, names.brands)
    words = [word if word in names.kept else _spelled(word) for word in words]
    try:
        late, words = _days_late(words)
        amount, currency, words = _amount(words)
        days, words = find_days(words, today)
    except NoSuchDays as none:
        return Reading(text, rest=tuple(words), refused=str(none))
    meanings, rest = _meanings(words)
    own = {part for name in names.own for part in re.split(r"[^\w]+", fold(name))}
    rest = [word for word in rest if word not in own]
    return Reading(
        text, tuple(meanings), days, amount, currency, top, late, codes, product, area, brand, tuple(rest)
    )  # fmt: skip


def _top(words: Sequence[str]) -> tuple[int | None, list[str]]:
    """“Top 10”: how many are asked for."""
    for at in range(len(words) - 1):
        if PHRASES.get((words[at],)) == "most" and words[at + 1].isdecimal() and 0 < int(words[at + 1][:4]) <= 100:
            return int(words[at + 1]), [*words[: at + 1], *words[at + 2 :]]
    return None, list(words)


def _codes(words: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Numbers of documents: letters with digits, or digits after the word for one."""
    found, left = [], []
    for place, word in enumerate(words):
        after = place and PHRASES.get((words[place - 1],)) in ("invoice", "ticket", "creditnote", "job")
        lettered = _CODE.fullmatch(word) and len(re.findall(r"\d", word)) > 1
        if lettered or (after and re.fullmatch(r"\d{3,12}", word) and not re.fullmatch(r"(19|20)\d\d", word)):
            found.append(word.upper())
        else:
            left.append(word)
    return tuple(found), left


def _named(words: Sequence[str], names: Collection[str], *, strict: bool = True) -> tuple[str, list[str]]:
    """The longest name that the text has as a run of words, and the words without it."""
    there = set(words)
    split = [(parts, name) for name in names if (parts := _parts(name)) and parts[0] in there]
    split.sort(key=lambda pair: -len(pair[0]))
    for parts, name in split:
        # A name that is also a plain word of a question ("Data") is that word, unless more stands with it.
        if strict and len(parts) == 1 and _is_plain(parts[0]):
            continue
        for at in range(len(words) - len(parts) + 1):
            if tuple(words[at : at + len(parts)]) == parts:
                return name, [*words[:at], *words[at + len(parts) :]]
    return "", list(words)


def _is_plain(word: str) -> bool:
    return word in WORDS or word in FILLERS or word in VOCABULARY or word in _CURRENCIES


@lru_cache(maxsize=20_000)
def _parts(name: str) -> tuple[str, ...]:
    return tuple(tokens(name))


_KNOWN = sorted(WORDS | FILLERS | VOCABULARY | set(_CURRENCIES))


@lru_cache(maxsize=4096)
def _spelled(word: str) -> str:
    """The word that was meant, where one letter or two are wrong and only one word is as near."""
    if len(word) < 4 or not word.isalpha() or _is_plain(word):
        return word
    if len(word) == 4:
        # Too short for a wrong letter to say what was meant; two that changed places still do.
        swapped = [other for other in _KNOWN if sorted(other) == sorted(word) and other[0] == word[0]]
        return swapped[0] if len(swapped) == 1 else word
    near = [
        other for other in _KNOWN
        if abs(len(other) - len(word)) < 2 and other[0] == word[0] and _apart(word, other) < (2 if len(word) < 8 else 3)
    ]  # fmt: skip
    if not near:
        return word
    best = difflib.get_close_matches(word, near, 2, 0)
    # Words of one meaning ("invoice", "invoices") are no doubt.
    meanings = {PHRASES.get((one,), one) for one in best}
    return best[0] if len(meanings) == 1 or _apart(word, best[0]) < _apart(word, best[-1]) else best[0]


def _apart(one: str, other: str) -> int:
    """How many letters must be put in, taken out, changed, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        earlier, before, row = before, row, [place]
        for at, wanted in enumerate(other, 1):
            steps = min(before[at] + 1, row[at - 1] + 1, before[at - 1] + (letter != wanted))
            if place > 1 and at > 1 and letter == other[at - 2] and one[place - 2] == wanted:
                steps = min(steps, earlier[at - 2] + 1)
            row.append(steps)
    return row[-1]


def _days_late(words: Sequence[str]) -> tuple[int | None, list[str]]:
    """“over 60 days”: how late something is at least."""
    for at in range(len(words) - 1):
        if words[at].isdecimal() and len(words[at]) < 5 and UNITS.get(words[at + 1]) == "day" and at:
            start = at
            while start and words[start - 1] in _LATE:
                start -= 1
            if start < at:
                # What they owe is late then; the word itself stays with the question.
                return int(words[at]), [*words[:start], "overdue", *words[at + 2 :]]
    return None, list(words)


def _amount(words: Sequence[str]) -> tuple[Decimal | None, str, list[str]]:
    """An amount of money: a number with a currency beside it, or after “more than”."""
    for at, word in enumerate(words):
        if not re.fullmatch(r"\d[\d.,]*k?", word):
            continue
        before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
        money = before in _CURRENCIES or after in _CURRENCIES
        more = before in ("than", "over", "above", "als", "uber", "ueber", "as", "bo", "oor", "least", "exceeding")
        if not money and not (more and (len(word) > 2 or word.endswith("k"))):
            continue
        value = _number(word)
        if value is None:
            continue
        left = [*words[: at - (before in _CURRENCIES)], *words[at + 1 + (after in _CURRENCIES) :]]
        return value, _CURRENCIES.get(before, "") or _CURRENCIES.get(after, ""), left
    return None, "", list(words)


def _number(word: str) -> Decimal | None:
    thousand = word.endswith("k")
    text = word.rstrip("k").rstrip(".,")
    last = max(text.rfind("."), text.rfind(","))
    whole, part = (text, "") if last < 0 else (text[:last], text[last + 1 :])
    if len(part) == 3 or last < 0:
        whole, part = whole + part, ""
    whole = re.sub(r"[.,]", "", whole)
    if not whole.isdecimal() or len(whole) > 12 or (part and not part.isdecimal()):
        return None
    return Decimal(f"{whole}.{part or 0}") * (1000 if thousand else 1)


def _meanings(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The meaning of each phrase, the longest first, and the words that have none."""
    found: list[str] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        for size in range(min(LONGEST, len(words) - at), 0, -1):
            meaning = PHRASES.get(tuple(words[at : at + size]))
            if meaning:
                if found and found[-1] == "not" and meaning in ("promise", "owe", "overdue", "open"):
                    # “Did not promise” is another question than “promised and did not pay”.
                    found[-1] = meaning = f"not {meaning}"
                else:
                    found.append(meaning)
                at += size
                break
        else:
            word = words[at]
            if word in SPEAKS or (word not in FILLERS and word not in VOCABULARY):
                rest.append(word)
            at += 1
    return found, rest


# ------------------------------------------------------------------ which kind it is


@dataclass(frozen=True)
class Pattern:
    """What a kind of question says: one of these sets of meanings, and what may stand beside any of them.

    `where` are sets that say it only where a parameter is given: “credit” with days is what was credited in them.
    """

    needs: tuple[frozenset[str], ...]
    may: frozenset[str]
    where: Mapping[str, tuple[frozenset[str], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, needs: str, may: str = "", where: Mapping[str, str] | None = None) -> Pattern:
        """From text: alternatives with `|` between them."""
        given = {name: _sets(text) for name, text in (where or {}).items()}
        return cls(_sets(needs), frozenset(may.split()), given)

    def sets(self, given: Collection[str]) -> list[frozenset[str]]:
        """The sets that count with these parameters."""
        return [*self.needs, *(one for name in given for one in self.where.get(name, ()))]

    def score(self, meanings: frozenset[str], given: Collection[str] = ()) -> int:
        """How many meanings it explains; 0 when one is missing or one is left over."""
        best = 0
        for needed in self.sets(given):
            if needed <= meanings and not meanings - needed - self.may - GENERIC:
                best = max(best, 10 * len(needed) - len(meanings - needed))
        return best

    def nearness(self, meanings: frozenset[str]) -> float:
        """How much of the question and of the kind are the same, between 0 and 1."""
        return max(
            (len(needed & meanings) / len(needed | (meanings - self.may - GENERIC)) for needed in self.needs), default=0
        )


def _sets(text: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(one.split()) for one in text.split("|"))


def fitting(patterns: Mapping[str, Pattern], meanings: frozenset[str], given: Collection[str] = ()) -> list[str]:
    """The kinds that fit best: none, one, or several that fit equally well."""
    scores = {name: score for name, pattern in patterns.items() if (score := pattern.score(meanings, given)) > 0}
    best = max(scores.values(), default=0)
    return [name for name, score in scores.items() if score == best]


def nearest(patterns: Mapping[str, Pattern], meanings: frozenset[str], most: int = 3) -> list[str]:
    """The kinds that have most in common with what was asked."""
    near = {name: pattern.nearness(meanings) for name, pattern in patterns.items()}
    order: Iterable[str] = sorted(near, key=lambda name: -near[name])
    return [name for name in order if near[name] > 0][:most]

"""English words, to be looked for where everything should be in another language."""

from __future__ import annotations

import re

ENGLISH_WORDS = """
    a about account added after amount an and any at balance before bill bills by cancelled charge charged contract
    credit credited date day days description due ends excl exempt fee for from go good has have here how in
    included incl interest invoice invoices is late less line lines moved month months more net no not note nothing
    of off on open opening or order overdue page paid part pay payment payments per period please price quantity
    rate reason received refund reversed services settled statement tax terms thank thanks the this to total
    transactions unit until used was with you your jan feb mar apr may jun jul aug sep oct nov dec january february
    march june july october december monday tuesday wednesday thursday friday saturday sunday
""".split()
# Words that German has as well.
GERMAN_TOO = {"an", "in", "per", "not", "feb", "jan", "apr", "jun", "jul", "aug", "sep", "nov", "was", "net", "am", "a"}


def english(text: str) -> set[str]:
    """The English words in a text; addresses and what stands in them are none."""
    bare = re.sub(r"\S*[@/]\S*|\S+\.(example|com|co\.za)\S*", " ", text.replace("\ufffe", "").replace("\u200b", ""))
    return {word for word in re.findall(r"[^\W\d_]+", bare.lower()) if word in ENGLISH_WORDS} - GERMAN_TOO

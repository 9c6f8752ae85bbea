"""What somebody wrote in a reply, apart from what they quote and what is put under every message of theirs.

Nothing of it is a standard but the dashes of a signature (RFC 3676, 4.3): the rules are how mail programs write. What
they fold away is not lost, and a message that would be left with nothing is left whole.
"""

from __future__ import annotations

import re

# "On Tue, 1 March 2011, Robin Black <robin@example.org> wrote:" as mail programs say it, over up to four lines.
_ON = re.compile(r"^(?:On|Am|Le|El|Il|Op|Em|W dniu|Den|Dne|Dňa|Vào|No dia|A)\s.*\S", re.IGNORECASE)
_WROTE = re.compile(
    r"(?:\bwrote|\bschrieb(?:\s+[^:\n]{1,100})?|\ba\s?écrit|\bescribió|\bha scritto|\bschreef(?:\s+[^:\n]{1,100})?"
    r"|\bskrev(?:\s+[^:\n]{1,100})?|\bnapisał(?:\(a\)|a)?|\bescreveu|\bnapsal\(?a?\)?|\bhet volgende geschreven)\s?:$"
)
_LONGEST_HEADING = 4
_DASHES = re.compile(
    r"^\s*[-_*]{2,}\s*(?:Original Message|Original message|Forwarded message|Ursprüngliche Nachricht|Weitergeleitete"
    r" Nachricht|Message d'origine|Message transféré|Mensaje original|Mensaje reenviado|Messaggio originale|Messaggio"
    r" inoltrato|Oorspronkelijk bericht|Doorgestuurd bericht|Oprindelig meddelelse|Ursprungligt meddelande|Mensagem"
    r" original|Oryginalna wiadomość)\s*[-_*]{2,}\s*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(r"^(?:Begin forwarded message|Anfang der weitergeleiteten Nachricht)\s*:\s*$", re.IGNORECASE)
# The fields that Outlook and others put above the message they answer: the first, and what follows it.
_FROM = re.compile(r"^\s*\*?(?:From|Von|De|Da|Van|Från|Fra|Od)\s?:\*?\s.*\S", re.IGNORECASE)
_FIELD = re.compile(
    r"^\s*\*?(?:Sent|To|Cc|Subject|Date|Gesendet|Datum|An|Betreff|Envoyé|Date|À|Objet|Enviado(?: el)?|Fecha|Para|Asunto"
    r"|Inviato|Data|A|Oggetto|Verzonden|Aan|Onderwerp|Skickat|Till|Ämne|Sendt|Til|Emne|Wysłano|Do|Temat)\s?:\*?(?:\s|$)",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*[-_*=]{5,}\s*$")
_SIGNATURE = re.compile(r"^--\s?$")
_FOOTER = re.compile(r"^_{30,}\s*$")
_LIST = re.compile(r"mailing list|listinfo", re.IGNORECASE)
# Put there by a telephone. A sentence that only begins so has a comma or a full stop, or goes on.
_SENT_FROM = re.compile(
    r"^(?:Sent (?:from|via|with)|Get Outlook for|Gesendet (?:von|mit)|Von meinem .* gesendet|Envoyé (?:de|depuis)"
    r"|Enviado (?:desde|do)|Inviato da|Verzonden (?:vanaf|met)|Skickat från|Sendt fra|Wysłane z)\b[^,.!?]*$",
    re.IGNORECASE,
)
_LONGEST_SENT_FROM = 8
# "-Alex Kent" alone at the end; an entry of a list has a blank after its dash.
_DASHED_NAME = re.compile(r"^-{1,2}[A-ZÀ-Ý][\w.'-]*(?: [A-ZÀ-Ý][\w.'-]*){0,2}$")
# What follows a bare "--" as a signature at most: more than that is writing.
_LONGEST_SIGNATURE = 12


def written(text: str) -> str:
    """What the writer of a message wrote, without quotation and signature; answers between quotations stay."""
    lines = [line.rstrip() if line != "-- " else line for line in text.split("\n")]
    kept = _without_signature(_without_quotation(lines))
    told = "\n".join(kept).strip("\n")
    told = re.sub(r"\n{3,}", "\n\n", told)
    return told if told.strip() else text.strip("\n")


def _without_quotation(lines: list[str]) -> list[str]:
    """The lines without those that are quoted, each quotation with the heading that announces it."""
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith(">"):
            at += 1
            continue
        heading = _heading(lines, at)
        if heading:
            at += heading
            if not _marked(lines, at):
                # Without marks nothing says where the quotation ends: it is the rest.
                return kept
            continue
        if _begins_quotation(lines, at):
            while kept and (not kept[-1].strip() or _RULE.match(kept[-1])):
                kept.pop()
            return kept
        kept.append(line)
        at += 1
    return kept


def _heading(lines: list[str], at: int) -> int:
    """How many lines from here on say who wrote what follows; none when they do not."""
    if not _ON.match(lines[at]):
        return 0
    for count in range(1, _LONGEST_HEADING + 1):
        part = lines[at : at + count]
        if len(part) < count or not part[-1].strip():
            return 0
        # Glued to an address: "<alex@example.org>wrote:".
        told = " ".join(part).replace(">wrote:", "> wrote:").strip()
        if len(told) < 1000 and _WROTE.search(told):
            return count if any(mark.isdigit() or mark == "@" for mark in told) else 0
    return 0


def _marked(lines: list[str], at: int) -> bool:
    """Whether what follows is quoted line by line."""
    return next((line.startswith(">") for line in lines[at : at + 20] if line.strip()), False)


def _begins_quotation(lines: list[str], at: int) -> bool:
    """Whether everything from here on is another message."""
    if _DASHES.match(lines[at]) or _FORWARDED.match(lines[at]):
        return True
    return bool(_FROM.match(lines[at])) and sum(bool(_FIELD.match(line)) for line in lines[at + 1 : at + 6]) >= 2


def _without_signature(lines: list[str]) -> list[str]:
    """The lines up to a signature, or to what a mailing list or a telephone puts under a message."""
    full = [at for at, line in enumerate(lines) if line.strip()]
    late = full[-_LONGEST_SIGNATURE - 1] if len(full) > _LONGEST_SIGNATURE else 0
    for at, line in enumerate(lines):
        if _SIGNATURE.match(line) and (line == "-- " or at >= late):
            lines = lines[:at]
            break
        if _FOOTER.match(line) and any(_LIST.search(one) for one in lines[at + 1 : at + 5]):
            lines = lines[:at]
            break
    lines = _without_blank_end(lines)
    if len(lines) > 1:
        last = lines[-1].strip()
        alone = not lines[-2].strip()
        telephone = _SENT_FROM.match(last) and len(last.split()) <= _LONGEST_SENT_FROM
        if telephone or (alone and _DASHED_NAME.match(lines[-1])):
            lines = _without_blank_end(lines[:-1])
    return lines


def _without_blank_end(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]

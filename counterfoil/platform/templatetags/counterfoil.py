"""How values look on a page. Templates contain no formatting code of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Textarea
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from counterfoil.kernel import money as amounts
from counterfoil.kernel import periods
from counterfoil.kernel.errors import Refused
from counterfoil.platform.columns import Cell, Line
from counterfoil.trail.kinds import sentence
from counterfoil.trail.models import Event

register = template.Library()
_WIDTH = 1000  # of an ageing bar, in its own units; the picture stretches to the space there is


def _today(context: Context) -> dt.date:
    return context.get("today") or timezone.localdate()


@register.simple_tag(takes_context=True)
def say(context: Context, words: str, **values: object) -> str:
    """The words in the language that the page has (`speech`), with the values in their places; else as they are."""
    speech = context.get("speech")
    if any(isinstance(value, SafeString) for value in values.values()):
        # Of markup that the page made itself, such as a date, nothing is escaped again.
        return format_html(speech.say(words) if speech else words, **values)
    if speech:
        return str(speech.say(words, **values))
    said = words.partition("|")[0]
    return said.format(**values) if values else said


@register.simple_tag(takes_context=True)
def spoken(context: Context, words: Any) -> Any:
    """Words of a form in the language of the page, where it has one (`speech`) that knows them; else as they are."""
    speech = context.get("speech")
    return speech.say(str(words)) if speech else words


@register.simple_tag
def cells(line: Line, sub: str = "sub2") -> SafeString:
    """A row of a list. No template: a page has hundreds of cells, and one for each was most of the page's time."""
    shown = []
    for place, cell in enumerate(line.cells):
        column = cell.column
        more = f"{' strong' if column.strong else ''}{' nowrap' if column.kind == 'date' else ''}" if place else ""
        css = f' class="{(column.css + more).strip()}"' if column.css or more else ""
        below = f'<span class="{sub}">{escape(cell.sub)}</span>' if cell.sub else ""
        inner = f"{_cell(cell)}{below}"
        shown.append(f"<td{css}>{inner}</td>" if place else f'<th scope="row"{css}>{inner}</th>')
    return SafeString("".join(shown))


def _cell(cell: Cell) -> str:
    column, text = cell.column, escape(cell.text)
    if column.kind == "badge":
        shown = badge(cell.text, cell.tone) if cell.text else ""
        return f'<a href="{escape(cell.href)}">{shown}</a>' if cell.href and shown else shown
    if cell.is_zero:
        return f'<span class="zero">{text}</span>'
    if cell.href:
        css = escape(f"id {cell.tone}".strip())
        return f'<a class="{css}" href="{escape(cell.href)}"{" data-dialog" if column.dialog else ""}>{text}</a>'
    if cell.tone:
        return f'<span class="{escape(cell.tone)}">{text}</span>'
    if column.kind == "date" and cell.value:
        return f'<time datetime="{cell.value.isoformat()}">{text}</time>'
    return text


@register.simple_tag
@cache
def icon(name: str, tone: str = "") -> SafeString:
    """A picture from the sprite, invisible to screen readers."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="{}#i-{}"/></svg>', tone, static("platform/sprite.svg"), name
    )


@register.simple_tag(takes_context=True)
def money(context: Context, minor: int | None, currency: str) -> str:
    """An amount in a sentence: `R1,234.50`, or as the language of the page writes it."""
    if minor is None:
        return ""
    speech = context.get("speech")
    return str(speech.money(minor, currency)) if speech else amounts.money_text(minor, currency)


@register.simple_tag(takes_context=True)
def owed(context: Context, minor: int, currency: str) -> SafeString:
    """A balance as the customer is told it: what is owed, or so much in credit."""
    if minor < 0:
        said = say(context, "{amount} in credit", amount=money(context, -minor, currency))
        return format_html('<span class="green">{}</span>', said)
    return format_html("{}", money(context, minor, currency))


@register.simple_tag
def whole(minor: int, currency: str) -> str:
    """An amount rounded half up to whole units, for figures whose cents say nothing."""
    unit = 10 ** amounts.places(currency)
    text = amounts.money_text(amounts.round_minor(Decimal(minor) / unit) * unit, currency)
    return text.rpartition(".")[0] if unit > 1 else text


@register.simple_tag
def figure(minor: int | None, currency: str) -> SafeString | str:
    """An amount in a column whose head has the symbol; zero is quiet, none is blank."""
    if minor is None:
        return ""
    text = amounts.figure_text(minor, currency)
    return text if minor else format_html('<span class="muted">{}</span>', text)


@register.simple_tag
def decimal(value: Decimal, least: int = 0) -> str:
    """A quantity or unit price: grouped, at least so many places, and no more than it has."""
    text = f"{value.normalize():,f}"
    whole_part, _, rest = text.partition(".")
    rest = rest.ljust(least, "0")
    return f"{whole_part}.{rest}" if rest else whole_part


@register.simple_tag
def price(value: Decimal, currency: str) -> str:
    """A price in a column whose head has the symbol: with the places of its currency, or more where it has more."""
    return decimal(value, amounts.places(currency))


@register.simple_tag
def sign(currency: str) -> str:
    """The currency's sign, for the head of a column."""
    return amounts.symbol(currency).strip()


@register.simple_tag
def places(currency: str) -> int:
    return amounts.places(currency)


@register.simple_tag(takes_context=True)
def date(context: Context, day: dt.date | None) -> SafeString | str:
    """`20 Nov` this year, `14 Mar 2019` otherwise."""
    if day is None:
        return ""
    speech, today = context.get("speech"), _today(context)
    said = speech.date(day, today=today) if speech else periods.date_text(day, today=today)
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), said)


@register.simple_tag(takes_context=True)
def longdate(context: Context, day: dt.date) -> SafeString:
    """`20 November 2026`."""
    speech = context.get("speech")
    said = speech.long_date(day) if speech else periods.long_date_text(day)
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), said)


@register.simple_tag(takes_context=True)
def deadline(context: Context, day: dt.date) -> SafeString:
    """A date that matters, with its weekday: `Wed 25 Nov`."""
    speech, today = context.get("speech"), _today(context)
    said = speech.deadline(day, today=today) if speech else periods.deadline_text(day, today=today)
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), said)


@register.simple_tag(takes_context=True)
def when(context: Context, at: dt.datetime | None) -> SafeString | str:
    """The time today, the date and time before."""
    return (
        ""
        if at is None
        else format_html(
            '<time datetime="{}">{}</time>',
            at.isoformat(timespec="seconds"),
            when_text(at, _today(context), context.get("speech")),
        )
    )


def when_text(at: dt.datetime, today: dt.date, speech: Any = None) -> str:
    """`10:42` today, `20 Nov 10:42` before; in the language of a page that has one (`speech`)."""
    local = timezone.localtime(at)
    clock, day = f"{local:%H:%M}", local.date()
    if day == today:
        return clock
    return f"{speech.date(day, today=today) if speech else periods.date_text(day, today=today)} {clock}"


@register.simple_tag
def badge(text: str, tone: str = "") -> SafeString:
    """A status in words; the tone only repeats what the words say."""
    return format_html('<span class="b {}">{}</span>', tone, text)


def lateness(due_on: dt.date, on: dt.date) -> tuple[str, str]:
    """How an open debit stands, in words, and the tone that goes with them."""
    days = (on - due_on).days
    if days > 0:
        return f"{days} {'day' if days == 1 else 'days'} overdue", "bad"
    if days == 0:
        return "Due today", "warn"
    return f"Due in {-days} {'day' if days == -1 else 'days'}", ""


@register.simple_tag
def plural(count: int, one: str, many: str = "") -> str:
    """`1 item`, `4 items`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


@register.simple_tag
def initials(name: str) -> str:
    """Two letters that stand for a name."""
    words = [word for word in name.replace("(", " ").split() if word[:1].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.simple_tag
def phone(number: str) -> str:
    """A telephone number as people write it in its own country; as stored when it cannot be read."""
    import phonenumbers  # noqa: PLC0415 - the tables take a while to load and few pages need them

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


@register.simple_tag
def agebar(buckets: Sequence[int], labels: Sequence[str], currency: str, thin: bool = False) -> SafeString:
    """The ages of what is open as one bar. An SVG, because the security policy allows no inline widths."""
    total = sum(max(part, 0) for part in buckets)
    if not total:
        return format_html("{}", "")
    said = "; ".join(
        f"{label} {amounts.figure_text(part, currency)}" for label, part in zip(labels, buckets, strict=True)
    )
    shown = [(index, part) for index, part in enumerate(buckets) if part > 0]
    room = _WIDTH - 3 * (len(shown) - 1)
    bars, x = [], 0
    for index, part in shown:
        width = max(part * room // total, 4)
        bars.append((min(index, 5), x, width))
        x += width + 3
    rects = format_html_join("", '<rect class="a{}" x="{}" width="{}" height="8"/>', bars)
    return format_html(
        '<svg class="age {}" viewBox="0 0 {} 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        "thin" if thin else "", max(x - 3, 1), f"Age analysis: {said}", rects,
    )  # fmt: skip


@register.simple_tag
def agemark(index: int) -> SafeString:
    """The colour of a bucket, beside its label."""
    return format_html(
        '<svg viewBox="0 0 8 8" aria-hidden="true"><rect class="a{}" width="8" height="8"/></svg>', min(index, 5)
    )


@register.simple_tag(takes_context=True)
def may(context: Context, what: Any) -> bool:
    """Whether the signed-in person may do or see it: a control that would be refused is not shown."""
    caller = context.get("caller")
    return bool(caller and caller.may(what))


@register.simple_tag(takes_context=True)
def remedy_url(context: Context, missing: Refused) -> str:
    """The page that enters what is missing, for whoever may open it."""
    remedy = missing.remedy
    return reverse(remedy.page) if remedy and may(context, remedy.right) else ""


@register.inclusion_tag("platform/field.html", takes_context=True)
def field(context: Context, bound: BoundField, label: str = "", prefix: str = "", css: str = "") -> dict[str, Any]:
    """A form field: label, control, hint, and what is wrong with it."""
    widget, speech = bound.field.widget, context.get("speech")
    many = isinstance(widget, (CheckboxSelectMultiple, RadioSelect))
    single = isinstance(widget, CheckboxInput)
    classes = "check" if single else f"in {css} {getattr(bound.field, 'css', '')}".strip()
    attrs: dict[str, str | bool] = {} if many else {"class": classes}
    # A label says what belongs there; an example in its place goes as soon as somebody types.
    widget.attrs.pop("placeholder", None)
    if isinstance(widget, Textarea):
        attrs["rows"] = str(widget.attrs.get("rows", "3")).replace("10", "3")
    if hasattr(bound.field, "currency"):
        prefix = prefix or amounts.symbol(bound.field.currency).strip()
    return {
        "bound": bound, "label": spoken(context, label or bound.label), "help": spoken(context, bound.help_text),
        "optional_word": spoken(context, "optional"), "speech": speech, "prefix": prefix, "many": many,
        "single": single, "control": None if many else bound.as_widget(attrs=attrs),
        "optional": not bound.field.required, "radio": isinstance(widget, RadioSelect),
    }  # fmt: skip


@register.simple_tag
def customer_url(number: str, tab: str = "") -> str:
    """The page of a customer."""
    return reverse("customer-tab", args=[number, tab]) if tab else reverse("customer", args=[number])


@register.simple_tag
def event_words(event: Event) -> str:
    """What happened, as a sentence."""
    return sentence(event.kind, event.data)

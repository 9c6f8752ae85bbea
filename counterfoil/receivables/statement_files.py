"""A statement as PDF, page, CSV and workbook. One view of finished words serves all, so that they never disagree."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from counterfoil.documents.logos import data_address, letterhead_view
from counterfoil.documents.parties import (
    amounts_in,
    payment_view,
    period_text,
    words_of,
)
from counterfoil.documents.rendering import render_pdf, stylesheet
from counterfoil.documents.speech import ENGLISH, Speech
from counterfoil.kernel.money import places, plain_text
from counterfoil.platform.spreadsheets import TEXT_CELL, neutral
from counterfoil.receivables.rules import Statement, StatementLine

_LINE_HEADS = ("Date", "Reference", "Description", "Due", "Amount", "Balance")
_OPEN_HEADS = ("Date", "Reference", "Description", "Due", "Days late", "Original", "Open")


def statement_view(statement: Statement) -> dict[str, Any]:
    """Everything a statement says, in finished words, in the order in which a customer asks."""
    customer, operator = statement.customer, statement.operator
    on = statement.period.last
    say, speech = operator.speech.say, operator.speech
    title = f"{say('Statement')} {customer.number}, {speech.long_date(on)}"
    view: dict[str, Any] = {
        "title": f"{title}, {operator.name}",
        "foot": title,
        "author": operator.name,
        "heading": say("Statement of account"),
        "lang": operator.language,
        "words": words_of(operator),
        "date": [on.year, on.month, on.day],
        "operator": letterhead_view(operator),
        "facts": _facts(statement, on),
        "figures": _figures(statement, on),
        "activity": _activity(statement, on),
        "note": operator.statement_text,
    }
    parts = _ageing_parts(statement)
    if any(part["share"] for part in parts):
        view["ageing"] = {
            "heading": say("Age of the balance"),
            "parts": parts,
            "total": speech.figure(statement.ageing.balance, statement.currency),
        }
    if statement.parts.balance > 0:
        euro = statement.parts.payable if statement.currency == "EUR" else 0
        if pay := payment_view(operator, customer.number, euro_minor=euro):
            view["pay"] = pay
    elif statement.parts.balance < 0:
        view["closing"] = say("You don't need to pay anything. Your credit is taken off your next invoice.")
    else:
        view["closing"] = say("You don't need to pay anything. Thank you for paying on time.")
    return view


def _facts(statement: Statement, on: dt.date) -> list[list[dict[str, Any]]]:
    customer, operator = statement.customer, statement.operator
    address = [line for line in customer.address.splitlines() if line.strip()]
    tax = [f"{operator.tax_name} {customer.tax_number}"] if customer.tax_number else []
    speech, say = operator.speech, operator.speech.say
    second = [{"label": say("Account number"), "lines": [customer.number]}]
    if customer.terms:
        second.append({"label": say("Terms"), "lines": [customer.terms]})
    return [
        [{"label": say("Account"), "lines": [customer.name, *address, *tax], "strong": True}],
        second,
        [
            {"label": say("Statement date"), "lines": [speech.long_date(on)]},
            {"label": say("Period"), "lines": [speech.period(statement.period.start, on)]},
        ],
    ]


def _figures(statement: Statement, on: dt.date) -> list[dict[str, str]]:
    """Please pay now, due next, in dispute, account credit, total: the parts add up to the total."""
    parts, currency, speech = statement.parts, statement.currency, statement.operator.speech
    say = speech.say

    def figure(label: str, minor: int, note: str, tone: str = "ink") -> dict[str, str]:
        return {"label": label, "value": speech.money(minor, currency), "note": note, "tone": tone}

    if parts.pay_now:
        less = say(" and ").join(
            words
            for words, applies in (
                (say("your account credit"), statement.ageing.unapplied > parts.credit_left),
                (say("the amount in dispute"), parts.disputed),
            )
            if applies
        )
        note = say("Overdue, less {less}", less=less) if less else say("Overdue")
        found = [figure(say("Please pay now"), parts.pay_now, note, "red")]
    else:
        note = say("Nothing is overdue") if parts.due_later or parts.disputed else say("Your account is paid up")
        if parts.balance < 0:
            note = say("Your account is in credit")
        found = [{"label": say("Please pay now"), "value": say("Nothing to pay"), "note": note, "tone": "ink"}]
    if parts.due_later and parts.next_due_on:
        day = speech.near_date(parts.next_due_on, today=on)
        numbers = parts.next_due_numbers
        known = sum(
            line.open_minor - line.disputed_minor
            for line in statement.lines
            if line.open_minor > 0 and line.due_on == parts.next_due_on
        )
        names = ", ".join(numbers[:2])
        if len(numbers) > 2:
            names = say("{numbers} and {n} more", numbers=names, n=len(numbers) - 2)
        all_that_day = known == parts.due_later
        found.append(
            figure(
                say("Due {day}", day=day) if all_that_day else say("Due from {day}", day=day),
                parts.due_later,
                names if all_that_day else say("First {numbers}", numbers=names),
            )
        )
    if parts.disputed:
        found.append(figure(say("In dispute"), parts.disputed, say("Not payable while we look into it")))
    if parts.credit_left:
        found.append(figure(say("Account credit"), -parts.credit_left, say("Not used yet"), "green"))
    note = amounts_in(statement.operator, currency, taxed=bool(statement.operator.tax_number))
    if parts.balance < 0:
        found.append(figure(say("Total, in credit"), -parts.balance, note, "green"))
    else:
        found.append(figure(say("Total balance"), parts.balance, note))
    return found


def _activity(statement: Statement, on: dt.date) -> dict[str, Any]:
    open_item = statement.style == "open_item"
    speech, say = statement.operator.speech, statement.operator.speech.say
    heads = _OPEN_HEADS if open_item else _LINE_HEADS
    numeric = ("Days late", "Original", "Open", "Amount", "Balance")
    narrow = max((len(line.number) for line in statement.lines), default=0) > 18
    columns = [
        {
            "key": head,
            "label": say(head),
            "align": "right" if head in numeric else "left",
            "width": {"Description": "rest", "Reference": "narrow" if narrow else "auto"}.get(head, "auto"),
        }
        for head in heads
    ]
    rows = [_row(line, statement, on) for line in statement.lines]
    closing = speech.figure(statement.closing_minor, statement.currency)
    if open_item:
        if not rows:
            rows = [["", "", {"text": say("Nothing is open."), "tone": "soft"}, "", "", "", ""]]
    else:
        rows.insert(0, _opening_row(statement, on))
    return {
        "heading": say("What is open") if open_item else say("Transactions"),
        "columns": columns,
        "rows": rows,
        "total": {
            "label": say("Balance on {day}", day=speech.long_date(on)),
            "span": len(heads) - 1,
            "values": [closing],
        },
    }


def _opening_row(statement: Statement, on: dt.date) -> list[Any]:
    def cell(text: str) -> dict[str, str]:
        return {"text": text, "tone": "soft"}

    speech, say = statement.operator.speech, statement.operator.speech.say
    words = say("Opening balance") if statement.lines else say("Opening balance, no transactions in this period")
    opening = speech.figure(statement.opening_minor, statement.currency)
    return [cell(speech.date(statement.period.start, today=on)), "", cell(words), "", "", cell(opening)]


def _row(line: StatementLine, statement: Statement, on: dt.date) -> list[Any]:
    currency, speech = statement.currency, statement.operator.speech
    text: Any = line.text
    if line.disputed_minor:
        text = {
            "text": line.text,
            "note": speech.say("({amount} in dispute)", amount=speech.figure(line.disputed_minor, currency)),
        }
    # Of what is paid nobody needs to know when it was due.
    due: Any = speech.date(line.due_on, today=on) if line.open_minor else ""
    if line.late:
        due = {"text": due, "tone": "red"}
    first = [speech.date(line.on, today=on), line.number, text, due]
    amount = speech.figure(line.amount_minor, currency)
    if statement.style == "open_item":
        late: Any = {"text": str(days_late(line, on)), "tone": "red"} if line.late else ""
        return [*first, late, amount, speech.figure(line.open_minor, currency)]
    return [*first, amount, speech.figure(line.balance_minor, currency)]


def days_late(line: StatementLine, on: dt.date) -> int:
    """Days after the due date; zero when it is not late."""
    return (on - line.due_on).days if line.late and line.due_on else 0


def bucket_words(label: str, speech: Speech = ENGLISH) -> str:
    """A bucket's label as a customer reads it: `Not due`, `1 to 30 days`, `Over 120 days`."""
    clean = label.strip()
    if clean.lower() == "current":
        return speech.say("Not due")
    first, dash, last = clean.partition("-")
    if dash and first.strip().isdigit() and last.strip().isdigit():
        return speech.say("{first} to {last} days", first=first.strip(), last=last.strip())
    if clean.lower().startswith("over ") and clean[5:].strip().isdigit():
        return speech.say("Over {n} days", n=clean[5:].strip())
    return clean


def _ageing_parts(statement: Statement) -> list[dict[str, Any]]:
    ageing, currency, speech = statement.ageing, statement.currency, statement.operator.speech
    whole = max(ageing.total_due, 1)

    def part(label: str, minor: int, colour: Any, drawn: int) -> dict[str, Any]:
        return {
            "label": label,
            "value": speech.figure(minor, currency),
            "zero": minor == 0,
            "colour": colour,
            # Thousandths of the bar; whole numbers, so that every format draws the same.
            "share": max(1, drawn * 1000 // whole) if drawn > 0 else 0,
        }

    last = max(len(ageing.buckets) - 1, 1)
    parts = [
        # The first bucket is grey and the last is the darkest, however many there are.
        part(bucket_words(label, speech), minor, 0 if index == 0 else min(5, 1 + (index - 1) * 5 // last), minor)
        for index, (label, minor) in enumerate(zip(ageing.labels, ageing.buckets, strict=True))
    ]
    if ageing.disputed:
        parts.append(part(speech.say("In dispute"), ageing.disputed, "dispute", ageing.disputed))
    if ageing.unapplied:
        parts.append(part(speech.say("Account credit"), -ageing.unapplied, "none", 0))
    return parts


def statement_pdf(statement: Statement) -> bytes:
    """The statement as PDF; the same statement gives the same bytes."""
    return render_pdf("statement", statement_view(statement))


def statement_html(statement: Statement, *, standalone: bool = False) -> str:
    """The statement as a fragment for a page, or (for the console) as a page that stands alone."""
    view = statement_view(statement)
    left, segments = 0, []
    for part in view.get("ageing", {}).get("parts", []):
        if part["share"]:
            width = max(part["share"], 6)
            segments.append({**part, "x": left, "width": width})
            left += width + 3
    context = {
        "sheet": view,
        "logo": data_address(view["operator"]["logo"]),
        "rows": [
            [_html_cell(cell, column, row[1]) for cell, column in zip(row, view["activity"]["columns"], strict=True)]
            for row in view["activity"]["rows"]
        ],
        "segments": segments,
        "bar_width": max(left - 3, 1),
        # Markup of our own making: the only parts of the page that are not escaped.
        "qr": mark_safe(view["pay"]["qr"]) if "qr" in view.get("pay", {}) else "",
        "css": mark_safe(stylesheet()) if standalone else "",
        "standalone": standalone,
        # What is left of the closing line between its words and its figure, on a phone too.
        "spare": view["activity"]["total"]["span"] - 4,
    }
    template = "statement_page" if standalone else "statement_sheet"
    return render_to_string(f"receivables/{template}.html", context)


_CLASSES = {"Date": "nw", "Reference": "nw lo", "Due": "nw lo", "Description": "wide"}


def _html_cell(cell: Any, column: dict[str, str], reference: str) -> dict[str, str]:
    """A cell with the class of its column. On a phone the reference stands above the description."""
    kind = "n" if column["align"] == "right" else _CLASSES.get(column["key"], "")
    ref = reference if column["key"] == "Description" else ""
    return {"class": kind, "ref": ref, **(cell if isinstance(cell, dict) else {"text": cell})}


def _records(statement: Statement) -> tuple[tuple[str, ...], list[list[Any]]]:
    """Head and rows as values: dates, minor units as decimals, text."""
    on, currency = statement.period.last, statement.currency

    def amount(minor: int) -> Decimal:
        return Decimal(plain_text(minor, currency))

    if statement.style == "open_item":
        rows: list[list[Any]] = [
            [line.on, line.number, line.text, line.due_on, days_late(line, on) or None, amount(line.amount_minor),
             amount(line.open_minor)]
            for line in statement.lines
        ]  # fmt: skip
        rows.append([on, "", "Balance", None, None, None, amount(statement.closing_minor)])
        return _OPEN_HEADS, rows
    rows = [[statement.period.start, "", "Opening balance", None, None, amount(statement.opening_minor)]]
    rows += [
        [line.on, line.number, line.text, line.due_on, amount(line.amount_minor), amount(line.balance_minor)]
        for line in statement.lines
    ]
    rows.append([on, "", "Closing balance", None, None, amount(statement.closing_minor)])
    return _LINE_HEADS, rows


def statement_csv(statement: Statement) -> str:
    """The lines for a spreadsheet or a program: ISO dates, plain numbers, text that is never run as a formula."""

    def value(cell: Any) -> Any:
        match cell:
            case None:
                return ""
            case dt.date():
                return cell.isoformat()
            case Decimal():
                return str(cell)
        return neutral(cell) if isinstance(cell, str) else cell

    heads, rows = _records(statement)
    out = StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([[value(cell) for cell in row] for row in rows])
    return out.getvalue()


def statement_xlsx(statement: Statement) -> bytes:
    """The lines as a workbook with real dates and numbers; text stays text."""
    out = BytesIO()
    book = xlsxwriter.Workbook(
        out, {"constant_memory": True, "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
              "strings_to_numbers": False}
    )  # fmt: skip
    text = book.add_format(TEXT_CELL)
    bold = book.add_format({"bold": True, **TEXT_CELL})
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    n = places(statement.currency)
    money = book.add_format({"num_format": "#,##0" + (f".{'0' * n}" if n else "")})
    sheet = book.add_worksheet("Statement")
    for column, width in enumerate((12, 16, 44, 12, 14, 14, 14)):
        sheet.set_column(column, column, width)
    heads, rows = _records(statement)
    top: list[list[Any]] = [
        [f"Statement {statement.customer.number}"],
        [statement.customer.name],
        [period_text(statement.period.start, statement.period.last)],
        [f"Amounts in {statement.currency}"],
        [],
    ]
    for index, row in enumerate(top):
        for column, cell in enumerate(row):
            sheet.write_string(index, column, cell, text)
    for column, head in enumerate(heads):
        sheet.write_string(len(top), column, head, bold)
    for index, row in enumerate(rows, start=len(top) + 1):
        for column, cell in enumerate(row):
            match cell:
                case dt.date():
                    sheet.write_datetime(index, column, cell, date)
                case Decimal():
                    sheet.write_number(index, column, cell, money)
                case int():
                    sheet.write_number(index, column, cell)
                case str() if cell:
                    sheet.write_string(index, column, cell, text)
    book.close()
    return out.getvalue()

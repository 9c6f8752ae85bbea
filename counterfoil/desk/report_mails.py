"""Reports by e-mail: read when their day has come, outside any transaction, and sent once."""

from __future__ import annotations

import logging

from django.conf import settings

from counterfoil.desk.models import ReportMail
from counterfoil.desk.operations import send_report_mail
from counterfoil.desk.rules import days_mailed
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.operator.queries import operator
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.exports import plain
from counterfoil.platform.tables import Listing
from counterfoil.reports.asked import Asked, Report
from counterfoil.reports.queries import REPORTS, find_report, read_report
from counterfoil.staff.queries import caller_of

log = logging.getLogger(__name__)
# As many rows as one reads in a message; the page has all.
_MOST_ROWS = 30


def mails_of(caller: Caller) -> list[tuple[ReportMail, Report]]:
    """The reports that the caller gets by e-mail, each with what it is."""
    rows = ReportMail.objects.filter(user_id=caller.user_id or 0).order_by("report", "pk")
    return [(row, REPORTS[row.report]) for row in rows if row.report in REPORTS]


def get_mail(caller: Caller, pk: int) -> ReportMail:
    """One that the caller gets."""
    found = ReportMail.objects.filter(pk=pk, user_id=caller.user_id or 0).first()
    if found is None:
        raise NotFound("There is no such e-mail, or it is somebody else's.")
    return found


def mail_due_reports(caller: System) -> int:
    """Every report whose day has come leaves, about the days before; how many did."""
    due = list(ReportMail.objects.filter(next_on__lte=caller.today).order_by("next_on", "pk"))
    sent = 0
    for mail in due:
        text, why_not = "", ""
        try:
            text = _text(mail, caller_of(mail.user_id))
        except Refused as refusal:
            why_not = refusal.sentence
        except Exception:  # noqa: BLE001 - a fault of one report must not keep the others from leaving
            log.exception("The report %s of %s could not be read.", mail.report, mail.user_id)
            continue
        sent += bool(send_report_mail(caller, mail=mail, on=mail.next_on, text=text, why_not=why_not))
    return sent


def _text(mail: ReportMail, reader: Caller) -> str:
    report = find_report(mail.report)
    asked = Asked(*days_mailed(mail.every, mail.next_on))
    table, rows = read_report(reader, report, asked)
    listing = table.listing(rows, {}, "", currency=operator().currency, today=asked.last)
    said: list[str] = []
    for row in listing.all_rows():
        if len(said) == _MOST_ROWS:
            said.append("There are more rows on the page.")
            break
        said.append(_line(listing, row))
    # The pages of what is open have a day alone.
    link = f"{settings.PUBLIC_URL}{asked.link(report.name, '')}&as_of={asked.last.isoformat()}"
    return "\n".join([report.titled(asked), "", *(said or ["Nothing."]), "", link, ""])


def _line(listing: Listing, row: object) -> str:
    found = ((column.label, plain(column, row, listing)) for column in listing.table.columns)
    return ", ".join(f"{label} {value}" for label, value in found if value)

"""Accounting packets: so many sessions begin and go on, each report in a transaction of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from counterfoil.network import rules
from counterfoil.network.models import SessionReport
from counterfoil.network.operations import take_report
from counterfoil.platform.callers import Caller, System
from counterfoil.site.bench.book import settle_down
from counterfoil.site.bench.figures import Figure, figure, forget_peak, timed


def measure(quick: bool) -> Iterator[Figure]:
    """Interim reports of more and more open sessions; the floor only reads the packets."""
    system, start = Caller.system("hook"), 0
    began = system.now.replace(microsecond=0) - dt.timedelta(hours=2)
    for stop in (20, 40) if quick else (1_000, 10_000):
        for place in range(start, stop):
            _take(system, _packet(place, "Start", began, 0))
        start = stop
        settle_down()
        count = 10 if quick else 1_000
        sent = [_packet(place, "Interim-Update", began + dt.timedelta(minutes=5), stop) for place in range(count)]
        before = SessionReport.objects.count()
        forget_peak()
        floor = timed(lambda sent=sent: [rules.packet(one, system.now, dt.UTC) for one in sent])  # type: ignore[misc]
        seconds = timed(lambda sent=sent: [_take(system, one) for one in sent])  # type: ignore[misc]
        made = SessionReport.objects.count() - before
        began += dt.timedelta(minutes=5)
        yield figure("accounting", stop, seconds, floor, done=made, a_second=round(made / seconds))


def _take(system: System, sent: dict[str, str]) -> bool:
    packet = rules.packet(sent, system.now, dt.UTC)
    assert packet is not None, "It is a report of a session."
    return take_report(system, packet=packet)


def _packet(place: int, kind: str, at: dt.datetime, octets: int) -> dict[str, str]:
    return {
        "Acct-Status-Type": kind, "NAS-IP-Address": "10.20.0.1", "User-Name": f"user{place}",
        "Acct-Session-Id": str(place), "Acct-Unique-Session-Id": f"{place:032}", "Framed-IP-Address": "100.64.0.9",
        "Event-Timestamp": str(int(at.timestamp())), "Acct-Session-Time": "300",
        **({"Acct-Input-Octets": str(octets), "Acct-Output-Octets": str(octets * 9)} if kind != "Start" else {}),
    }  # fmt: skip

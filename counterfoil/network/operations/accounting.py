"""What NASes report: each report once, and what its session comes to by all of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.db.models import F
from django.utils import timezone

from counterfoil.network import queries, rules
from counterfoil.network.models import AccessSession, DayUsage, Nas, NasRestart, SessionReport, Walled
from counterfoil.platform.bulk import chunks
from counterfoil.platform.operations import Operation, step

End = AccessSession.End
_COUNTS = ("started_at", "last_at", "ended_at", "end", "cause", "up", "down", "raw_up", "raw_down")
_SAID = ("address", "ipv6", "mac", "port")


@step
def take_report(op: Operation, *, packet: rules.Packet) -> bool:
    """What a NAS reported is kept, and its session comes to what it does by all reports; whether it was news.

    In any order and with repeats it comes to the same. A packet that follows what is known adds the difference; any
    other has the session worked out anew.
    """
    if packet.report is None:
        return _restart(packet)
    row = AccessSession.objects.select_for_update().filter(key=packet.key).first()
    begins = row is None
    if row is None:
        row = _begin(packet, packet.report)
    if row.forgotten_on is not None:
        return False
    report = _placed(row, packet)
    said = _describe(row, packet) if report.at >= row.last_at or begins else []
    if not begins and row.ended_at is None and report.kind != rules.START and report.at > row.last_at:
        _follow(row, report, said)
        return True
    if SessionReport.objects.filter(row=row, **_columns(report, key=True)).exists():
        return False
    SessionReport.objects.create(row=row, **_columns(report))
    _work_out(row)
    row.save(update_fields=[*_COUNTS, *said])
    return True


def _columns(report: rules.Report, *, key: bool = False) -> dict[str, object]:
    found: dict[str, object] = {
        "kind": report.kind, "at": report.at, "seconds": report.seconds, "up": report.up, "down": report.down,
        "counted": report.counted,
    }  # fmt: skip
    return found if key else {**found, "cause": report.cause}


def _placed(row: AccessSession, packet: rules.Packet) -> rules.Report:
    """A report without a time of its own that was overtaken is of when the session had lasted so long."""
    report = packet.report
    assert report is not None, "Restarts are no reports of a session."
    at = row.started_at + dt.timedelta(seconds=report.seconds)
    late = not packet.timed and report.kind == rules.INTERIM and at < row.last_at < report.at
    return replace(report, at=at) if late and report.up <= row.raw_up and report.down <= row.raw_down else report


def _begin(packet: rules.Packet, report: rules.Report) -> AccessSession:
    """The session of a packet, new; when two packets of it come at once, one of them finds it there."""
    account = queries.account_named(packet.user_name) if packet.user_name else None
    walled = packet.walled
    if walled is None and account is not None:
        customer = account.service.subscription.customer_id
        walled = Walled.objects.filter(customer=customer, since__isnull=False).exists()
    made = AccessSession(
        key=packet.key, account=account, nas=Nas.objects.filter(address=packet.nas, in_use=True).first(),
        nas_address=packet.nas, user_name=packet.user_name, session=packet.session, walled=bool(walled),
        started_at=report.at - dt.timedelta(seconds=report.seconds), last_at=report.at,
    )  # fmt: skip
    _describe(made, packet)
    AccessSession.objects.bulk_create([made], ignore_conflicts=True)
    return AccessSession.objects.select_for_update().get(key=packet.key)


def _describe(row: AccessSession, packet: rules.Packet) -> list[str]:
    """What the newest report says of address, prefix, device and port; what it does not say stays."""
    said = {"address": packet.address or None, "ipv6": packet.prefix, "mac": packet.mac, "port": packet.port}
    changed = [name for name in _SAID if said[name] and said[name] != getattr(row, name)]
    for name in changed:
        setattr(row, name, said[name])
    return changed


def _follow(row: AccessSession, report: rules.Report, said: list[str]) -> None:
    SessionReport.objects.create(row=row, **_columns(report))
    zone = timezone.get_default_timezone()
    found = rules.Facts(row.started_at, row.last_at, up=row.up, down=row.down, raw_up=row.raw_up, raw_down=row.raw_down)
    up, down = rules.count_on(found, report, zone)
    row.up, row.down, row.raw_up, row.raw_down = found.up, found.down, found.raw_up, found.raw_down
    row.last_at = report.at
    if report.kind == rules.STOP:
        row.ended_at, row.end, row.cause = report.at, End.STOP, report.cause
    row.save(update_fields=[*_COUNTS, *said])
    if up or down:
        day = rules.day_of(report.at, zone)
        known = DayUsage.objects.filter(row=row, day=day).update(up=F("up") + up, down=F("down") + down)
        if not known:
            DayUsage.objects.create(row=row, account_id=row.account_id, day=day, up=up, down=down)


def _work_out(row: AccessSession) -> None:
    """What the session comes to by all its reports; one that was taken for ended goes on when it is heard of again."""
    restarts = NasRestart.objects.filter(nas_address=row.nas_address).values_list("at", flat=True)
    found = queries.facts_of(row, restarts)
    assert found is not None, "A report was kept."
    presumed = row.end == End.STALE and found.ended_at is None and found.last_at <= (row.ended_at or found.last_at)
    row.started_at, row.last_at, row.up, row.down = found.started_at, found.last_at, found.up, found.down
    row.raw_up, row.raw_down = found.raw_up, found.raw_down
    if not presumed:
        row.ended_at, row.cause = found.ended_at, found.cause
        row.end = "" if found.ended_at is None else End.RESTART if found.cause == rules.REBOOT and not _stopped(row) \
            else End.STOP  # fmt: skip
    DayUsage.objects.filter(row=row).delete()
    DayUsage.objects.bulk_create([
        DayUsage(row=row, account_id=row.account_id, day=day, up=up, down=down)
        for day, (up, down) in sorted(found.days.items())
    ])  # fmt: skip


def _stopped(row: AccessSession) -> bool:
    return SessionReport.objects.filter(row=row, kind=rules.STOP).exists()


def _restart(packet: rules.Packet) -> bool:
    """All that was open on a NAS before it began anew is over, with what was reported last."""
    if NasRestart.objects.filter(nas_address=packet.nas, at=packet.at).exists():
        return False
    NasRestart.objects.bulk_create([NasRestart(nas_address=packet.nas, at=packet.at)], ignore_conflicts=True)
    there = AccessSession.objects.select_for_update().filter(nas_address=packet.nas, started_at__lt=packet.at)
    there.filter(ended_at=None, last_at__lte=packet.at).update(ended_at=packet.at, end=End.RESTART, cause=rules.REBOOT)
    # What was reported of later, and what an earlier restart is known for now.
    for row in there.exclude(end=End.STOP).exclude(ended_at=packet.at).filter(
        last_at__gt=packet.at, forgotten_on=None
    ):  # fmt: skip
        _work_out(row)
        row.save(update_fields=list(_COUNTS))
    earlier = there.filter(end=End.RESTART, ended_at__gt=packet.at, last_at__lte=packet.at)
    earlier.update(ended_at=packet.at)
    return True


@step
def close_stale(op: Operation) -> int:
    """Sessions that nobody has heard of for as long as the operator says are over, as of when they were heard last."""
    limit = op.now - dt.timedelta(minutes=queries.policy().stale_minutes)
    silent = AccessSession.objects.filter(ended_at=None, last_at__lt=limit)
    return silent.update(ended_at=F("last_at"), end=End.STALE, cause="")


@step
def forget_sessions(op: Operation) -> int:
    """Whose sessions were, and from where, is forgotten after as many days as the operator says; how much was used
    stays.
    """
    limit = op.now - dt.timedelta(days=queries.policy().keep_days)
    old = AccessSession.objects.filter(ended_at__lt=limit, forgotten_on=None)
    count = 0
    for some in chunks(old.order_by("ended_at").values_list("pk", flat=True)[:5000].iterator(), 500):
        count += forget(op, list(some))
    return count


def forget(op: Operation, keys: list[int]) -> int:
    """Nothing personal is left of these sessions, nor their reports."""
    SessionReport.objects.filter(row__in=keys).delete()
    return AccessSession.objects.filter(pk__in=keys).update(
        user_name="", session="", address=None, ipv6="", mac="", port="", forgotten_on=op.today
    )

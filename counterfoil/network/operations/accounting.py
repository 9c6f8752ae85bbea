"""What NASes report: each report once, and what its session comes to by all of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from counterfoil.network import counting, queries, rules
from counterfoil.network.included import state_of
from counterfoil.network.models import AccessAccount, AccessSession, DayUsage, Nas, NasRestart, SessionReport, Walled
from counterfoil.platform.bulk import chunks
from counterfoil.platform.callers import System
from counterfoil.platform.operations import Operation, step

End = AccessSession.End
_COUNTS = (
    "started_at", "last_at", "ended_at", "end", "cause", "up", "down", "raw_up", "raw_down", "aside", "start_told",
    "follows_at",
)  # fmt: skip
_SAID = ("address", "ipv6", "mac", "port")


@step
def take_report(op: Operation, *, packet: rules.Packet) -> bool:
    """What a NAS reported is kept, and its session comes to what it does by all reports; whether it was news.

    In any order and with repeats it comes to the same. A packet that follows what is known adds the difference; any
    other has the sessions of its id worked out anew.
    """
    if packet.report is None:
        return _restart(packet)
    there = _family(packet.key)
    begins = not there
    family = there or _begin(packet, packet.report)
    if not family or counting.is_of_before(queries.forgotten_until(family), packet.report):
        # Of a session that is forgotten: it was counted.
        return False
    row = family[-1]
    report = _placed(row, packet)
    if not begins and _follows(family, report):
        _follow(row, report, _describe(row, packet))
        return True
    if SessionReport.objects.filter(row__in=family, **_columns(report, key=True)).exists():
        return False
    _work_out(family, packet, report)
    return True


def _family(key: str) -> list[AccessSession]:
    """The sessions of an id that are not forgotten, in order, locked."""
    rows = AccessSession.objects.select_for_update(of=("self",)).filter(key=key, forgotten_on=None)
    return list(rows.select_related("account__after").order_by("turn"))


def _columns(report: counting.Report, *, key: bool = False) -> dict[str, object]:
    found: dict[str, object] = {
        "kind": report.kind, "at": report.at, "seconds": report.seconds, "up": report.up, "down": report.down,
        "counted": report.counted, "unsaid": report.unsaid,
    }  # fmt: skip
    return found if key else {**found, "cause": report.cause}


def _placed(row: AccessSession, packet: rules.Packet) -> counting.Report:
    """A report without a time of its own that was overtaken is of when the session had lasted so long."""
    report = packet.report
    assert report is not None, "Restarts are no reports of a session."
    at = row.started_at + dt.timedelta(seconds=report.seconds)
    late = not packet.timed and report.kind == counting.INTERIM and at < row.last_at < report.at
    return replace(report, at=at) if late and report.up <= row.raw_up and report.down <= row.raw_down else report


def _follows(family: list[AccessSession], report: counting.Report) -> bool:
    """Whether a report only adds to the newest session of its id: it is the latest, and of no other session."""
    row = family[-1]
    if row.ended_at is not None or report.kind == counting.START or report.at <= row.last_at:
        return False
    if (report.up < row.raw_up and report.unsaid != counting.UP) or (
        report.down < row.raw_down and report.unsaid != counting.DOWN
    ):
        # Begun anew, or of a clock that was put right: which of both, all reports say.
        return not report.counted
    if 0 < report.seconds < (row.last_at - row.started_at).total_seconds():
        return False
    return report.began is None or not counting.is_earlier(row.follows_at, report.began)


def _begin(packet: rules.Packet, report: counting.Report) -> list[AccessSession]:
    """The session of a packet, new; when two packets of it come at once, one of them finds it there.

    Nothing where it is late for a session that is forgotten.
    """
    past = AccessSession.objects.filter(key=packet.key).exclude(forgotten_on=None).order_by("-turn").first()
    over = (past.ended_at or past.last_at) if past else None
    if counting.is_of_before(over, report):
        return []
    made = _made(packet, turn=past.turn + 1 if past else 1)
    made.started_at, made.last_at, made.follows_at = report.begin, report.at, over
    _describe(made, packet)
    AccessSession.objects.bulk_create([made], ignore_conflicts=True)
    return _family(packet.key)


def _made(packet: rules.Packet, *, turn: int) -> AccessSession:
    """A session of a packet, not saved: whose it is, where it is, and whether it is in the walled garden."""
    account = queries.account_named(packet.user_name) if packet.user_name else None
    walled = packet.walled
    if walled is None and account is not None:
        customer = account.service.subscription.customer_id
        walled = Walled.objects.filter(customer=customer, since__isnull=False).exists()
    return AccessSession(
        key=packet.key, turn=turn, account=account,
        nas=Nas.objects.filter(address=packet.nas, in_use=True).first(),
        nas_address=packet.nas, user_name=packet.user_name, session=packet.session, walled=bool(walled),
        slowed=_slowed(packet, account) and not walled,
    )  # fmt: skip


def _slowed(packet: rules.Packet, account: AccessAccount | None) -> bool:
    """Whether it was let in at the lower speed: as its Class says, else as its service is to be."""
    if packet.slowed is not None or account is None:
        return bool(packet.slowed)
    state = state_of(account.service, timezone.localdate())
    return state is not None and state.is_slow


def _describe(row: AccessSession, packet: rules.Packet) -> list[str]:
    """What the newest report says of address, prefix, device and port; what it does not say stays.

    Where it names another user it is of a session that is not known to be another one yet, and describes nothing: an
    address would be of somebody who did not have it.
    """
    if not _is_named(row, packet):
        return []
    said = {"address": packet.address or None, "ipv6": packet.prefix, "mac": packet.mac, "port": packet.port}
    changed = [name for name in _SAID if said[name] and said[name] != getattr(row, name)]
    for name in changed:
        setattr(row, name, said[name])
    return changed


def _is_named(row: AccessSession, packet: rules.Packet) -> bool:
    """Whether a packet names the user of a session, or nobody."""
    return not packet.user_name or packet.user_name.casefold() == row.user_name.casefold()


def _follow(row: AccessSession, report: counting.Report, said: list[str]) -> None:
    SessionReport.objects.create(row=row, **_columns(report))
    zone = timezone.get_current_timezone()
    found = counting.Facts(
        row.started_at, row.last_at, up=row.up, down=row.down, raw_up=row.raw_up, raw_down=row.raw_down,
        aside=row.aside,
    )  # fmt: skip
    up, down = counting.count_on(found, report, zone)
    row.up, row.down, row.raw_up, row.raw_down, row.aside = (
        found.up,
        found.down,
        found.raw_up,
        found.raw_down,
        found.aside,
    )
    row.last_at = report.at
    if not row.start_told:
        row.started_at = min(row.started_at, report.begin)
    if report.kind == counting.STOP:
        row.ended_at, row.end, row.cause = report.at, End.STOP, report.cause
        if holders := queries.holders_of(row.account):
            row.account_id = counting.holder_of(holders, row.ended_at)
            said = [*said, "account"]
    row.save(update_fields=[*_COUNTS, *said])
    if up or down:
        day = counting.day_of(report.at, zone)
        known = DayUsage.objects.filter(row=row, day=day).update(up=F("up") + up, down=F("down") + down)
        if not known:
            owner = queries.owner_on(row.account, day)
            DayUsage.objects.create(row=row, account_id=owner, day=day, up=up, down=down)


def _work_out(
    family: list[AccessSession], packet: rules.Packet | None = None, news: counting.Report | None = None
) -> None:
    """What the sessions of an id come to by all reports of it, and by a new one, whatever was known of them before."""
    restarts = list(NasRestart.objects.filter(nas_address=family[0].nas_address).values_list("at", flat=True))
    found = queries.groups_of(family, restarts, news)
    facts = counting.facts_of(found, restarts, timezone.get_current_timezone())
    assert facts, "Something was reported."
    while len(family) < len(facts):
        place = len(family)
        of_it = packet if news is not None and news in found[place].rows else None
        family.append(_another(family[-1], facts[place], of_it))
    if news is not None:
        place = next(place for place, group in enumerate(found) if news in group.rows)
        row = family[place]
        SessionReport.objects.create(row=row, **_columns(news))
        if packet is not None and news.at >= facts[place].last_at and (said := _describe(row, packet)):
            row.save(update_fields=said)
    for row, one in zip(family, facts, strict=False):
        _come_to(row, one)
    over = facts[-1].ended_at or facts[-1].last_at
    for row in family[len(facts) :]:
        # What was taken for a session of its own is of another one by what is known now.
        begun = row.started_at
        _come_to(row, counting.Facts(begun, begun, ended_at=begun, end=End.AGAIN, follows_at=over))


def _another(row: AccessSession, facts: counting.Facts, packet: rules.Packet | None) -> AccessSession:
    """The next session of an id that its NAS uses again: whose and where the packet says, if that is of it.

    What the packet does not say, or says late, is as of the one before: that was described by reports of this one.
    """
    same = ("key", "account", "nas", "nas_address", "user_name", "session", "walled", "slowed", *_SAID)
    made = AccessSession(turn=row.turn + 1, **{name: getattr(row, name) for name in same})
    if packet is not None and packet.report is not None:
        made = _made(packet, turn=row.turn + 1)
        made.account = made.account or row.account
        if packet.report.at >= facts.last_at or not _is_named(row, packet):
            _describe(made, packet)
        else:
            for name in _SAID:
                setattr(made, name, getattr(row, name))
    made.started_at, made.last_at = facts.started_at, facts.last_at
    made.save()
    return made


def _come_to(row: AccessSession, found: counting.Facts) -> None:
    """One that was taken for ended goes on when it is heard of again."""
    presumed = row.end == End.STALE and found.ended_at is None and found.last_at <= (row.ended_at or found.last_at)
    kept = ("ended_at", "end", "cause") if presumed else ()
    for name in _COUNTS:
        if name not in kept:
            setattr(row, name, getattr(found, name))
    holders = queries.holders_of(row.account)
    if holders:
        row.account_id = counting.holder_of(holders, row.ended_at)
    row.save(update_fields=[*_COUNTS, "account"])
    DayUsage.objects.filter(row=row).delete()
    DayUsage.objects.bulk_create([
        DayUsage(row=row, account_id=counting.holder_on(holders, day) if holders else None, day=day, up=up, down=down)
        for day, (up, down) in sorted(found.days.items())
    ])  # fmt: skip


def _restart(packet: rules.Packet) -> bool:
    """All that was open on a NAS before it began anew, and is not heard of after that, is over then."""
    said = packet.said_at or packet.at
    known = Q(said_at=said) | Q(said_at=None, at=said)
    if NasRestart.objects.filter(known, nas_address=packet.nas).exists():
        return False
    at = said if _is_ahead(packet) else packet.at
    made = NasRestart(nas_address=packet.nas, at=at, said_at=said)
    NasRestart.objects.bulk_create([made], ignore_conflicts=True)
    there = AccessSession.objects.select_for_update().filter(nas_address=packet.nas, started_at__lt=at)
    there.filter(ended_at=None, last_at__lte=at).update(ended_at=at, end=End.RESTART, cause=counting.REBOOT)
    # One that a later restart had ended so far.
    earlier = there.filter(end=End.RESTART, ended_at__gt=at, last_at__lte=at)
    earlier.update(ended_at=at)
    _give_back(there.filter(end=End.RESTART, ended_at=at))
    # An id that was used again, or whose session was taken for one that went on.
    again = Q(end=End.AGAIN, last_at__lte=at) | Q(last_at__gt=at)
    keys = there.filter(again, forgotten_on=None).order_by("key").values_list("key", flat=True)
    for key in dict.fromkeys(keys):
        _work_out(_family(key))
    return True


def _is_ahead(packet: rules.Packet) -> bool:
    """Whether a restart that is said of a time to come is by the clock that what is open there was reported by.

    Then it is compared by that clock. Without such a session it is the clock of a NAS that has just begun anew and
    will be put right: what is said of a time to come was true when it came.
    """
    said = packet.said_at
    if said is None or not packet.timed or said <= packet.at:
        return False
    ahead = AccessSession.objects.filter(nas_address=packet.nas, ended_at=None, last_at__gt=packet.at)
    return ahead.filter(last_at__lte=said).exists()


def _give_back(rows: QuerySet[AccessSession]) -> None:
    """Sessions that were over before their line changed hands are of who had it then."""
    later = rows.filter(ended_at__lt=F("account__taken_at"))
    before = AccessAccount.objects.filter(pk=OuterRef("account_id")).values("before_id")
    while keys := list(later.values_list("pk", flat=True)):
        AccessSession.objects.filter(pk__in=keys).update(account_id=Subquery(before))


@step
def recount(op: Operation, *, keys: list[str]) -> int:
    """The sessions of these ids come to what they do by their reports, by the rules of now; how many ids changed."""
    changed = 0
    for key in keys:
        family = _family(key)
        if not SessionReport.objects.filter(row__in=family).exists():
            continue
        before = _stands(key)
        _work_out(family)
        changed += _stands(key) != before
    return changed


def _stands(key: str) -> list[tuple[object, ...]]:
    rows = list(AccessSession.objects.filter(key=key).order_by("turn").values_list("turn", "account", *_COUNTS))
    days = DayUsage.objects.filter(row__key=key).order_by("row__turn", "day")
    return [*rows, *days.values_list("row__turn", "day", "up", "down", "account")]


def recount_all(system: System) -> int:
    """The same for every id that is not forgotten, in pieces; how many changed."""
    rows = AccessSession.objects.filter(forgotten_on=None).order_by("key")
    keys = list(dict.fromkeys(rows.values_list("key", flat=True).iterator()))
    return sum(recount(system, keys=some) for some in chunks(keys, 200))


@step
def close_stale(op: Operation) -> int:
    """Sessions that nobody has heard of for as long as the operator says are over, as of when they were heard last."""
    limit = op.now - dt.timedelta(minutes=queries.policy().stale_minutes)
    silent = AccessSession.objects.filter(ended_at=None, last_at__lt=limit)
    before = list(silent.filter(last_at__lt=F("account__taken_at")).values_list("pk", flat=True))
    count = silent.update(ended_at=F("last_at"), end=End.STALE, cause="")
    for some in chunks(before, 500):
        _give_back(AccessSession.objects.filter(pk__in=some))
    return count


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
    _keep_with_others(keys)
    SessionReport.objects.filter(row__in=keys).delete()
    return AccessSession.objects.filter(pk__in=keys).update(
        user_name="", session="", address=None, ipv6="", mac="", port="", forgotten_on=op.today
    )


def _keep_with_others(keys: list[int]) -> None:
    """Reports that came when another session of the id was the newest, and are of one that stays, go to that one."""
    ids = AccessSession.objects.filter(pk__in=keys, forgotten_on=None).values("key")
    others = AccessSession.objects.filter(key__in=ids, forgotten_on=None).exclude(pk__in=keys)
    for key in dict.fromkeys(others.order_by("key").values_list("key", flat=True)):
        family = _family(key)
        restarts = NasRestart.objects.filter(nas_address=family[0].nas_address).values_list("at", flat=True)
        away = {row.report: row for row in SessionReport.objects.filter(row__in=keys, row__key=key)}
        for row, group in zip(family, queries.groups_of(family, restarts), strict=False):
            for report in group.rows:
                if row.pk not in keys and report in away:
                    away[report].delete()
                    SessionReport.objects.create(row=row, **_columns(report))

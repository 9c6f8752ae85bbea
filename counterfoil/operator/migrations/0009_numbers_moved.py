"""Each kind goes on with the numbers it has; then what is left of the company is kept again."""

import uuid
from typing import Any

from django.db import migrations
from django.db.models import Sum
from django.utils import timezone

from counterfoil.platform.kept import Columns, digest
from counterfoil.trail.kinds import KEPT

MOVED = ("account_prefix", "account_convention")
LABEL, STEM = "staff.operator", "customer:"


def move(apps: Any, schema_editor: Any) -> None:
    sequences = apps.get_model("platform", "NumberSequence").objects
    series, runs = (apps.get_model("operator", name).objects for name in ("NumberSeries", "NumberRun"))
    for row in sequences.order_by("pk"):
        kind = "account" if row.key.startswith(STEM) else row.key
        if kind != "account":
            series.create(kind=kind, pattern=f"{row.prefix}{{number:0{row.digits}}}")
        runs.create(kind=kind, prefix=row.prefix, digits=row.digits, first=1, last=row.last)
    operator = apps.get_model("operator", "Operator").objects.filter(pk=1).first()
    if operator is None:
        return
    by_name = operator.account_convention == "name"
    pattern = "{name}{number:03}" if by_name else f"{operator.account_prefix}{{number:06}}"
    series.create(kind="account", pattern=pattern)
    accounts = sequences.filter(key__startswith=STEM)
    given = accounts.aggregate(given=Sum("last"))["given"] or 0
    accounts.delete()
    sequences.create(key="account", prefix="", last=given)
    _keep_again(apps.get_model("trail", "Event"), operator)


def _keep_again(events: Any, operator: Any) -> None:
    """Columns that are dropped are gone from the digest. One that was wrong before stays so: it is to be found."""
    about = events.objects.filter(subject_type=LABEL, subject_id=operator.pk, data__has_key=KEPT)
    last = about.order_by("-pk").first()
    if last is None or last.data[KEPT] != _digest(operator, ()):
        return
    events.objects.create(
        operation_id=uuid.uuid4(), operation="operator.migrate", kind="row.kept", subject_type=LABEL,
        subject_id=operator.pk, actor="Counterfoil", door="shell", at=timezone.now(),
        data={KEPT: _digest(operator, MOVED)},
    )  # fmt: skip


def _digest(operator: Any, without: Any) -> str:
    names = [column.name for column in operator._meta.concrete_fields if column.name not in ("version", *without)]
    row = type(operator).objects.values_list(*names).get(pk=operator.pk)
    (text,) = Columns(type(operator), names).encode([row])
    return digest(LABEL, operator.pk, text, ())


class Migration(migrations.Migration):

    dependencies = [
        ('operator', '0008_numbers'),
        ('platform', '0005_words_on_screen'),
        ('trail', '0002_personal_data'),
    ]

    operations = [migrations.RunPython(move, migrations.RunPython.noop)]

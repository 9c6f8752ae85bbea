"""The company's bank account is the first of its accounts; then what is left of the company is kept again."""

import uuid
from typing import Any

from django.db import migrations
from django.utils import timezone

from counterfoil.platform.kept import Columns, digest
from counterfoil.trail.kinds import KEPT

# What it was called, and is.
MOVED = {"bank": "bank", "bank_branch": "branch", "bank_account": "number", "iban": "iban", "bic": "bic"}
LABEL = "staff.operator"


def move(apps: Any, schema_editor: Any) -> None:
    operator = apps.get_model("operator", "Operator").objects.filter(pk=1).first()
    if operator is None:
        return
    details = {name: getattr(operator, was) for was, name in MOVED.items()}
    if details["bank"] or details["number"] or details["iban"]:
        apps.get_model("operator", "BankAccount").objects.create(is_default=True, **details)
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
        ('operator', '0004_bank_accounts'),
        ('trail', '0002_personal_data'),
    ]

    operations = [migrations.RunPython(move, migrations.RunPython.noop)]

"""Of which time a customer was told, and when, in place of the day: so that a visit that moves is said again."""

from typing import ClassVar

from django.db import migrations, models
from django.utils import timezone


def carry_over(apps, editor):
    """Who was reminded of the day of the visit was told of the time that it had."""
    job = apps.get_model("jobs", "FieldJob")
    told = job.objects.exclude(reminded_on=None).exclude(starts_at=None)
    told.update(reminded_of=models.F("starts_at"), reminded_at=timezone.now())


class Migration(migrations.Migration):
    dependencies: ClassVar = [("jobs", "0001_begin")]

    operations: ClassVar = [
        migrations.AddField("fieldjob", "reminded_of", models.DateTimeField(null=True)),
        migrations.AddField("fieldjob", "reminded_at", models.DateTimeField(null=True)),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField("fieldjob", "reminded_on"),
    ]

from django.db import migrations
from django.db.models import F


def looked_at(apps, schema_editor):
    """What was attached before has its picture, or none."""
    apps.get_model("customers", "Attachment").objects.update(pictured_at=F("at"))


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0008_pictured_later'),
    ]

    operations = [migrations.RunPython(looked_at, migrations.RunPython.noop)]

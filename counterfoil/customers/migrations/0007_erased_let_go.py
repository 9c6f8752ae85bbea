from django.db import migrations


def let_go(apps, schema_editor):
    """Attachments of erased people refer to their bytes no more. Other rows that lost theirs are told by check-books."""
    Attachment = apps.get_model("customers", "Attachment")
    Attachment.objects.filter(customer__status="erased").update(file=None, thumbnail=None)


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0006_let_go_of_files'),
    ]

    operations = [migrations.RunPython(let_go, migrations.RunPython.noop)]

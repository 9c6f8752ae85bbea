from django.db import migrations


def let_go(apps, schema_editor):
    """Erased messages refer to their files no more. The trigger is of before they could; migrate puts the new one up."""
    on = ' ON messaging_messagefile' if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f'DROP TRIGGER IF EXISTS frozen_messaging_messagefile_update{on}')
    MessageFile = apps.get_model("messaging", "MessageFile")
    MessageFile.objects.filter(message__subject="Erased").update(file=None)


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0002_let_go_of_files'),
    ]

    operations = [migrations.RunPython(let_go, migrations.RunPython.noop)]

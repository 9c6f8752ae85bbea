"""Documents are compressed already: PostgreSQL need not try again with each one."""

from typing import Any

from django.db import migrations


def store_as_it_is(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE documents_storedfile ALTER COLUMN content SET STORAGE EXTERNAL")


class Migration(migrations.Migration):
    dependencies = [("documents", "0003_erased_for_good")]

    operations = [migrations.RunPython(store_as_it_is, migrations.RunPython.noop)]

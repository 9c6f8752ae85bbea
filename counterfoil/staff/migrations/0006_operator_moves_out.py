"""The operator, areas and brands are an app of their own: first their tables get its names."""

from django.db import migrations

NAMES = ("Operator", "Area", "Brand")


class Migration(migrations.Migration):
    # Every migration that still says where the columns of customers lead by the old names is done before.
    dependencies = [("staff", "0005_integrations"), ("customers", "0011_credit_hold")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.AlterModelTable(name, f"operator_{name.lower()}") for name in NAMES]
        )
    ]

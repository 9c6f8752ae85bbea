"""A customer without a language of their own reads the company's; English, which everybody had, was nobody's choice."""

from django.db import migrations, models
from django.db.migrations.state import StateApps


def of_the_company(apps: StateApps, _: object) -> None:
    """What was by default stays so, and what the events keep of each row with it."""
    apps.get_model("customers", "Customer").objects.filter(language="en").update(language="")


class Migration(migrations.Migration):
    dependencies = [("customers", "0014_terms_rule")]

    operations = [
        migrations.AlterField("customer", "language", models.CharField(blank=True, default="", max_length=8)),
        migrations.RunPython(of_the_company, migrations.RunPython.noop),
    ]

"""What is an app of its own is none of this one's any more."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0012_operator_moves_out'),
        ('staff', '0006_operator_moves_out'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(
                    name='Area',
                ),
                migrations.DeleteModel(
                    name='Brand',
                ),
                migrations.DeleteModel(
                    name='Operator',
                ),
            ]
        )
    ]

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('operator', '0009_numbers_moved'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='operator',
            name='account_convention',
        ),
        migrations.RemoveField(
            model_name='operator',
            name='account_prefix',
        ),
    ]

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('operator', '0005_first_bank_account'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='operator',
            name='bank',
        ),
        migrations.RemoveField(
            model_name='operator',
            name='bank_account',
        ),
        migrations.RemoveField(
            model_name='operator',
            name='bank_branch',
        ),
        migrations.RemoveField(
            model_name='operator',
            name='bic',
        ),
        migrations.RemoveField(
            model_name='operator',
            name='iban',
        ),
    ]

"""The operator, areas and brands, whose tables staff made."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [("staff", "0006_operator_moves_out")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='Area',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=60, unique=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Brand',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=60, unique=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Operator',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=120)),
                        ('legal_name', models.CharField(blank=True, max_length=160)),
                        ('registration', models.CharField(blank=True, max_length=60)),
                        ('tax_number', models.CharField(blank=True, max_length=40)),
                        ('tax_name', models.CharField(default='VAT', max_length=20)),
                        ('address', models.CharField(blank=True, max_length=240)),
                        ('email', models.EmailField(blank=True, max_length=254)),
                        ('phone', models.CharField(blank=True, max_length=40)),
                        ('currency', models.CharField(default='ZAR', max_length=3)),
                        ('region', models.CharField(default='ZA', max_length=2)),
                        ('bank', models.CharField(blank=True, max_length=80)),
                        ('bank_account', models.CharField(blank=True, max_length=40)),
                        ('pay_url', models.CharField(blank=True, max_length=120)),
                        ('account_prefix', models.CharField(default='CF-', max_length=8)),
                        ('account_convention', models.CharField(default='sequential', max_length=12)),
                        ('terms_days', models.PositiveSmallIntegerField(default=30)),
                    ],
                ),
            ]
        )
    ]

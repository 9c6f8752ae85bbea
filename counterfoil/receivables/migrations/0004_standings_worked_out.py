from django.db import migrations
from django.utils import timezone


def work_out(apps, schema_editor):
    """What each customer owes today, in one statement: a book has a million of them."""
    today = timezone.localdate()
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO receivables_standing
                (customer_id, balance_minor, overdue_minor, oldest_due_on, after_on, until_on)
            SELECT c.id,
                COALESCE(SUM(CASE WHEN i.side = 'debit' THEN i.open_minor ELSE -i.open_minor END), 0),
                COALESCE(SUM(CASE WHEN i.side = 'debit' AND i.due_on < %s THEN i.open_minor END), 0),
                MIN(CASE WHEN i.side = 'debit' THEN i.due_on END),
                COALESCE(MAX(CASE WHEN i.side = 'debit' AND i.due_on < %s THEN i.due_on END), '0001-01-01'),
                COALESCE(MIN(CASE WHEN i.side = 'debit' AND i.due_on >= %s THEN i.due_on END), '9999-12-31')
            FROM customers_customer c
            LEFT JOIN receivables_openitem i ON i.customer_id = c.id AND i.open_minor > 0
            GROUP BY c.id
            """,
            [today, today, today],
        )


class Migration(migrations.Migration):

    dependencies = [
        ('receivables', '0003_standings'),
    ]

    operations = [migrations.RunPython(work_out, migrations.RunPython.noop)]

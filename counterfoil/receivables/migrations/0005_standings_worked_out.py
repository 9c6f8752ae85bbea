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
            SELECT id, balance, CASE WHEN late > cover THEN late - cover ELSE 0 END, oldest, after_on, until_on FROM (
                SELECT c.id,
                    COALESCE(SUM(CASE WHEN i.side = 'debit' THEN i.open_minor ELSE -i.open_minor END), 0) AS balance,
                    COALESCE(SUM(CASE WHEN i.side = 'debit' AND i.due_on < %s THEN i.open_minor END), 0) AS late,
                    COALESCE(SUM(CASE WHEN i.side = 'credit' THEN i.open_minor END), 0) AS cover,
                    MIN(CASE WHEN i.side = 'debit' THEN i.due_on END) AS oldest,
                    COALESCE(MAX(CASE WHEN i.side = 'debit' AND i.due_on < %s THEN i.due_on END), '0001-01-01')
                        AS after_on,
                    COALESCE(MIN(CASE WHEN i.side = 'debit' AND i.due_on >= %s THEN i.due_on END), '9999-12-31')
                        AS until_on
                FROM customers_customer c
                LEFT JOIN receivables_openitem i ON i.customer_id = c.id AND i.open_minor > 0
                GROUP BY c.id
            ) AS standings
            """,
            [today, today, today],
        )


class Migration(migrations.Migration):

    dependencies = [
        ('receivables', '0004_standings'),
    ]

    operations = [migrations.RunPython(work_out, migrations.RunPython.noop)]

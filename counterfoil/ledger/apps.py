from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "counterfoil.ledger"
    label = "ledger"
    # What people do here, in the words of a role.
    verbose_name = "Ledger"
    default_auto_field = "django.db.models.BigAutoField"

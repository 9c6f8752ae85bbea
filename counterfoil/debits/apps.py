from django.apps import AppConfig


class DebitsConfig(AppConfig):
    name = "counterfoil.debits"
    label = "debits"
    # What people do here, in the words of a role.
    verbose_name = "Debit orders"
    default_auto_field = "django.db.models.BigAutoField"

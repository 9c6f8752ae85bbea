from django.apps import AppConfig


class ReceivablesConfig(AppConfig):
    name = "counterfoil.receivables"
    label = "receivables"
    # What people do here, in the words of a role.
    verbose_name = "Receivables"
    default_auto_field = "django.db.models.BigAutoField"

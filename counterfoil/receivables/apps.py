from django.apps import AppConfig


class ReceivablesConfig(AppConfig):
    name = "counterfoil.receivables"
    label = "receivables"
    default_auto_field = "django.db.models.BigAutoField"

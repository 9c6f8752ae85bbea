from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "counterfoil.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"

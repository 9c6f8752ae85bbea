from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "counterfoil.api"
    label = "api"
    verbose_name = "Other programs"
    default_auto_field = "django.db.models.BigAutoField"

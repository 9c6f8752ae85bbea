from django.apps import AppConfig


class OperatorConfig(AppConfig):
    name = "counterfoil.operator"
    label = "operator"
    # What people do here, in the words of a role.
    verbose_name = "Company"
    default_auto_field = "django.db.models.BigAutoField"

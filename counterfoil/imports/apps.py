from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "counterfoil.imports"
    label = "imports"
    # What people do here, in the words of a role.
    verbose_name = "Import"
    default_auto_field = "django.db.models.BigAutoField"

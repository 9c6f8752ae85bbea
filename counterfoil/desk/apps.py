from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "counterfoil.desk"
    label = "desk"
    # What people do here, in the words of a role.
    verbose_name = "Lists and files"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "counterfoil.staff"
    label = "staff"
    # What people do here, in the words of a role.
    verbose_name = "People and roles"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "counterfoil.jobs"
    label = "jobs"
    # What people do here, in the words of a role.
    verbose_name = "Jobs"
    default_auto_field = "django.db.models.BigAutoField"

import os

from django.core.wsgi import get_wsgi_application

from counterfoil.site.places import prepare

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "counterfoil.site.settings")
prepare(os.environ)
application = get_wsgi_application()

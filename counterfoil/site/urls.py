from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("portal/", include("counterfoil.portal.urls")),
    path("", include("counterfoil.desk.urls")),
]

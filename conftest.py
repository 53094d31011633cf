"""What every test shares: a property is judged by what it gives, never by how long it takes."""

from hypothesis import settings

settings.register_profile("studyline", deadline=None)
settings.load_profile("studyline")

"""Who asks the service in tests: `asking("Acme")` sees one sponsor, `asking()` all of them."""

from collections.abc import Callable

from httpx import AsyncClient

Asking = Callable[..., AsyncClient]

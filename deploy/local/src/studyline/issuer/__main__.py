"""Run the development issuer: `python -m studyline.issuer`."""

import sys

import uvicorn

from studyline.errors import StackError
from studyline.issuer.app import create_app
from studyline.issuer.settings import load_settings


def main() -> None:
    """Serve until told to stop; end with a clear sentence where the issuer must not run."""
    try:
        settings = load_settings()
        app = create_app(settings)
    except StackError as error:
        sys.exit(str(error))
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    main()

"""An object store that speaks S3 over HTTP and checks signatures (moto's server), which a test may let fail."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Final, Literal
from urllib.parse import parse_qs

from chassis import clock
from chassis.settings import ObjectStore
from pydantic import SecretStr
from werkzeug.serving import make_server

# Their types say less than nothing to a strict reader.
boto3: Final[Any] = import_module("boto3")
moto_server: Final[Any] = import_module("moto.server")
moto_settings: Final[Any] = import_module("moto.settings")

BUCKET = "studyline-files"
Fault = Literal["500", "gone", "slow"]
Request = tuple[str, str, dict[str, list[str]]]


@dataclass
class Store:
    """The running server, and one bucket in it. `faults` says of a request (method, path, query) how it fails."""

    where: ObjectStore
    faults: Callable[[Request], Fault | None] = lambda _: None
    requests: list[Request] = field(default_factory=list[Request])

    @property
    def client(self) -> Any:
        """A client of our own, past the platform."""
        where = self.where
        return boto3.client(
            "s3",
            endpoint_url=where.endpoint,
            region_name=where.region,
            aws_access_key_id=where.access_key_id.get_secret_value(),
            aws_secret_access_key=where.secret_access_key.get_secret_value(),
        )

    def objects(self) -> set[str]:
        """Every object that anybody could see."""
        return {one["Key"] for one in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])}

    def hidden(self) -> list[str]:
        """Uploads that were begun, and neither ended nor given up."""
        return [one["Key"] for one in self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]

    @contextmanager
    def failing(self, faults: Callable[[Request], Fault | None]) -> Generator[None]:
        """Let requests fail meanwhile."""
        self.faults = faults
        try:
            yield
        finally:
            self.faults = lambda _: None

    def __call__(self, app: Any) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
        """The application, failing as the test wants."""

        def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
            request = (environ["REQUEST_METHOD"], environ["PATH_INFO"], query)
            self.requests.append(request)
            match self.faults(request):
                case "500":
                    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                    start("500 Internal Server Error", [("Content-Length", "0")])
                    return []
                case "gone":
                    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
                    raise ConnectionResetError
                case "slow":
                    time.sleep(0.3)
                case None:
                    pass
            return app(environ, start)

        return answer


@contextmanager
def object_store() -> Generator[Store]:
    """The server on a port of its own while the context is open; whoever speaks to it must sign as it gave rights."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    where = ObjectStore("", BUCKET, "us-east-1", SecretStr("first"), SecretStr("first"), None)
    store = Store(where)
    app = store(moto_server.DomainDispatcherApplication(moto_server.create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    store.where = replace(where, endpoint=f"http://127.0.0.1:{server.server_port}")
    asked_before = moto_settings.INITIAL_NO_AUTH_ACTION_COUNT
    moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
    store.client.create_bucket(Bucket=BUCKET)
    for key in store.objects():
        store.client.delete_object(Bucket=BUCKET, Key=key)
    store.where = _with_rights(store.where)
    moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    try:
        yield store
    finally:
        moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = asked_before
        server.shutdown()
        serving.join()
        server.server_close()


def _with_rights(where: ObjectStore) -> ObjectStore:
    user = clock.new_id()
    iam: Any = boto3.client(
        "iam",
        endpoint_url=where.endpoint,
        region_name=where.region,
        aws_access_key_id="first",
        aws_secret_access_key="first",
    )
    iam.create_user(UserName=user)
    rights = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    iam.put_user_policy(UserName=user, PolicyName="files", PolicyDocument=rights)
    made = iam.create_access_key(UserName=user)["AccessKey"]
    return replace(
        where,
        access_key_id=SecretStr(made["AccessKeyId"]),
        secret_access_key=SecretStr(made["SecretAccessKey"]),
    )

"""Runs the application in this process until a stop signal; running answers may end first."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from headgate.errors import UsageError
from headgate.serve.app import create_app
from headgate.settings import Settings
from headgate.storage import open_store

#: Connections that may wait to be accepted.
_BACKLOG = 2048


def run_server(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        announce: called with the service's address once the port is bound.

    Raises:
        StorageError: the store can't be written, so that no answer could be logged.
        UsageError: the address can't be listened on.
    """
    store = open_store(settings)
    store.check_writable()
    app = create_app(store, settings.release.track, settings.serve)
    listening = _listen(settings.serve.host, settings.serve.port)
    host = f"[{settings.serve.host}]" if ":" in settings.serve.host else settings.serve.host
    announce(f"http://{host}:{listening.getsockname()[1]}")
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=max(1, round(settings.serve.shutdown_seconds)),
        server_header=False,
    )
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after an orderly end
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)  # before the address is announced: who connects at once waits instead of being refused
    except OSError as error:
        raise UsageError(
            f"can't listen on {host}:{port}: {error.strerror or error}; set serve.host and serve.port, or use --port"
        ) from error
    return listening

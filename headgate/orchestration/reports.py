"""The validation reports of the store, be it a folder or a bucket, as pages on 127.0.0.1.

python -m headgate.orchestration.reports [--port 5001]
"""

import argparse
import html
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from headgate.errors import HeadgateError, NotFoundError, UsageError
from headgate.ingest.validate.page import report_key
from headgate.orchestration.ui_addresses import HOST, REPORTS_PORT
from headgate.settings import load_settings
from headgate.storage import Store, open_store
from headgate.storage.layout import VALIDATION_REPORTS

#: A report quotes documents: nothing in it may run or load anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = "body{font:16px/1.6 system-ui,sans-serif;max-width:50em;margin:2em auto;padding:0 1em} h1{font-size:1.4em}"
_REPORT = re.compile(r"/([\w-][\w.-]{0,127})/(?:index\.html)?", re.ASCII)


def report_server(store: Store, port: int) -> ThreadingHTTPServer:
    """A server that lists the reports at `/` and shows each at `/<revision>/index.html`. The caller runs and closes it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            try:
                if path == "/":
                    self._reply(200, _overview(store))
                elif found := _REPORT.fullmatch(path):
                    self._reply(200, store.get(report_key(found[1])))
                else:
                    self._reply(404, _page("There is no such report", "<a href='/'>All reports</a>"))
            except NotFoundError:
                self._reply(404, _page("There is no such report", "<a href='/'>All reports</a>"))
            except HeadgateError as error:
                self._reply(503, _page("The store does not answer", html.escape(str(error))))

        def _reply(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(content)))
            self.send_header("content-security-policy", _POLICY)
            self.send_header("x-content-type-options", "nosniff")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    return ThreadingHTTPServer((HOST, port), Handler)


def _overview(store: Store) -> bytes:
    entries = sorted(store.entries(VALIDATION_REPORTS.prefix()), key=lambda entry: -entry.modified)
    rows = "".join(_row(html.escape(VALIDATION_REPORTS.first(entry.key)), entry.modified) for entry in entries)
    return _page("Validation reports, the newest first", f"<ol>{rows}</ol>" if rows else "None yet: run `headgate ingest`.")


def _row(revision: str, written: float) -> str:
    when = datetime.fromtimestamp(written, UTC).strftime("%-d %B %Y %H:%M UTC")
    return f"<li><a href='/{revision}/index.html'>{revision}</a>, {when}</li>"


def _page(title: str, body: str) -> bytes:
    return f"<!doctype html><html lang='en'><title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>{body}</html>".encode()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m headgate.orchestration.reports", description="The validation reports of the store, until Ctrl-C."
    )
    parser.add_argument("--port", type=int, default=REPORTS_PORT)
    chosen = parser.parse_args(arguments)
    try:
        server = report_server(open_store(load_settings()), chosen.port)
    except UsageError as error:
        print(f"reports: {error}", file=sys.stderr)
        return 2
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Calls `handle(req)` of function/handler.py with the body as text; what it returns, or prints, is the answer.

With OpenFaaS's classic template a process ran per request, with the request in its environment as Http_* and its stdout
as the answer. Here one process serves all, so both are kept apart per thread.
"""
import io
import os
import sys
import threading

from pushfn_response import respond
from pushfn_serve import serve

from function import handler

request = threading.local()


class Stdout(io.TextIOBase):
    """While a request is handled, what it prints is collected for its answer; else it goes to the log."""

    def __init__(self, log):
        self.log = log

    def write(self, text):
        return (getattr(request, "printed", None) or self.log).write(text)

    def flush(self):
        self.log.flush()

    def writable(self):
        return True


class Environment(type(os.environ)):
    def __getitem__(self, name):
        own = getattr(request, "environment", {})
        return own[name] if name in own else super().__getitem__(name)


os.environ.__class__ = Environment
sys.stdout = Stdout(sys.stdout)


def application(environ, start_response):
    length = environ.get("CONTENT_LENGTH")
    body = environ["wsgi.input"].read(int(length)) if length else environ["wsgi.input"].read()
    request.environment = http_environment(environ)
    request.printed = io.StringIO()
    try:
        returned = handler.handle(body if os.getenv("RAW_BODY") == "true" else body.decode("utf-8", "replace"))
        printed = request.printed.getvalue()
    finally:
        request.environment = {}
        request.printed = None
    if printed:
        returned = printed + ("" if returned is None else f"{returned}\n")
    return respond(start_response, returned)


def http_environment(environ):
    found = {
        "Http_Method": environ["REQUEST_METHOD"],
        "Http_Path": environ.get("PATH_INFO") or "/",
        "Http_Query": environ.get("QUERY_STRING", ""),
    }
    for key, value in environ.items():
        name = key[5:] if key.startswith("HTTP_") else key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else None
        if name and name != "PROXY":
            found["Http_" + name.title()] = value
    return found


serve(application)

"""Calls `handle(event, context)` of function/handler.py for every request, as OpenFaaS's python3-http does.

The event has body (bytes), headers, method, query and path; the answer is {"statusCode", "body", "headers"}.
"""
import os
from urllib.parse import parse_qsl

from pushfn_response import pairs, respond
from pushfn_serve import serve

from function import handler


class Headers(dict):
    """The request's headers; names match in any case."""

    def __getitem__(self, name):
        return super().__getitem__(name.title())

    def __contains__(self, name):
        return super().__contains__(name.title())

    def get(self, name, default=None):
        return super().get(name.title(), default)


class Query(dict):
    """The query's fields; of a repeated one the first, and all of them by getlist."""

    def __init__(self, text):
        self.fields = parse_qsl(text, keep_blank_values=True)
        super().__init__(reversed(self.fields))

    def getlist(self, name):
        return [value for field, value in self.fields if field == name]


class Event:
    def __init__(self, environ):
        length = environ.get("CONTENT_LENGTH")
        self.body = environ["wsgi.input"].read(int(length)) if length else environ["wsgi.input"].read()
        self.headers = headers_of(environ)
        self.method = environ["REQUEST_METHOD"]
        self.query = Query(environ.get("QUERY_STRING", ""))
        self.path = environ.get("PATH_INFO") or "/"


class Context:
    def __init__(self):
        self.hostname = os.getenv("HOSTNAME", "localhost")


def headers_of(environ):
    found = Headers()
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            dict.__setitem__(found, key[5:].replace("_", "-").title(), value)
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            dict.__setitem__(found, key.replace("_", "-").title(), environ[key])
    return found


def application(environ, start_response):
    returned = handler.handle(Event(environ), Context())
    if isinstance(returned, dict):
        returned = (returned.get("body", ""), returned.get("statusCode", 200), pairs(returned.get("headers")))
    return respond(start_response, returned)


serve(application)

"""What a handler returned, as a WSGI answer: None, str, bytes, dict, or Flask's (body, status, headers)."""
import json
from http import HTTPStatus


def respond(start_response, returned):
    body, status, headers = parts(returned)
    data, content_type = encode(body)
    names = {name.lower() for name, _ in headers}
    if "content-type" not in names and content_type:
        headers.append(("Content-Type", content_type))
    if "content-length" not in names:
        headers.append(("Content-Length", str(len(data))))
    start_response(f"{status} {phrase(status)}", headers)
    return [data]


def parts(returned):
    if not isinstance(returned, tuple):
        return returned, 200, []
    body, status, headers = (*returned, None, None)[:3]
    if isinstance(status, (dict, list)):
        status, headers = 200, status
    return body, int(status or 200), pairs(headers)


def pairs(headers):
    """Headers as the list of (name, value) that WSGI wants; a list of values is a header for each."""
    found = []
    for name, value in headers.items() if isinstance(headers, dict) else headers or []:
        for each in value if isinstance(value, (list, tuple)) else [value]:
            found.append((str(name), str(each)))
    return found


def encode(body):
    if body is None:
        return b"", None
    if isinstance(body, (bytes, bytearray)):
        return bytes(body), "application/octet-stream"
    if isinstance(body, (dict, list)):
        return json.dumps(body).encode(), "application/json"
    return str(body).encode(), "text/html; charset=utf-8"


def phrase(status):
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"

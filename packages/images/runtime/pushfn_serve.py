"""The container contract for Python templates: one process, served by waitress on 8080.

`/_/health` and `/_/ready` are answered here. On SIGTERM no more is accepted, what is under way is finished, and the
process exits 0. `read_timeout` (a Go duration) bounds how long a connection may be silent, `threads` how many requests
are handled at a time (16 unless told).
"""
import os
import re
import signal
import sys
import traceback

from waitress import wasyncore
from waitress.server import create_server

UNITS = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}


def serve(application):
    """Serves the WSGI application until SIGTERM."""
    state = {"stopping": False}
    server = create_server(
        contract(application, state),
        host="0.0.0.0",
        port=int(os.getenv("port") or 8080),
        threads=int(os.getenv("threads") or 16),
        channel_timeout=max(1, int(seconds(os.getenv("read_timeout")) or 120)),
        clear_untrusted_proxy_headers=False,
        ident=None,
    )

    def stop(*_):
        state["stopping"] = True
        server.trigger.pull_trigger()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    is_listening = True
    while is_listening or server.active_channels:
        wasyncore.loop(timeout=1, use_poll=True, map=server._map, count=1)
        if not state["stopping"]:
            continue
        if is_listening:
            # The listening socket alone: the trigger must live on, it tells the loop that an answer is ready.
            wasyncore.dispatcher.close(server)
            is_listening = False
        for channel in list(server.active_channels.values()):
            if not channel.requests and channel.total_outbufs_len == 0:
                channel.handle_close()
    server.task_dispatcher.shutdown()


def contract(application, state):
    def answer(environ, start_response):
        path = environ.get("PATH_INFO")
        if path == "/_/health":
            return plain(start_response, "200 OK", "OK")
        if path == "/_/ready":
            if state["stopping"]:
                return plain(start_response, "503 Service Unavailable", "stopping")
            return plain(start_response, "200 OK", "OK")
        try:
            return application(environ, start_response)
        except Exception as error:
            traceback.print_exc()
            sys.stderr.flush()
            return plain(start_response, "500 Internal Server Error", f"{type(error).__name__}: {error}")

    return answer


def plain(start_response, status, message):
    body = f"{message}\n".encode()
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]


def seconds(written):
    """`1m30s` or `500ms` as seconds; a bare number is seconds; None for none."""
    if not written:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", written):
        return float(written)
    return sum(float(count) * UNITS[unit] for count, unit in re.findall(r"(\d+(?:\.\d+)?)(h|ms|m|s)", written))

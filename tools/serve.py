"""Serve the rendered book on this machine (`make serve`)."""

import argparse
import errno
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from tools.chapters import ROOT


def main() -> None:
    """Serve _build/html until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    handler = partial(SimpleHTTPRequestHandler, directory=str(ROOT / "_build" / "html"))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise SystemExit(
            f"PORT={port}: {error.strerror}; expected one that is free, such as PORT={port + 1}."
        ) from None
    with server:
        print(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C stops)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()

"""A process per connection as Python does it: socketserver.ForkingTCPServer."""

import socketserver


class Uppercase(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            text = line.rstrip(b"\r\n").upper()
            if text == b"QUIT":
                return
            self.wfile.write(text + b"\r\n")


class Server(socketserver.ForkingTCPServer):
    # Its defaults, 5 and 40, would make it lose connections and refuse those that the benchmark holds open.
    request_queue_size = 511
    max_children = 4096


with Server(("127.0.0.1", 0), Uppercase) as server:
    print("%s:%d" % server.server_address, flush=True)
    server.serve_forever()

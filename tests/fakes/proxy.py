"""An HTTP proxy on loopback: builds each tunnel that it is asked for to one server, or refuses all of them."""

import socket
import threading

_WAITS_SECONDS = 10.0


class Proxy:
    """`leads_to` is the port of the one server behind it, whatever name was asked for; None refuses."""

    def __init__(self, leads_to: int | None = None) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._leads_to = leads_to
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked: list[bytes] = []
        """What was asked for in clear."""
        self.carried = bytearray()
        """What went through the tunnels."""
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            connection.settimeout(_WAITS_SECONDS)
            self.asked.append(connection.recv(65_536))
            if self._leads_to is None:
                with connection:
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                continue
            server = socket.create_connection(("127.0.0.1", self._leads_to), _WAITS_SECONDS)
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            for ends in ((connection, server), (server, connection)):
                self._threads.append(threading.Thread(target=self._carry, args=ends))
                self._threads[-1].start()

    def _carry(self, from_end: socket.socket, to_end: socket.socket) -> None:
        with from_end:
            try:
                while data := from_end.recv(65_536):
                    self.carried += data
                    to_end.sendall(data)
                to_end.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def close(self) -> None:
        """Take no more, and wait until the tunnels are closed."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join()

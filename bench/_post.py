"""Providers at the socket, in a process of their own so that their time is not ours: they take everything.

Started as `python _post.py http|smtp`; the first line it prints is its port. Standard library only.
"""

import socket
import sys
import threading

ANSWER = b'{"MessageId":"m-1"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
REPLIES = {b"EHLO": b"250 ok\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


def http(connection: socket.socket) -> None:
    """Each request, whatever it is, is a mail that is taken."""
    stream = connection.makefile("rb")
    while stream.readline():
        length = 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        stream.read(length)
        connection.sendall(HEAD + ANSWER)


def smtp(connection: socket.socket) -> None:
    """Each mail is taken."""
    stream = connection.makefile("rb")
    connection.sendall(b"220 hello\r\n")
    while line := stream.readline():
        word = line[:4].upper()
        connection.sendall(REPLIES.get(word, b"250 ok\r\n"))
        if word == b"DATA":
            while stream.readline() not in (b".\r\n", b""):
                pass
            connection.sendall(b"250 taken\r\n")


def main() -> None:
    """Serve until killed."""
    talk = {"http": http, "smtp": smtp}[sys.argv[1]]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=talk, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()

"""A program for each connection: python inetd.py PORT PROGRAM ARGUMENT ..."""

import socket
import subprocess
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = listener.accept()
    subprocess.Popen(sys.argv[2:], stdin=connection.fileno(), stdout=connection.fileno())
    connection.close()

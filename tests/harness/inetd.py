"""A program for each connection: python inetd.py FILE PROGRAM ARGUMENT ...   FILE gets the port that it listens at"""

import socket
import subprocess
import sys
from pathlib import Path

listener = socket.create_server(("127.0.0.1", 0))
file = Path(sys.argv[1])
file.with_suffix(".new").write_text(str(listener.getsockname()[1]))
file.with_suffix(".new").rename(file)  # whole, or not there
while True:
    connection, _ = listener.accept()
    subprocess.Popen(sys.argv[2:], stdin=connection.fileno(), stdout=connection.fileno())
    connection.close()

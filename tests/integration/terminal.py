# SPDX-License-Identifier: MIT
"""A process in a pseudo terminal."""

import contextlib
import errno
import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time


class Terminal:
    """Runs a program with a terminal of its own as its three standard streams, or as those named."""

    def __init__(self, command, streams=("stdin", "stdout", "stderr"), columns=80, **how):
        self.master, slave = os.openpty()
        self.output = b""
        self.resize(columns)
        # Output as the program wrote it: no carriage returns added, and no echo.
        attributes = termios.tcgetattr(slave)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        self.process = subprocess.Popen(
            [str(word) for word in command],
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) if "stdin" in streams else None,
            start_new_session=True,
            **{name: slave if name in streams else subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")},
            **how,
        )
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)

    def resize(self, columns):
        """The program is told by SIGWINCH."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def send(self, text):
        os.write(self.master, text.encode())

    def read(self, seconds=0.1):
        """What comes within this time; None at the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return b""
        try:
            piece = os.read(self.master, 65536)
        except OSError as error:  # how Linux says that the other side is closed
            if error.errno != errno.EIO:
                raise
            return None
        self.output += piece
        return piece or None

    def wait_until(self, condition, what, seconds=60):
        """Reads until condition() is true."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.read() is None or time.monotonic() > deadline:
                raise AssertionError(f"expected {what} in {seconds} s, found {self.output[-2000:]!r}")

    def finish(self, seconds=120):
        """The exit status, with all output read."""
        deadline = time.monotonic() + seconds
        while self.read() is not None:
            if time.monotonic() > deadline:
                raise AssertionError(f"expected an end in {seconds} s, found {self.output[-2000:]!r}")
        return self.process.wait(seconds)

"""Reads the frames on a serial line and sends each back reversed, with a log line before it."""
import base64
import os
import sys
import tty
import zlib


def decode(line):
    text = line[4:]
    if line[:2] != b"*O" or (line[2] - 32) * 95 + line[3] - 32 != len(text) - 1:
        return None
    content = base64.b64decode(text, validate=True)
    crc, frame = content[:4], content[4:]
    return frame if zlib.crc32(frame) == int.from_bytes(crc, "little") else None


def encode(frame):
    text = base64.b64encode(zlib.crc32(frame).to_bytes(4, "little") + frame)
    high, low = divmod(len(text) - 1, 95)
    return b"*O" + bytes([32 + high, 32 + low]) + text


device = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
tty.setraw(device)
with os.fdopen(device, "r+b", buffering=0) as port:
    port.write(b"ready\r\n")
    rest = b""
    while True:
        *lines, rest = (rest + port.read(4096)).split(b"\n")
        for line in lines:
            frame = decode(line.rstrip(b"\r"))
            if frame is None:
                port.write(b"no frame: " + line + b"\r\n")
            else:
                port.write(b"%d bytes" % len(frame) + encode(frame[::-1]) + b"\r\n")

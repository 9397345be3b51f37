package dev.weft.proxy.carrier;

import io.vertx.core.buffer.Buffer;

/** Reads the frames of one direction, however they are cut. */
final class TunnelReader {
  /** What the frames say, in their order. */
  interface Frames {
    void onData(Buffer bytes);

    /**
     * Any other frame, or one that is wrong, after which nothing follows.
     *
     * @param contents of REFUSED and BROKEN; for the latter also what is wrong with a frame
     */
    void onFrame(TunnelFrame frame, Buffer contents);
  }

  private final Frames frames;
  private final byte[] head = new byte[TunnelFrame.HEAD];
  private int headBytes;
  private TunnelFrame frame;

  /** Of the frame's contents that have not come yet. */
  private int missing;

  private final Buffer text = Buffer.buffer();
  private boolean over;

  TunnelReader(Frames frames) {
    this.frames = frames;
  }

  void read(Buffer part) {
    int at = 0;
    while (at < part.length() && !over) {
      at = headBytes < TunnelFrame.HEAD ? readHead(part, at) : readContents(part, at);
    }
  }

  private int readHead(Buffer part, int at) {
    head[headBytes++] = part.getByte(at);
    if (headBytes == TunnelFrame.HEAD) {
      frame = TunnelFrame.of(head[0]);
      missing = (head[1] & 0xff) << 16 | (head[2] & 0xff) << 8 | (head[3] & 0xff);
      if (frame == null) {
        wrong("frame of kind " + head[0] + " (expected: 1..5)");
      } else if (missing > most()) {
        wrong(frame + " of " + missing + " bytes (expected: at most " + most() + ")");
      } else if (missing == 0) {
        ended();
      }
    }
    return at + 1;
  }

  private int most() {
    return frame == TunnelFrame.DATA
        ? Integer.MAX_VALUE
        : frame.tells() ? TunnelFrame.MOST_TEXT : 0;
  }

  private int readContents(Buffer part, int at) {
    int bytes = Math.min(missing, part.length() - at);
    Buffer contents = part.slice(at, at + bytes);
    missing -= bytes;
    boolean whole = missing == 0;
    if (frame == TunnelFrame.DATA) {
      headBytes = whole ? 0 : headBytes;
      frames.onData(contents);
    } else {
      text.appendBuffer(contents);
      if (whole) {
        ended();
      }
    }
    return at + bytes;
  }

  private void ended() {
    headBytes = 0;
    if (frame != TunnelFrame.DATA) {
      over = frame != TunnelFrame.READY;
      frames.onFrame(frame, text);
    }
  }

  private void wrong(String what) {
    over = true;
    frames.onFrame(TunnelFrame.BROKEN, Buffer.buffer(what));
  }
}

package dev.weft.mesh.link.kind;

import dev.weft.mesh.link.FrameLabel;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Finds the lines for this node among log lines and garbage. Such a line may begin in the middle of
 * a log line, and something may stand behind it: its length and checksum tell. As an asterisk is
 * not in base64, no byte is looked at more than a few times, whatever arrives.
 */
final class SerialReader {
  /** Takes what is found. */
  interface Output {
    void onLine(SerialLine line);

    /** Text that is for the log: printable, not empty. */
    void onText(String text);
  }

  /** More than the longest line for this node, so that one is found even if no line ends. */
  private static final int MAX_LINE = 4096;

  private static final int NONE = 0;
  private static final int INCOMPLETE = -1;

  private final Output output;
  private final byte[] line = new byte[MAX_LINE];
  private int length;
  private long damaged;

  SerialReader(Output output) {
    this.output = output;
  }

  void read(byte[] bytes, int offset, int count) {
    for (int i = offset; i < offset + count; i++) {
      if (bytes[i] == '\n') {
        scan(true);
        length = 0;
      } else {
        line[length++] = bytes[i];
        if (length == MAX_LINE) {
          int rest = scan(false);
          System.arraycopy(line, rest, line, 0, length - rest);
          length -= rest;
        }
      }
    }
  }

  /** What began like a line for this node and was none. */
  long damaged() {
    return damaged;
  }

  /** Gives what the line holds; returns where something begins that may go on. */
  private int scan(boolean ended) {
    int text = 0;
    int at = 0;
    while (at < length) {
      int end = line[at] == '*' ? take(at, text, ended) : NONE;
      if (end == INCOMPLETE && !ended) {
        giveText(text, at);
        return at;
      }
      if (end > 0) {
        text = end;
        at = end;
      } else {
        at++;
      }
    }
    giveText(text, length);
    return length;
  }

  /**
   * Takes the line for this node that begins at an asterisk.
   *
   * @param text where the text before it begins, which is given first
   * @return its end, or why there is none
   */
  private int take(int at, int text, boolean ended) {
    if (at + 1 == length) {
      return INCOMPLETE;
    }
    Optional<SerialLine.Kind> kind = SerialLine.Kind.of(line[at + 1]);
    if (kind.isEmpty()) {
      return NONE;
    }
    int from = at + SerialLine.HEAD;
    if (from > length) {
      return INCOMPLETE;
    }
    int count = SerialLine.textLength(line[at + 2], line[at + 3]);
    int end = from + count;
    if (count == 0 || count > SerialLine.textLength(FrameLabel.MAX_FRAME)) {
      damaged++;
      return NONE;
    }
    for (int i = from; i < Math.min(end, length); i++) {
      if (!SerialLine.isBase64(line[i])) {
        damaged++;
        return NONE;
      }
    }
    if (end > length) {
      damaged += ended ? 1 : 0;
      return INCOMPLETE;
    }
    Optional<byte[]> body = SerialLine.body(line, from, count);
    if (body.isEmpty()) {
      damaged++;
      return NONE;
    }
    giveText(text, at);
    output.onLine(new SerialLine(kind.get(), body.get()));
    return end;
  }

  private void giveText(int from, int to) {
    int end = to > from && line[to - 1] == '\r' ? to - 1 : to;
    if (end > from) {
      output.onText(LogLine.printable(new String(line, from, end - from, StandardCharsets.UTF_8)));
    }
  }
}

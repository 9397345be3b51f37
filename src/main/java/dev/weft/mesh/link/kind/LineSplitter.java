package dev.weft.mesh.link.kind;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Cuts bytes into lines for the log: of each line the beginning, made printable. */
final class LineSplitter {
  /** Bytes of a line that are kept. */
  private static final int MAX_BYTES = 1000;

  private final Consumer<String> lines;
  private final byte[] line = new byte[MAX_BYTES];
  private int length;

  /**
   * @param lines gets each line that is not empty
   */
  LineSplitter(Consumer<String> lines) {
    this.lines = lines;
  }

  void add(byte[] bytes, int offset, int count) {
    for (int i = offset; i < offset + count; i++) {
      if (bytes[i] == '\n') {
        end();
      } else if (length < MAX_BYTES) {
        line[length++] = bytes[i];
      }
    }
  }

  /** Gives the line that has no end yet. */
  void end() {
    int kept = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
    length = 0;
    if (kept > 0) {
      lines.accept(LogLine.printable(new String(line, 0, kept, StandardCharsets.UTF_8)));
    }
  }
}

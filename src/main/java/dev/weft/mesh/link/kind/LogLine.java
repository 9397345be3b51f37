package dev.weft.mesh.link.kind;

/** Makes foreign text fit for the log. */
final class LogLine {
  private static final int MAX_CHARS = 1000;

  private LogLine() {}

  /** At most {@value #MAX_CHARS} characters, each printable; others are escaped. */
  static String printable(String text) {
    StringBuilder line = new StringBuilder(Math.min(text.length(), MAX_CHARS) + 8);
    for (int i = 0; i < text.length(); i++) {
      if (line.length() >= MAX_CHARS) {
        return line.append("...").toString();
      }
      char c = text.charAt(i);
      if (isPrintable(c)) {
        line.append(c);
      } else {
        line.append(String.format(c < 0x100 ? "\\x%02x" : "\\u%04x", (int) c));
      }
    }
    return line.toString();
  }

  private static boolean isPrintable(char c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          c == '\t';
      default -> true;
    };
  }
}

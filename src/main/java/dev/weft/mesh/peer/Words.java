package dev.weft.mesh.peer;

import java.util.Locale;

/** What another node says, as it may stand in a message, a list or a log. */
final class Words {
  private static final int MAX_TEXT = 200;

  private Words() {}

  /** Cut to 200 printable characters. */
  static String printable(String said) {
    return said.codePoints()
        .filter(c -> !Character.isISOControl(c))
        .limit(MAX_TEXT)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  static String of(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}

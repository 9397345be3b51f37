package dev.weft.linux;

import java.nio.charset.StandardCharsets;

/** What the kernel takes as the name of a link ({@code dev_valid_name}, net/core/dev.c). */
public final class InterfaceName {
  /** IFNAMSIZ without its terminating zero. */
  private static final int MAX_BYTES = 15;

  private InterfaceName() {}

  /**
   * Checks a name.
   *
   * @return the name
   * @throws IllegalArgumentException if the kernel would refuse it
   */
  public static String check(String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0
        || bytes > MAX_BYTES
        || name.equals(".")
        || name.equals("..")
        || name.chars().anyMatch(InterfaceName::isRefused)) {
      throw new IllegalArgumentException(
          "interface: " + name + " (expected: 1 to 15 characters without '/', ':' or white space)");
    }
    return name;
  }

  private static boolean isRefused(int c) {
    return c == '/' || c == ':' || c == 0 || Character.isWhitespace(c) || Character.isSpaceChar(c);
  }
}

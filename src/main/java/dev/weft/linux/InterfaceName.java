package dev.weft.linux;

import java.util.Set;

/**
 * What may be the name of a link: what the kernel takes ({@code dev_valid_name}, net/core/dev.c)
 * and every program can print, without names that mean something else.
 */
public final class InterfaceName {
  public static final String EXPECTED =
      "1 to 15 ASCII characters without '/', ':', '%' or white space, not all or default";

  public static final String EXPECTED_OTHER =
      "1 to 127 ASCII characters without '%' or white space, not all or default";

  /** ALTIFNAMSIZ without its terminating zero. */
  private static final int MAX_OTHER_BYTES = 127;

  /** IFNAMSIZ without its terminating zero. */
  private static final int MAX_BYTES = 15;

  /** The kernel has these beside links' names, under net.ipv4.conf. */
  private static final Set<String> RESERVED = Set.of("all", "default");

  private InterfaceName() {}

  /**
   * Checks a name.
   *
   * @return the name
   * @throws IllegalArgumentException if no link can have it, or none should
   */
  public static String check(String name) {
    if (name.isEmpty()
        || name.length() > MAX_BYTES
        || name.equals(".")
        || name.equals("..")
        || isReserved(name)
        || name.chars().anyMatch(InterfaceName::isRefused)) {
      throw new IllegalArgumentException("interface: " + name + " (expected: " + EXPECTED + ")");
    }
    return name;
  }

  /**
   * Checks a name beside the usual one (altname), which may be longer: GigabitEthernet0/0/0/1.
   *
   * @return the name
   * @throws IllegalArgumentException if no link can have it, or none should
   */
  public static String checkOther(String name) {
    if (name.isEmpty()
        || name.length() > MAX_OTHER_BYTES
        || isReserved(name)
        || name.chars().anyMatch(c -> c <= ' ' || c > '~' || c == '%')) {
      throw new IllegalArgumentException("name: " + name + " (expected: " + EXPECTED_OTHER + ")");
    }
    return name;
  }

  /** Whether the kernel's settings of links have the name for something else. */
  public static boolean isReserved(String name) {
    return RESERVED.contains(name);
  }

  /** With a '%' it is the kernel's template for a name, as in eth%d. */
  private static boolean isRefused(int c) {
    return c <= ' ' || c > '~' || c == '/' || c == ':' || c == '%';
  }
}

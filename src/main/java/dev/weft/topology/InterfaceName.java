package dev.weft.topology;

import java.nio.charset.StandardCharsets;

/** What the kernel takes as an interface's name (dev_valid_name in net/core/dev.c). */
final class InterfaceName {
  static final String RULE = "an interface name: 1 to 15 bytes, without '/', ':' or white space";

  private InterfaceName() {}

  static boolean isValid(String name) {
    return !name.isEmpty()
        && !name.equals(".")
        && !name.equals("..")
        && name.getBytes(StandardCharsets.UTF_8).length <= 15
        && name.chars().noneMatch(c -> c == '/' || c == ':' || c <= ' ' || c == 127);
  }
}

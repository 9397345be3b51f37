package dev.weft.topology;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An interface's address with its prefix length, read from literals alone: no name is looked up.
 *
 * @param bytes of the address, 0 to 255 each, 4 or 16 of them
 */
record Cidr(List<Integer> bytes, int prefix) {
  static final String RULE = "an address and prefix length, as in 10.0.0.1/24 or 2001:db8::1/64";

  private static final int IPV4_BYTES = 4;
  private static final int IPV6_GROUPS = 8;

  /** Null for a text that is none. */
  static Cidr parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      return null;
    }
    String address = text.substring(0, slash);
    List<Integer> bytes = address.indexOf(':') < 0 ? ipv4(address) : ipv6(address);
    int prefix = decimal(text.substring(slash + 1));
    return bytes.isEmpty() || prefix < 0 || prefix > bytes.size() * 8
        ? null
        : new Cidr(List.copyOf(bytes), prefix);
  }

  /** Whether both texts say the same address; a missing one contradicts none. */
  static boolean agree(String a, String b) {
    return a == null || b == null || a.equals(b) || parse(a).equals(parse(b));
  }

  private static List<Integer> ipv4(String text) {
    List<Integer> bytes =
        Stream.of(text.split("\\.", -1)).map(Cidr::decimal).filter(b -> b >= 0 && b < 256).toList();
    boolean complete = text.chars().filter(c -> c == '.').count() == IPV4_BYTES - 1;
    return complete && bytes.size() == IPV4_BYTES ? bytes : List.of();
  }

  /** RFC 4291 section 2.2: groups, at most one {@code ::}, perhaps a dotted end; no zone. */
  private static List<Integer> ipv6(String text) {
    int gap = text.indexOf("::");
    if (gap < 0) {
      List<Integer> bytes = groups(text);
      return bytes != null && bytes.size() == IPV6_GROUPS * 2 ? bytes : List.of();
    }
    List<Integer> head = groups(text.substring(0, gap));
    List<Integer> tail = groups(text.substring(gap + 2));
    if (head == null || tail == null || text.substring(0, gap).indexOf('.') >= 0) {
      return List.of();
    }
    int zeros = IPV6_GROUPS * 2 - head.size() - tail.size();
    if (zeros < 2) {
      return List.of();
    }
    return Stream.of(head.stream(), Stream.generate(() -> 0).limit(zeros), tail.stream())
        .flatMap(s -> s)
        .collect(Collectors.toList());
  }

  /** The bytes of colon-separated groups, null if they are none. */
  private static List<Integer> groups(String text) {
    List<Integer> bytes = new ArrayList<>();
    if (text.isEmpty()) {
      return bytes;
    }
    String[] groups = text.split(":", -1);
    for (int i = 0; i < groups.length; i++) {
      String group = groups[i];
      if (i == groups.length - 1 && group.indexOf('.') >= 0) {
        List<Integer> dotted = ipv4(group);
        if (dotted.isEmpty()) {
          return null;
        }
        bytes.addAll(dotted);
      } else if (group.matches("[0-9a-fA-F]{1,4}")) {
        int value = Integer.parseInt(group, 16);
        bytes.add(value >> 8);
        bytes.add(value & 0xff);
      } else {
        return null;
      }
    }
    return bytes;
  }

  /** A decimal of at most three digits without leading zeros, -1 if it is none. */
  private static int decimal(String text) {
    return text.matches("0|[1-9][0-9]{0,2}") ? Integer.parseInt(text) : -1;
  }
}

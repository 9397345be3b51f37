package dev.weft.linux;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The table {@code filter} of iptables-legacy or ip6tables-legacy in one namespace, which nf_tables
 * does not show: include/uapi/linux/netfilter_ipv4/ip_tables.h and …_ipv6/ip6_tables.h.
 */
public final class LegacyFilter {
  private static final int SOL_IP = 0;
  private static final int SOL_IPV6 = 41;

  /** IPT_SO_GET_INFO and IPT_SO_GET_ENTRIES; IPv6's have the same numbers. */
  private static final int GET_INFO = 64;

  private static final int GET_ENTRIES = 65;
  private static final String TABLE = "filter";
  private static final int NAME_BYTES = 32;
  private static final int INFO_BYTES = 84;
  private static final int UNDERFLOW_AT = 56;
  private static final int SIZE_AT = 80;
  private static final int FORWARD = 2;

  /** {@code ipt_get_entries}: name, size, and then entries, which are aligned to 8. */
  private static final int ENTRIES_AT = 40;

  /** Of a table with some 20,000 rules; one that has more is not read. */
  private static final int MOST_BYTES = 8 << 20;

  private static final int INTERFACE_BYTES = 16;
  private static final int TARGET_HEADER = 32;

  /** A verdict is -NF_… - 1. */
  private static final int DROP = -1;

  private final boolean four;
  private final ByteBuffer entries;
  private final int policyAt;

  private LegacyFilter(boolean four, ByteBuffer entries, int policyAt) {
    this.four = four;
    this.entries = entries;
    this.policyAt = policyAt;
  }

  /** Those that a namespace has; to ask for one that is not loaded would load it. */
  public static List<LegacyFilter> all(Netns netns) throws LinuxException {
    return netns.inside(
        () -> {
          List<LegacyFilter> found = new ArrayList<>();
          for (boolean four : new boolean[] {true, false}) {
            if (isLoaded(four ? "ip_tables_names" : "ip6_tables_names")) {
              found.add(read(four));
            }
          }
          return found;
        });
  }

  private static boolean isLoaded(String names) {
    byte[] bytes = new byte[512];
    try (Descriptor file =
        new Descriptor(
            LibC.check(
                LibC.JNR.open("/proc/thread-self/net/" + names, LibC.O_CLOEXEC, 0), names))) {
      int length = LibC.check(LibC.JNR.read(file.fd(), bytes, bytes.length), names);
      return new String(bytes, 0, length, StandardCharsets.US_ASCII)
          .lines()
          .anyMatch(TABLE::equals);
    } catch (LinuxException e) {
      // A kernel without these tables has no such file.
      return false;
    }
  }

  private static LegacyFilter read(boolean four) throws LinuxException {
    String what = "read " + nameOf(four);
    int level = four ? SOL_IP : SOL_IPV6;
    try (NativeSocket socket =
        NativeSocket.open(
            four ? NativeSocket.AF_INET : NativeSocket.AF_INET6,
            NativeSocket.SOCK_RAW,
            255,
            what)) {
      ByteBuffer info = socket.get(level, GET_INFO, named(INFO_BYTES));
      int size = info.getInt(SIZE_AT);
      if (size < 0 || size > MOST_BYTES) {
        throw new LinuxException(what, Errno.EMSGSIZE.number(), size + " bytes");
      }
      byte[] request = named(ENTRIES_AT + size);
      ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN).putInt(NAME_BYTES, size);
      ByteBuffer entries = socket.get(level, GET_ENTRIES, request);
      return new LegacyFilter(
          four,
          entries.slice(ENTRIES_AT, size).order(ByteOrder.LITTLE_ENDIAN),
          info.getInt(UNDERFLOW_AT + 4 * FORWARD));
    }
  }

  /** A buffer that begins with the table's name. */
  private static byte[] named(int bytes) {
    return Arrays.copyOf(TABLE.getBytes(StandardCharsets.US_ASCII), bytes);
  }

  /** Whether the chain FORWARD drops what none of its rules accepts. */
  public boolean drops() {
    return entries.getInt(policyAt + targetOf(policyAt) + TARGET_HEADER) == DROP;
  }

  /** Whether packets of a network pass it. */
  public boolean sees(Cidr network) {
    return four == (network.bits() == 32);
  }

  /** Whether a rule names the network, a wider one, or the device. */
  public boolean names(Cidr network, String device) {
    int next;
    for (int at = 0; at + entryBytes() <= entries.limit(); at += next) {
      next = entries.getShort(at + entryBytes() - (four ? 22 : 26)) & 0xffff;
      if (next == 0) {
        return false;
      }
      int bytes = network.bits() / 8;
      if (isIn(network, at, at + 2 * bytes)
          || isIn(network, at + bytes, at + 3 * bytes)
          || text(at + 4 * bytes).equals(device)
          || text(at + 4 * bytes + INTERFACE_BYTES).equals(device)) {
        return true;
      }
    }
    return false;
  }

  private boolean isIn(Cidr network, int address, int mask) {
    int prefix = 0;
    byte[] bits = bytes(mask, network.bits() / 8);
    while (prefix < network.bits() && (bits[prefix / 8] >> (7 - prefix % 8) & 1) == 1) {
      prefix++;
    }
    InetAddress named = IpAddress.of(bytes(address, bits.length));
    return prefix > 0 && new Cidr(named, prefix).contains(network);
  }

  /** {@code ipt_entry} is 112 bytes and {@code ip6t_entry} 168, with two offsets in them. */
  private int entryBytes() {
    return four ? 112 : 168;
  }

  private int targetOf(int at) {
    return entries.getShort(at + entryBytes() - (four ? 24 : 28)) & 0xffff;
  }

  private String text(int at) {
    byte[] name = bytes(at, INTERFACE_BYTES);
    int end = 0;
    while (end < name.length && name[end] != 0) {
      end++;
    }
    return new String(Arrays.copyOf(name, end), StandardCharsets.UTF_8);
  }

  private byte[] bytes(int at, int length) {
    byte[] copy = new byte[length];
    entries.get(at, copy);
    return copy;
  }

  private static String nameOf(boolean four) {
    return four ? "iptables-legacy" : "ip6tables-legacy";
  }

  /** The program that writes it. */
  @Override
  public String toString() {
    return nameOf(four);
  }
}

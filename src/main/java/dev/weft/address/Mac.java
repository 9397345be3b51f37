package dev.weft.address;

import java.util.HexFormat;
import java.util.regex.Pattern;

/** MAC addresses as text, {@code 02:00:00:00:00:01}. */
public final class Mac {
  private static final Pattern TEXT = Pattern.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}");
  private static final HexFormat HEX = HexFormat.ofDelimiter(":");

  private Mac() {}

  public static byte[] parse(String mac) {
    if (!TEXT.matcher(mac).matches()) {
      throw new IllegalArgumentException("mac: " + mac + " (expected: 02:00:00:00:00:01)");
    }
    return HEX.parseHex(mac);
  }

  /** Whether a text is an address that one interface can have: not of a group, not all zeros. */
  public static boolean isOfInterface(String mac) {
    if (!TEXT.matcher(mac).matches()) {
      return false;
    }
    byte[] bytes = parse(mac);
    boolean group = (bytes[0] & 1) != 0;
    return !group && !format(bytes).equals("00:00:00:00:00:00");
  }

  public static String format(byte[] mac) {
    return HEX.formatHex(mac);
  }
}

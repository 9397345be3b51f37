package dev.weft.testkit;

import java.io.IOException;

/** A namespace's protocol counters, as RFC 1213 names them ({@code /proc/net/snmp}). */
public final class Snmp {
  private Snmp() {}

  /**
   * One counter.
   *
   * @param protocol as {@code Tcp}
   * @param name as {@code InCsumErrors}
   */
  public static long read(TestNetns netns, String protocol, String name)
      throws IOException, InterruptedException {
    String[] lines = netns.run("cat", "/proc/net/snmp").split("\n", -1);
    for (int i = 0; i + 1 < lines.length; i += 2) {
      String[] names = lines[i].split(" ", -1);
      String[] values = lines[i + 1].split(" ", -1);
      for (int k = 1; names[0].equals(protocol + ":") && k < names.length; k++) {
        if (names[k].equals(name)) {
          return Long.parseLong(values[k]);
        }
      }
    }
    throw new IOException("no " + protocol + " " + name + " in /proc/net/snmp");
  }
}

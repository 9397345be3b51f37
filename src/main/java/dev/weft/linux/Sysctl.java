package dev.weft.linux;

import static dev.weft.linux.LibC.JNR;
import static dev.weft.linux.LibC.check;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** Kernel settings under /proc/sys/net as one namespace has them. */
public final class Sysctl {
  private static final Path ROOT = Path.of("/proc/sys");
  private static final int O_WRONLY = 1;
  private static final int MAX_BYTES = 4096;

  private Sysctl() {}

  /**
   * Reads a setting.
   *
   * @param key {@code net/ipv6/conf/default/disable_ipv6}
   * @return its text without the line's end
   */
  public static String read(Netns netns, String key) throws LinuxException {
    String what = "read sysctl " + key;
    byte[] bytes = new byte[MAX_BYTES];
    long length =
        netns.inside(
            () -> {
              try (Descriptor file = open(key, 0, what)) {
                return (long) check(JNR.read(file.fd(), bytes, bytes.length), what);
              }
            });
    return new String(Arrays.copyOf(bytes, (int) length), StandardCharsets.US_ASCII).strip();
  }

  /**
   * Writes a setting.
   *
   * @param key {@code net/ipv6/conf/default/disable_ipv6}
   */
  public static void write(Netns netns, String key, String value) throws LinuxException {
    String what = "write sysctl " + key + " = " + value;
    byte[] bytes = value.getBytes(StandardCharsets.US_ASCII);
    netns.inside(
        () -> {
          try (Descriptor file = open(key, O_WRONLY, what)) {
            return check(JNR.write(file.fd(), bytes, bytes.length), what);
          }
        });
  }

  private static Descriptor open(String key, int mode, String what) throws LinuxException {
    Path path = ROOT.resolve(key).normalize();
    // The rest of /proc/sys is the host's, whatever the namespace.
    if (!path.startsWith(ROOT.resolve("net"))) {
      throw new IllegalArgumentException("sysctl: " + key + " (expected: net/…)");
    }
    return new Descriptor(check(JNR.open(path.toString(), mode | LibC.O_CLOEXEC, 0), what));
  }
}

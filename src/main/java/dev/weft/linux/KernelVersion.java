package dev.weft.linux;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Features of the running kernel that only its version tells. */
public final class KernelVersion {
  private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");

  private KernelVersion() {}

  /**
   * Whether packet sockets take {@link VnetHeader#GSO_UDP_L4}; since Linux 6.2 (860b7f27b8f7), an
   * older one answers EINVAL.
   */
  public static boolean hasUdpSegmentation() {
    return atLeast(System.getProperty("os.version"), 6, 2);
  }

  /**
   * Whether links have {@code gso_ipv4_max_size}, which may be more than 64 KiB; since Linux 6.3
   * (9eefedd58ae1).
   */
  public static boolean hasBigTcp() {
    return atLeast(System.getProperty("os.version"), 6, 3);
  }

  /** A release that is not {@code major.minor…} is taken for an old one. */
  static boolean atLeast(String release, int major, int minor) {
    Matcher matcher = RELEASE.matcher(release);
    if (!matcher.matches()) {
      return false;
    }
    int runningMajor = Integer.parseInt(matcher.group(1));
    return runningMajor > major
        || (runningMajor == major && Integer.parseInt(matcher.group(2)) >= minor);
  }
}

package dev.weft.net;

import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import java.io.IOException;
import java.nio.file.Files;

/** Which namespace a reference means. */
public final class Namespaces {
  private Namespaces() {}

  /**
   * The cookie of the namespace behind a reference, which no other namespace gets; the kernel soon
   * gives its inode number to another one. Reading the cookie takes entering the namespace.
   *
   * @throws IOException with a sentence that names the value and what was expected
   */
  public static long identity(String netns) throws IOException {
    try {
      return Netns.cookieOf(netns);
    } catch (LinuxException e) {
      if (e.errnoName().equals("EPERM")) {
        // Without CAP_SYS_ADMIN no link can be made there either: the number is only shown.
        return Netns.inodeOf(netns);
      }
      throw e;
    }
  }

  /**
   * A value that differs once the reference may mean another namespace; cheap enough to be read
   * every second for every pod.
   *
   * @throws IOException if there is no namespace
   */
  public static Object hint(String netns) throws IOException {
    Netns.inodeOf(netns);
    return Files.readAttributes(Netns.path(netns), "unix:ino,ctime,dev");
  }
}

package dev.weft.net;

import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import java.io.IOException;
import java.nio.file.Files;

/** Which namespaces references mean. */
public final class Namespaces {
  private Namespaces() {}

  /**
   * The cookie of the namespace behind a reference, which no other namespace gets: an inode number
   * is soon that of another one. To read the cookie is to enter the namespace.
   *
   * @throws IOException with a sentence that names the value and what was expected
   */
  public static long identity(String netns) throws IOException {
    long inode = Netns.inodeOf(netns);
    try {
      return Netns.cookieOf(netns);
    } catch (LinuxException e) {
      if (e.errnoName().equals("EPERM")) {
        // Without privileges no link can be made there either; the number is for showing.
        return inode;
      }
      throw e;
    }
  }

  /**
   * Changes when the namespace may have been replaced; cheap enough to be asked every second for
   * every pod.
   *
   * @throws IOException if there is nothing there
   */
  public static Object hint(String netns) throws IOException {
    Netns.inodeOf(netns);
    return Files.readAttributes(Netns.path(netns), "unix:ino,ctime,dev");
  }
}

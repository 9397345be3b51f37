package dev.weft.net;

import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import java.io.IOException;
import java.nio.file.Files;

/**
 * The kernel's namespaces. An inode number alone is no identity: a new namespace soon has the
 * number of one that died. The cookie is one, but reading it means entering the namespace.
 */
public final class KernelNamespaces implements Namespaces {
  @Override
  public long identity(String netns) throws IOException {
    long inode = Netns.inodeOf(netns);
    try {
      return Netns.cookieOf(netns);
    } catch (LinuxException e) {
      if (e.errnoName().equals("EPERM")) {
        // Without privileges no wire can be made there either; the number is for showing.
        return inode;
      }
      throw e;
    }
  }

  @Override
  public Object hint(String netns) throws IOException {
    Netns.inodeOf(netns);
    return Files.readAttributes(Netns.path(netns), "unix:ino,ctime,dev");
  }
}

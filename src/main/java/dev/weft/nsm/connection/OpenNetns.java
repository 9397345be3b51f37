package dev.weft.nsm.connection;

import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import java.io.IOException;

/**
 * A namespace with a netlink socket in it; it lives on while this is open.
 *
 * @param inode its identity while it is open
 */
public record OpenNetns(Netns netns, Netlink netlink, long inode) implements AutoCloseable {
  /**
   * Opens what a connection was made for.
   *
   * @throws IOException naming the reference, if it is another namespace by now
   */
  public static OpenNetns open(String ref, long inode) throws IOException {
    Netns netns = Netns.open(ref);
    try {
      long found = netns.inode();
      if (found != inode) {
        throw new IOException(
            "netns: " + ref + " is another one by now (expected: inode " + inode + ")");
      }
      return new OpenNetns(netns, Netlink.open(netns), found);
    } catch (IOException | RuntimeException e) {
      netns.close();
      throw e;
    }
  }

  @Override
  public void close() {
    netlink.close();
    netns.close();
  }
}

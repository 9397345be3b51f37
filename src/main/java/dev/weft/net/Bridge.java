package dev.weft.net;

import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;

/** Bridges. */
public final class Bridge {
  private Bridge() {}

  /** Creates a bridge that is down; on a failure nothing is left. */
  public static Link create(Netlink in, String name, String mac, String alias)
      throws LinuxException {
    Link made = in.createBridge(name);
    try {
      in.setMac(made.index(), mac);
      in.setAlias(made.index(), alias);
      return made;
    } catch (LinuxException e) {
      in.delete(made.index());
      throw e;
    }
  }
}

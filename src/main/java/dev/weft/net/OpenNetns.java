package dev.weft.net;

import dev.weft.bus.Fault;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;

/**
 * A namespace with a netlink socket in it; the namespace lives on while this is open.
 *
 * @param identity the namespace's cookie, which no other namespace has
 */
public record OpenNetns(Netns netns, Netlink netlink, long identity) implements AutoCloseable {
  /** Opens whatever namespace a reference means now. */
  public static OpenNetns open(String ref) throws LinuxException {
    return open(Netns.open(ref));
  }

  /**
   * Opens the namespace that a reference meant before.
   *
   * @throws dev.weft.bus.WeftException PRECONDITION if the reference means another one by now
   */
  public static OpenNetns open(String ref, long identity) throws LinuxException {
    OpenNetns opened = open(ref);
    if (opened.identity == identity) {
      return opened;
    }
    opened.close();
    throw Fault.PRECONDITION.because(
        "netns: %s is another namespace by now, cookie %s (expected: cookie %s)"
            .formatted(ref, opened.identity, identity));
  }

  /** The namespace of the calling thread. */
  public static OpenNetns current() throws LinuxException {
    return open(Netns.current());
  }

  private static OpenNetns open(Netns netns) throws LinuxException {
    Netlink netlink = null;
    try {
      netlink = Netlink.open(netns);
      return new OpenNetns(netns, netlink, netlink.netnsCookie());
    } catch (LinuxException e) {
      if (netlink != null) {
        netlink.close();
      }
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

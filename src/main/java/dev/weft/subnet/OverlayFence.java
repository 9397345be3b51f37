package dev.weft.subnet;

import dev.weft.bus.Fault;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import dev.weft.linux.Nftables;
import dev.weft.linux.VxlanFence;

/**
 * Keeps packets out of the overlay that no member sent, by a table of nf_tables of this node's own:
 * VXLAN itself takes them from anybody. For one thread.
 */
final class OverlayFence implements AutoCloseable {
  private final Netns host;
  private final String comment;
  private Nftables tables;
  private VxlanFence present;
  private int generation;

  /**
   * @param comment of the table, which says whose it is
   */
  OverlayFence(Netns host, String comment) {
    this.host = host;
    this.comment = comment;
  }

  /** Writes the table if it is another one, or if somebody has changed any table since. */
  void ensure(VxlanFence wanted) throws LinuxException {
    Nftables open = open();
    if (wanted.equals(present) && open.generation() == generation) {
      return;
    }
    if (open.comment().filter(text -> !text.equals(comment)).isPresent()) {
      throw Fault.CONFLICT.because(
          "nftables: table inet weft is another program's (expected: none, or this node's)");
    }
    open.put(wanted, comment);
    present = wanted;
    generation = open.generation();
  }

  /** Removes the table if it is this node's. */
  void remove() throws LinuxException {
    present = null;
    Nftables open = open();
    if (open.comment().filter(comment::equals).isPresent()) {
      open.remove();
    }
  }

  private Nftables open() throws LinuxException {
    if (tables == null) {
      tables = Nftables.open(host);
    }
    return tables;
  }

  @Override
  public void close() {
    if (tables != null) {
      tables.close();
    }
  }
}

package dev.weft.subnet;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import dev.weft.linux.Nftables;
import dev.weft.linux.PacketRules;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * The node's own table of nf_tables, {@code inet weft}: it keeps packets out of the overlay that no
 * member sent, which VXLAN itself takes from anybody, and gives packets of pods to elsewhere the
 * host's address. For one thread.
 */
final class PacketTable implements AutoCloseable {
  private final Netns host;
  private final String comment;
  private Nftables tables;
  private PacketRules present;
  private int generation;

  /**
   * @param comment of the table, which says whose it is
   */
  PacketTable(Netns host, String comment) {
    this.host = host;
    this.comment = comment;
  }

  /**
   * Writes the table if it is another one, or if somebody has changed any table since.
   *
   * @return what of it is not there, with the reason
   */
  Map<Trouble, String> ensure(PacketRules wanted) {
    Map<Trouble, String> troubles = new EnumMap<>(Trouble.class);
    try {
      write(wanted);
    } catch (LinuxException | WeftException e) {
      present = null;
      wanted.masquerade().ifPresent(m -> troubles.put(Trouble.EGRESS, e.getMessage()));
      wanted.fence().ifPresent(fence -> troubles.put(Trouble.FENCE, e.getMessage()));
      // A kernel may have no address translation, which the fence does not need.
      if (troubles.size() == 2 && ensure(fenceOf(wanted)).isEmpty()) {
        troubles.remove(Trouble.FENCE);
      }
    }
    return troubles;
  }

  private static PacketRules fenceOf(PacketRules rules) {
    return new PacketRules(rules.fence(), Optional.empty(), rules.ports());
  }

  private void write(PacketRules wanted) throws LinuxException {
    if (wanted.equals(PacketRules.NONE)) {
      if (!wanted.equals(present)) {
        remove();
        present = wanted;
      }
      return;
    }
    Nftables open = open();
    if (wanted.equals(present) && open.generation() == generation) {
      return;
    }
    if (open.comment().filter(text -> !text.equals(comment)).isPresent()) {
      throw Fault.CONFLICT.because(
          "nftables: table inet weft is another program's (expected: none, or this node's)");
    }
    generation = open.put(wanted, comment);
    present = wanted;
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

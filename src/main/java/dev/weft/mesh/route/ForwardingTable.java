package dev.weft.mesh.route;

import java.security.SecureRandom;
import java.util.Collection;
import java.util.List;

/**
 * Which link leads to which node. Immutable; a look-up allocates nothing, any thread may look up.
 *
 * <p>It can be older than that of a neighbour. So a frame that would go back to the peer that it
 * came from, over whichever link, is dropped by who forwards it.
 */
public final class ForwardingTable<L> {
  /** Others choose the ids that are looked up here; they must not choose where they collide. */
  private static final long SALT = new SecureRandom().nextLong();

  // Open addressing, at most half full; a slot without a link is free.
  private final long[] destinations;
  private final Object[] links;
  private final int size;

  private ForwardingTable(int size) {
    int slots = Integer.highestOneBit(Math.max(1, size)) << 2;
    this.destinations = new long[slots];
    this.links = new Object[slots];
    this.size = size;
  }

  static <L> ForwardingTable<L> empty() {
    return of(List.of());
  }

  static <L> ForwardingTable<L> of(Collection<Choice<L>> choices) {
    ForwardingTable<L> table = new ForwardingTable<>(choices.size());
    for (Choice<L> choice : choices) {
      int slot = table.slot(choice.destination());
      table.destinations[slot] = choice.destination();
      table.links[slot] = choice.over().link();
    }
    return table;
  }

  /** The link that leads to the node; null if none does. */
  @SuppressWarnings("unchecked")
  public L linkTo(long destination) {
    return (L) links[slot(destination)];
  }

  /** How many nodes can be reached. */
  public int size() {
    return size;
  }

  /** Where the destination stands, or would. */
  private int slot(long destination) {
    long mixed = (destination ^ SALT) * 0x9e3779b97f4a7c15L;
    mixed = (mixed ^ (mixed >>> 32)) * 0x9e3779b97f4a7c15L;
    int slot = (int) (mixed >>> 33) & (links.length - 1);
    while (links[slot] != null && destinations[slot] != destination) {
      slot = (slot + 1) & (links.length - 1);
    }
    return slot;
  }
}

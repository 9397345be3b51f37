package dev.weft.net;

import dev.weft.bus.Fault;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import java.util.Optional;
import java.util.Set;

/**
 * Recognises the links of one kind that one node owns, by their alias.
 *
 * @param prefix {@code weft:<node id>:<kind>:}, which an id follows in the alias
 */
public record LinkOwnership(String prefix) {
  /** With which every alias begins. */
  private static final String WEFT = "weft:";

  static LinkOwnership of(String node, String kind) {
    return new LinkOwnership(WEFT + node + ":" + kind + ":");
  }

  public String alias(String id) {
    return prefix + id;
  }

  public boolean owns(Link link) {
    return link.alias().startsWith(prefix);
  }

  public boolean owns(Link link, String id) {
    return link.alias().equals(alias(id));
  }

  /** The id of a link; empty if the link is not one of these. */
  public Optional<String> idOf(Link link) {
    return owns(link) ? Optional.of(link.alias().substring(prefix.length())) : Optional.empty();
  }

  /** Removes the links of a namespace whose id is not in {@code kept}, all at once. */
  public void sweep(Netlink in, Set<String> kept) throws LinuxException {
    in.delete(
        in.links().stream()
            .filter(link -> idOf(link).filter(id -> !kept.contains(id)).isPresent())
            .map(Link::index)
            .toList());
  }

  /**
   * Makes the name of an interface free: removes an owned link that has it.
   *
   * @throws dev.weft.bus.WeftException CONFLICT if somebody else's link has the name
   */
  public void clear(LinkEnd end) throws LinuxException {
    Optional<Link> there = end.find();
    if (there.isEmpty()) {
      return;
    }
    if (end.pod().isPresent() && !owns(there.get())) {
      throw Fault.CONFLICT.because(
          "interface %s in %s is there already, %s that %s (expected: a free name)"
              .formatted(
                  end.name(),
                  end.pod().get(),
                  there.get().kind().isEmpty() ? "one" : "a " + there.get().kind(),
                  maker(there.get())));
    }
    end.at().netlink().delete(there.get().index());
  }

  private static String maker(Link link) {
    String alias = link.alias();
    return alias.startsWith(WEFT) ? "Weft made as " + alias : "Weft did not make";
  }
}

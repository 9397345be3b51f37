package dev.weft.net;

import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.VethSpec;
import java.util.Optional;

/** Veth pairs. If a pair cannot be finished, neither end is left. */
public final class VethPair {
  private VethPair() {}

  /**
   * Adopts the pair that exists and fits, or creates one in place of a leftover.
   *
   * @param here the end that the other one is created from
   * @return the link of that end
   * @throws dev.weft.bus.WeftException CONFLICT if somebody else's link has the name of an end
   */
  public static Link ensure(LinkOwnership owner, String id, LinkEnd here, LinkEnd there)
      throws LinuxException {
    Optional<Link> ours = adopt(owner, id, here, there);
    if (ours.isPresent()) {
      return ours.get();
    }
    // The kernel removes a leftover's other end with the first one, even an end without alias.
    owner.clear(here);
    owner.clear(there);
    return create(owner.alias(id), here, there);
  }

  /**
   * Corrects the pair if both ends exist and belong to each other.
   *
   * @return the first end; empty if there is no such pair
   */
  public static Optional<Link> adopt(LinkOwnership owner, String id, LinkEnd here, LinkEnd there)
      throws LinuxException {
    Optional<Link> ours = here.find().filter(link -> owner.owns(link, id));
    if (ours.isEmpty()) {
      return ours;
    }
    Optional<Link> theirs =
        there
            .find()
            .filter(link -> owner.owns(link, id))
            .filter(link -> link.peerIndex() == ours.get().index())
            .filter(link -> link.index() == ours.get().peerIndex());
    if (theirs.isEmpty()) {
      return theirs;
    }
    here.correct(ours.get());
    there.correct(theirs.get());
    return ours;
  }

  /** Creates a pair whose names are free; both ends are up and carry the alias. */
  public static Link create(String alias, LinkEnd here, LinkEnd there) throws LinuxException {
    Netlink in = here.at().netlink();
    Link link =
        in.createVeth(
            new VethSpec(
                here.name(),
                here.mtu(),
                alias,
                here.isPlain(),
                here.noArp(),
                new VethSpec.Peer(
                    Optional.of(there.at().netns()), there.name(), there.mtu(), there.mac())));
    try {
      there.finish(link.peerIndex());
      if (here.mac().isPresent()) {
        in.setMac(link.index(), here.mac().get());
      }
      if (!here.isPlain()) {
        here.finish(link.index());
      }
      // Last: a pair without it was left unfinished, and is not adopted.
      there.at().netlink().setAlias(link.peerIndex(), alias);
      return link;
    } catch (LinuxException | RuntimeException e) {
      in.delete(link.index());
      throw e;
    }
  }
}

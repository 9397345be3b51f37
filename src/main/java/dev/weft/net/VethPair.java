package dev.weft.net;

import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netlink;
import dev.weft.linux.VethSpec;
import java.util.Optional;

/** Veth pairs. Where one cannot be finished, neither end is left. */
public final class VethPair {
  private VethPair() {}

  /**
   * Adopts the pair that stands and fits, or creates one in place of a leftover.
   *
   * @param here the end that the other one is created from
   * @return the link of that end
   * @throws dev.weft.bus.WeftException CONFLICT if somebody else's link has the name of an end
   */
  public static Link ensure(LinkOwnership owner, String id, LinkEnd here, LinkEnd there)
      throws LinuxException {
    Optional<Link> ours = find(owner, id, here, there);
    if (ours.isPresent()) {
      here.correct(ours.get());
      there.correct(there.at().netlink().require(there.name()));
      return ours.get();
    }
    // With one end of a leftover the other one goes, even one that has no alias yet.
    owner.clear(here);
    owner.clear(there);
    return create(owner.alias(id), here, there);
  }

  /** The first end of the pair, if both ends are there and belong to each other. */
  public static Optional<Link> find(LinkOwnership owner, String id, LinkEnd here, LinkEnd there)
      throws LinuxException {
    Optional<Link> ours = here.find().filter(link -> owner.owns(link, id));
    if (ours.isEmpty()) {
      return ours;
    }
    return there
        .find()
        .filter(theirs -> owner.owns(theirs, id))
        .filter(theirs -> theirs.peerIndex() == ours.get().index())
        .filter(theirs -> theirs.index() == ours.get().peerIndex())
        .flatMap(theirs -> ours);
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
      there.at().netlink().setAlias(link.peerIndex(), alias);
      there.finish(link.peerIndex());
      if (here.mac().isPresent()) {
        in.setMac(link.index(), here.mac().get());
      }
      if (!here.isPlain()) {
        here.finish(link.index());
      }
      return link;
    } catch (LinuxException | RuntimeException e) {
      in.delete(link.index());
      throw e;
    }
  }
}

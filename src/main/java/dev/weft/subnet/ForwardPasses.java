package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.linux.ForwardChains;
import dev.weft.linux.ForwardChains.Chain;
import dev.weft.linux.ForwardChains.Pass;
import dev.weft.linux.LegacyFilter;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Has pods' packets pass hosts that drop what they forward. In the chain FORWARD of iptables the
 * node puts rules of its own behind all others; a chain of another table with the policy drop is
 * its author's, and is told, as is that of iptables-legacy. For one thread.
 */
final class ForwardPasses implements AutoCloseable {
  private final Netns host;
  private final String owner;
  private ForwardChains chains;
  private List<Pass> seen;
  private int generation;
  private String found;

  /**
   * @param owner what the comments of the node's rules begin with
   */
  ForwardPasses(Netns host, String owner) {
    this.host = host;
    this.owner = owner;
  }

  /**
   * The packets to let through.
   *
   * @param own the node's subnets
   * @param ranges of all nodes' subnets, in the same order
   * @param egress whether pods reach the outside
   */
  static List<Pass> passes(List<Cidr> own, List<Cidr> ranges, boolean egress) {
    List<Pass> passes = new ArrayList<>();
    for (int i = 0; i < own.size(); i++) {
      Optional<Cidr> range = Optional.of(ranges.get(i));
      passes.add(new Pass(range, range, false));
      if (egress) {
        passes.add(new Pass(Optional.of(own.get(i)), Optional.empty(), false));
        passes.add(new Pass(Optional.empty(), Optional.of(own.get(i)), true));
      }
    }
    return passes;
  }

  /**
   * Looks again if anybody has changed a table since the last time.
   *
   * @param passes none removes the rules
   * @return what drops pods' packets; empty if nothing does, as far as chains show
   */
  Optional<String> ensure(List<Pass> passes) {
    if (passes.isEmpty() && seen == null) {
      return Optional.empty();
    }
    return ofTables(passes).or(() -> ofLegacy(passes));
  }

  private Optional<String> ofTables(List<Pass> passes) {
    try {
      ForwardChains open = open();
      int now = open.generation();
      if (!passes.equals(seen) || now != generation) {
        // What somebody changes from here on is looked at the next time.
        generation = now;
        found = look(open, passes);
        seen = passes;
      }
      return Optional.ofNullable(found);
    } catch (LinuxException e) {
      seen = null;
      // Without nf_tables there is nothing to look at.
      return chains == null ? Optional.empty() : Optional.of(e.getMessage());
    }
  }

  /** These have no generation: they are read each time, where there are any. */
  private Optional<String> ofLegacy(List<Pass> passes) {
    try {
      for (LegacyFilter filter : LegacyFilter.all(host)) {
        for (Pass pass : passes) {
          Cidr network = pass.from().or(pass::to).orElseThrow();
          boolean isRange = pass.from().equals(pass.to());
          if (isRange
              && filter.sees(network)
              && filter.drops()
              && !filter.names(network, PodBridge.BRIDGE)) {
            return Optional.of(
                "chain FORWARD of %s has the policy drop, and no rule of its table names %s or %s:"
                        .formatted(filter, network, PodBridge.BRIDGE)
                    + " %s -I FORWARD -s %s -d %s -j ACCEPT".formatted(filter, network, network));
          }
        }
      }
      return Optional.empty();
    } catch (LinuxException e) {
      return Optional.of(e.getMessage());
    }
  }

  private String look(ForwardChains open, List<Pass> passes) throws LinuxException {
    String drops = null;
    for (Chain chain : open.dropping()) {
      if (chain.isIptables()) {
        String comment = owner + " " + Integer.toHexString(passes.hashCode());
        generation += open.keep(chain, passes, owner, comment) ? 1 : 0;
        continue;
      }
      for (Pass pass : passes) {
        Cidr network = pass.network();
        boolean isRange = pass.from().equals(pass.to());
        if (isRange && chain.sees(network) && !open.names(chain, network, PodBridge.BRIDGE)) {
          drops =
              "chain %s has the policy drop, and no rule of it names %s or %s"
                  .formatted(chain, network, PodBridge.BRIDGE);
        }
      }
    }
    return drops;
  }

  /** Removes the node's rules. */
  void remove() throws LinuxException {
    seen = null;
    open().remove(owner);
  }

  private ForwardChains open() throws LinuxException {
    if (chains == null) {
      chains = ForwardChains.open(host);
    }
    return chains;
  }

  @Override
  public void close() {
    if (chains != null) {
      chains.close();
    }
  }
}

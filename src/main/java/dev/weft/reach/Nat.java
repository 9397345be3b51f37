package dev.weft.reach;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * What this node knows of the address translation between its UDP port and other nodes. Any thread
 * may call; what is returned is that of the moment.
 */
public interface Nat {
  /** Between two signs of life to a node behind a NAT, as long as nothing is known of it. */
  Duration SHORTEST_KEEPALIVE = Duration.ofSeconds(3);

  Duration LONGEST_KEEPALIVE = Duration.ofSeconds(15);

  /** Of a node without a UDP port, or before anything is known. */
  Nat UNKNOWN =
      new Nat() {
        @Override
        public List<InetSocketAddress> publicAddresses() {
          return List.of();
        }

        @Override
        public NatBehaviour behaviour() {
          return NatBehaviour.UNKNOWN;
        }

        @Override
        public List<RouterMapping> routerMappings() {
          return List.of();
        }

        @Override
        public Duration keepalive() {
          return SHORTEST_KEEPALIVE;
        }

        @Override
        public void onChange(Runnable listener) {
          // Nothing ever changes.
        }
      };

  /**
   * Where the node's UDP port was seen by others, both families, the best first: what routers map
   * to it, then what most of those that were asked have seen, then the ports of routers that are
   * themselves behind a NAT. Where mappings depend on the destination ({@link
   * NatBehaviour#mapping}) each other node sees another port than these.
   */
  List<InetSocketAddress> publicAddresses();

  NatBehaviour behaviour();

  /** The mappings of the node's UDP port that routers have granted and that stand. */
  List<RouterMapping> routerMappings();

  /**
   * How often something has to be sent to a node so that the mapping stays: a third of the lifetime
   * that was measured, {@link #SHORTEST_KEEPALIVE} to {@link #LONGEST_KEEPALIVE}.
   */
  Duration keepalive();

  /** Runs the listener, on any thread, whenever one of the answers has changed. */
  void onChange(Runnable listener);
}

package dev.weft.testkit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A public network, 198.51.100.0/24, with hosts on it and routers of every {@link NatKind}, each
 * with a network of its own behind it: all of namespaces. Those behind routers reach the public
 * hosts; each other they reach as far as their routers let them.
 *
 * <pre>
 *   public host      public host
 *       │                │            198.51.100.0/24
 *   ────┴──────┬─────────┴────┬────
 *          NatRouter      NatRouter ── NatRouter ── host
 *           │     │           │
 *         host   host       host      192.168.N.0/24
 * </pre>
 */
public final class NatLab implements AutoCloseable {
  private static final String PUBLIC = "198.51.100.";

  private final List<TestNetns> namespaces = new ArrayList<>();
  private final TestBridge network;
  private int publicHosts;
  private int routers;

  /** A namespace with an interface eth0, or a router's wan. */
  public record Host(TestNetns netns, String address) {}

  private NatLab() throws IOException {
    network = TestBridge.create(netns("net"), "net");
  }

  public static NatLab create() throws IOException {
    return new NatLab();
  }

  /** A host on the public network, before no router. */
  public Host host(String label) throws IOException {
    TestNetns netns = netns(label);
    Host host = new Host(netns, nextPublic());
    network.join("p" + publicHosts, netns, "eth0", NatRouter.cidr(host.address()));
    return host;
  }

  /** A router on the public network. */
  public NatRouter router(NatKind kind) throws IOException, InterruptedException {
    return router(kind, network, nextPublic(), "");
  }

  NatRouter router(NatKind kind, TestBridge upstream, String outside, String gateway)
      throws IOException, InterruptedException {
    routers++;
    String prefix = "192.168." + routers + ".";
    return NatRouter.create(this, kind, netns("r" + routers), upstream, outside, gateway, prefix);
  }

  private String nextPublic() {
    return PUBLIC + ++publicHosts;
  }

  TestNetns netns(String label) {
    TestNetns made = TestNetns.create(label);
    namespaces.add(made);
    return made;
  }

  @Override
  public void close() {
    namespaces.forEach(TestNetns::close);
  }
}

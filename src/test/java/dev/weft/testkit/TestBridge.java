package dev.weft.testkit;

import dev.weft.address.Cidr;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.VethSpec;
import java.io.IOException;

/** A bridge in a namespace, which other namespaces are joined to. It goes with its namespace. */
final class TestBridge {
  private static final int MTU = 1500;

  private final TestNetns netns;
  private final String name;

  private TestBridge(TestNetns netns, String name) {
    this.netns = netns;
    this.name = name;
  }

  static TestBridge create(TestNetns netns, String name) throws IOException {
    try (Netns in = netns.open();
        Netlink netlink = Netlink.open(in)) {
      netlink.setUp(netlink.createBridge(name).index());
    }
    return new TestBridge(netns, name);
  }

  /**
   * Joins a namespace by a veth pair.
   *
   * @param port the bridge's end
   * @param device the namespace's end
   */
  void join(String port, TestNetns host, String device, Cidr address) throws IOException {
    try (Netns in = netns.open();
        Netlink netlink = Netlink.open(in);
        Netns hostNs = host.open();
        Netlink inHost = Netlink.open(hostNs)) {
      Link end =
          netlink.createVeth(
              new VethSpec(port, MTU, "", true, false, new VethSpec.Peer(hostNs, device, MTU)));
      netlink.setMaster(end.index(), netlink.require(name).index());
      Link eth = inHost.require(device);
      inHost.addAddress(eth.index(), address);
      inHost.setUp(eth.index());
    }
  }

  /** An address of the namespace that the bridge is in. */
  void address(Cidr address) throws IOException {
    try (Netns in = netns.open();
        Netlink netlink = Netlink.open(in)) {
      netlink.addAddress(netlink.require(name).index(), address);
    }
  }
}

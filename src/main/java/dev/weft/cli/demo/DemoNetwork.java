package dev.weft.cli.demo;

import dev.weft.address.Cidr;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.VethSpec;
import dev.weft.pod.PodRef;
import java.io.IOException;

/**
 * The demo's network: a namespace per node, joined by a bridge in a namespace of its own, and one
 * per pod, joined by nothing. The host's own network is not touched.
 */
final class DemoNetwork {
  private static final int MTU = 1500;

  private final String prefix;
  private final String bridgeNetns;

  /**
   * @param demo its name; "" for the one without a name
   */
  DemoNetwork(String demo) {
    this.prefix = "weft-demo" + (demo.isEmpty() ? "" : "." + demo) + "-";
    this.bridgeNetns = prefix + "switch";
  }

  String netnsOf(int node) {
    return prefix + "n" + node;
  }

  String netnsOf(PodRef pod) {
    String ns = pod.ns().equals(PodRef.DEFAULT_NAMESPACE) ? "" : pod.ns() + ".";
    return prefix + "pod-" + ns + pod.name();
  }

  /** The node's address on the network that joins the nodes. */
  static String addressOf(int node) {
    return "10.99.0." + node;
  }

  /** Makes the nodes' namespaces and the bridge between them. */
  void create(int nodes) throws IOException {
    Netns.create(bridgeNetns);
    try (Netns bridgeNs = Netns.open(bridgeNetns);
        Netlink inSwitch = Netlink.open(bridgeNs)) {
      Link bridge = inSwitch.createBridge("br0");
      inSwitch.setUp(bridge.index());
      for (int i = 1; i <= nodes; i++) {
        Netns.create(netnsOf(i));
        try (Netns nodeNs = Netns.open(netnsOf(i));
            Netlink inNode = Netlink.open(nodeNs)) {
          plug(inSwitch, bridge, "n" + i, nodeNs, "eth0");
          Link eth0 = inNode.require("eth0");
          inNode.addAddress(eth0.index(), Cidr.parse(addressOf(i) + "/24"));
          inNode.setUp(eth0.index());
        }
      }
    }
  }

  /** Makes a device in a node's namespace that pods can be attached to, if there is none. */
  void ensureDevice(int node, String name) throws IOException {
    try (Netns bridgeNs = Netns.open(bridgeNetns);
        Netlink inSwitch = Netlink.open(bridgeNs);
        Netns nodeNs = Netns.open(netnsOf(node));
        Netlink inNode = Netlink.open(nodeNs)) {
      if (inNode.link(name).isEmpty()) {
        int ports = inSwitch.links().size();
        plug(inSwitch, inSwitch.require("br0"), "port" + ports, nodeNs, name);
        inNode.setUp(inNode.require(name).index());
      }
    }
  }

  /** Joins a node's new device with a new port of the bridge. */
  private static void plug(Netlink inSwitch, Link bridge, String port, Netns nodeNs, String device)
      throws IOException {
    VethSpec.Peer peer = new VethSpec.Peer(nodeNs, device, MTU);
    Link made = inSwitch.createVeth(new VethSpec(port, MTU, "", true, false, peer));
    inSwitch.setMaster(made.index(), bridge.index());
  }

  /** Removes every namespace of a demo. */
  void delete() throws IOException {
    for (String name : Netns.list()) {
      if (name.startsWith(prefix)) {
        Netns.deleteIfExists(name);
      }
    }
  }
}

package dev.weft.cli.demo;

import dev.weft.address.Cidr;
import dev.weft.pod.PodRef;

/**
 * A pod with an address of its node's subnet.
 *
 * @param node the node's name
 * @param mtu largest packet that every node's overlay carries whole, bytes
 */
record DemoPod(PodRef pod, String node, Cidr address, int mtu) {
  @Override
  public String toString() {
    return pod.name() + "@" + node;
  }
}

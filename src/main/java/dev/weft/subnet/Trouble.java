package dev.weft.subnet;

/**
 * What of the host keeps packets of its pods away, or lets those of others in; a health warning.
 */
enum Trouble {
  OVERLAY(
      "overlay",
      "the overlay: %s",
      "pods of this node may not reach those of others",
      "remove what stands in the way, or set subnets.vni and subnets.port on every member"),
  FENCE(
      "fence",
      "the overlay takes packets from any host: %s",
      "who can send to UDP port %d of this host can send to its pods",
      "load nf_tables, or fence the port and set subnets.fence: false"),
  EGRESS(
      "egress",
      "pods' packets to other networks keep their addresses: %s",
      "pods of this node get no answers from networks that have no route to them",
      "load nf_tables with address translation, or set subnets.egress: none"),
  FORWARD(
      "forward",
      "this host drops packets that it forwards: %s",
      "pods of this node may not reach those of others",
      "let subnets.cidr pass in that chain, as with: nft insert rule CHAIN ip saddr RANGE ip daddr"
          + " RANGE accept"),
  WIREGUARD(
      "wireguard-device",
      "WireGuard: %s",
      "packets to members go through tunnels meanwhile, or not at all",
      "remove what stands in the way, or set subnets.wireguard.port"),
  SECOND(
      "range6",
      "no IPv6 for pods here: %s",
      "pods of this node have no IPv6 addresses of subnets.cidr6",
      "remove what stands in the way, or choose another subnets.cidr6 on every member");

  private final String code;
  private final String text;
  private final String affects;
  private final String action;

  /**
   * @param text with %s for what was found
   * @param affects with %d for the overlay's UDP port
   */
  Trouble(String code, String text, String affects, String action) {
    this.code = code;
    this.text = text;
    this.affects = affects;
    this.action = action;
  }

  String code() {
    return code;
  }

  String text(String found) {
    return text.formatted(found);
  }

  String affects(int port) {
    return affects.formatted(port);
  }

  String action() {
    return action;
  }
}

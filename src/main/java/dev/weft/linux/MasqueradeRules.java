package dev.weft.linux;

import dev.weft.address.Cidr;
import java.util.ArrayList;
import java.util.List;

/**
 * Source addresses of pods' packets that leave the range, as nft(8) would write it:
 *
 * <pre>
 * chain egress { type nat hook postrouting priority srcnat; policy accept;
 *   ip saddr 10.42.1.0/24 ip daddr != 10.42.0.0/16 oifname != "vxlan100" counter masquerade }
 * </pre>
 */
final class MasqueradeRules {
  private static final int POSTROUTING = 4;
  private static final int SRCNAT = 100;
  private static final String CHAIN = "egress";

  private MasqueradeRules() {}

  /** The contents of a table that has no such chain. */
  static List<NetlinkMessage> of(String table, PacketRules.Masquerade wanted) {
    List<NetlinkMessage> messages = new ArrayList<>();
    messages.add(Nftables.chain(table, CHAIN, "nat", POSTROUTING, SRCNAT));
    for (Cidr source : wanted.sources()) {
      messages.add(
          Nftables.rule(
              table,
              CHAIN,
              e -> {
                e.family(source.bits() == 32);
                e.from(source);
                wanted.ranges().stream()
                    .filter(range -> range.bits() == source.bits())
                    .forEach(e::notTo);
                wanted.inside().ifPresent(e::notThrough);
                e.count();
                e.masquerade();
              }));
    }
    return messages;
  }
}

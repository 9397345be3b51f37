package dev.weft.linux;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * A fence of UDP ports as nft(8) would write it:
 *
 * <pre>
 * chain wireguard { type filter hook input priority -10; policy accept;
 *   udp dport 51820 ip saddr @senders4 accept
 *   udp dport 51820 ip6 saddr @senders6 accept
 *   udp dport 51820 counter drop }
 * </pre>
 */
final class PortFenceRules {
  private static final int META_L4PROTO = 16;
  private static final int IPPROTO_UDP = 17;
  private static final int FIRST = 8;
  private static final String CHAIN = "wireguard";

  /** Above the numbers of the other fence's sets. */
  private static final int SET = 1000;

  private PortFenceRules() {}

  /** The contents of a table that has no such chain. */
  static List<NetlinkMessage> of(String table, PortFence fence) {
    List<NetlinkMessage> messages = new ArrayList<>();
    messages.add(Nftables.chain(table, CHAIN, "filter", FenceRules.LOCAL_IN, FenceRules.PRIORITY));
    List<byte[]> four = addresses(fence, 4);
    List<byte[]> six = addresses(fence, 16);
    FenceRules.set(messages, table, "senders4", SET + 4, four);
    FenceRules.set(messages, table, "senders6", SET + 6, six);
    for (int port : new TreeSet<>(fence.ports())) {
      if (!four.isEmpty()) {
        messages.add(rule(table, port, e -> accept(e, true)));
      }
      if (!six.isEmpty()) {
        messages.add(rule(table, port, e -> accept(e, false)));
      }
      messages.add(
          rule(
              table,
              port,
              e -> {
                e.count();
                e.verdict(NftExpressions.DROP);
              }));
    }
    return messages;
  }

  private static void accept(NftExpressions e, boolean four) {
    e.source(four, FIRST);
    e.lookup(four ? "senders4" : "senders6", FIRST);
    e.verdict(NftExpressions.ACCEPT);
  }

  private static List<byte[]> addresses(PortFence fence, int bytes) {
    return fence.senders().stream()
        .map(InetAddress::getAddress)
        .filter(address -> address.length == bytes)
        .toList();
  }

  private static NetlinkMessage rule(String table, int port, Consumer<NftExpressions> more) {
    return Nftables.rule(
        table,
        CHAIN,
        e -> {
          e.meta(META_L4PROTO, IPPROTO_UDP);
          e.equal(NftExpressions.TRANSPORT, 2, NftExpressions.be(port, 2));
          more.accept(e);
        });
  }
}

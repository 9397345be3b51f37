package dev.weft.linux;

import dev.weft.address.Cidr;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * A fence as messages of nf_tables: include/uapi/linux/netfilter/nf_tables.h. As nft(8) would write
 * it, with {@code @th,224,16} for the type of the frame inside and {@code @th,336,32} for its IPv4
 * source:
 *
 * <pre>
 * chain overlay { type filter hook input priority -10; policy accept;
 *   meta nfproto ipv4 udp dport 4789 @th,96,24 100 @th,224,16 0x0800
 *       ip saddr . (@th,336,32 &amp; 255.255.255.0) @set1 accept
 *   … ip saddr @set2 @th,224,16 0x0806 accept
 *   meta l4proto udp udp dport 4789 @th,96,24 100 counter drop }
 * </pre>
 */
final class FenceRules {
  private static final int NEWSET = 9;
  private static final int NEWSETELEM = 12;
  static final int LOCAL_IN = 1;

  /** Before filter's 0, so that a rule there that accepts everything does not matter. */
  static final int PRIORITY = -10;

  private static final int META_L4PROTO = 16;
  private static final int IPPROTO_UDP = 17;

  /** Behind UDP's 8 bytes and VXLAN's 8 the Ethernet frame begins. */
  private static final int FRAME_AT = 16;

  private static final int ETHERTYPE_AT = FRAME_AT + 12;
  private static final int PACKET_AT = FRAME_AT + 14;
  private static final int ETH_IPV4 = 0x0800;
  private static final int ETH_IPV6 = 0x86dd;
  private static final int ETH_ARP = 0x0806;

  /** The first of the registers of 32 bits. */
  private static final int FIRST = 8;

  private static final int ELEMENTS = 400;
  private static final String CHAIN = "overlay";

  private final String table;
  private final VxlanFence fence;
  private final List<NetlinkMessage> messages = new ArrayList<>();
  private int sets;

  private FenceRules(String table, VxlanFence fence) {
    this.table = table;
    this.fence = fence;
  }

  /** The contents of a table that is there and empty. */
  static List<NetlinkMessage> of(String table, VxlanFence fence) {
    FenceRules rules = new FenceRules(table, fence);
    rules.messages.add(Nftables.chain(table, CHAIN, "filter", LOCAL_IN, PRIORITY));
    for (boolean outer : new boolean[] {true, false}) {
      for (boolean inner : new boolean[] {true, false}) {
        rules.fromLeases(outer, inner);
      }
      rules.fromShared(outer);
    }
    rules.rule(NftExpressions::count, e -> e.verdict(NftExpressions.DROP));
    return rules.messages;
  }

  /** Each sender's packets come from its own network. */
  private void fromLeases(boolean outerFour, boolean innerFour) {
    Set<Integer> lengths = new TreeSet<>();
    for (VxlanFence.Sender sender : fence.senders()) {
      if (four(sender.underlay()) == outerFour && four(sender.inside().address()) == innerFour) {
        lengths.add(sender.inside().prefixLength());
      }
    }
    for (int length : lengths) {
      List<byte[]> keys = new ArrayList<>();
      for (VxlanFence.Sender sender : fence.senders()) {
        Cidr inside = sender.inside();
        if (four(sender.underlay()) == outerFour
            && four(inside.address()) == innerFour
            && inside.prefixLength() == length) {
          ByteArrayOutputStream key = new ByteArrayOutputStream();
          key.writeBytes(sender.underlay().getAddress());
          key.writeBytes(inside.network().address().getAddress());
          keys.add(key.toByteArray());
        }
      }
      String set = set(keys);
      int inner = FIRST + bytes(outerFour) / 4;
      rule(
          e -> e.source(outerFour, FIRST),
          e -> ethertype(e, innerFour ? ETH_IPV4 : ETH_IPV6),
          e -> innerSource(e, innerFour, length, inner),
          e -> e.lookup(set, FIRST),
          e -> e.verdict(NftExpressions.ACCEPT));
    }
  }

  /** Senders' ARP, for what lies behind others, and packets of what lies behind them. */
  private void fromShared(boolean outerFour) {
    List<byte[]> keys = new ArrayList<>();
    for (VxlanFence.Sender sender : fence.senders()) {
      if (four(sender.underlay()) == outerFour) {
        keys.add(sender.underlay().getAddress());
      }
    }
    if (keys.isEmpty()) {
      return;
    }
    String senders = set(keys);
    rule(
        e -> e.source(outerFour, FIRST),
        e -> e.lookup(senders, FIRST),
        e -> ethertype(e, ETH_ARP),
        e -> e.verdict(NftExpressions.ACCEPT));
    for (boolean innerFour : new boolean[] {true, false}) {
      Set<Integer> lengths = new TreeSet<>();
      fence.shared().stream()
          .filter(network -> four(network.address()) == innerFour)
          .forEach(network -> lengths.add(network.prefixLength()));
      for (int length : lengths) {
        String networks =
            set(
                fence.shared().stream()
                    .filter(n -> four(n.address()) == innerFour && n.prefixLength() == length)
                    .map(n -> n.network().address().getAddress())
                    .toList());
        rule(
            e -> e.source(outerFour, FIRST),
            e -> e.lookup(senders, FIRST),
            e -> ethertype(e, innerFour ? ETH_IPV4 : ETH_IPV6),
            e -> innerSource(e, innerFour, length, FIRST),
            e -> e.lookup(networks, FIRST),
            e -> e.verdict(NftExpressions.ACCEPT));
      }
    }
  }

  /** A set of keys of one length; its name. */
  private String set(List<byte[]> keys) {
    String name = "set" + ++sets;
    set(messages, table, name, sets, keys);
    return name;
  }

  /**
   * Adds a set; nothing without keys.
   *
   * @param id which no other set of the transaction has
   * @param keys of one length
   */
  static void set(
      List<NetlinkMessage> messages, String table, String name, int id, List<byte[]> keys) {
    if (keys.isEmpty()) {
      return;
    }
    messages.add(
        NftExpressions.be32(
            NftExpressions.be32(
                NftExpressions.be32(
                    Nftables.message(NEWSET, NetlinkMessage.CREATE)
                        .attribute(1, table)
                        .attribute(2, name),
                    4,
                    0),
                5,
                keys.get(0).length),
            10,
            id));
    // Keys of equal contents are one element.
    Set<String> seen = new LinkedHashSet<>();
    List<byte[]> once = keys.stream().filter(k -> seen.add(java.util.Arrays.toString(k))).toList();
    for (int from = 0; from < once.size(); from += ELEMENTS) {
      List<byte[]> part = once.subList(from, Math.min(once.size(), from + ELEMENTS));
      messages.add(
          Nftables.message(NEWSETELEM, NetlinkMessage.CREATE)
              .attribute(1, table)
              .attribute(2, name)
              .nest(
                  3,
                  all ->
                      part.forEach(
                          key -> all.nest(1, e -> e.nest(1, data -> data.attribute(1, key))))));
    }
  }

  /** A rule for packets of this VXLAN. */
  @SafeVarargs
  private void rule(Consumer<NftExpressions>... more) {
    messages.add(
        Nftables.rule(
            table,
            CHAIN,
            e -> {
              e.meta(META_L4PROTO, IPPROTO_UDP);
              e.equal(NftExpressions.TRANSPORT, 2, NftExpressions.be(fence.port(), 2));
              e.equal(NftExpressions.TRANSPORT, 12, NftExpressions.be(fence.vni(), 3));
              for (Consumer<NftExpressions> next : more) {
                next.accept(e);
              }
            }));
  }

  private static void ethertype(NftExpressions e, int type) {
    e.equal(NftExpressions.TRANSPORT, ETHERTYPE_AT, NftExpressions.be(type, 2));
  }

  private static void innerSource(NftExpressions e, boolean four, int prefix, int register) {
    e.load(NftExpressions.TRANSPORT, PACKET_AT + (four ? 12 : 8), bytes(four), register);
    e.mask(register, bytes(four), prefix);
  }

  private static boolean four(InetAddress address) {
    return address.getAddress().length == 4;
  }

  private static int bytes(boolean four) {
    return four ? 4 : 16;
  }
}

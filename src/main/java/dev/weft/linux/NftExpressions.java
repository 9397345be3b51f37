package dev.weft.linux;

import dev.weft.address.Cidr;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The expressions of a rule of nf_tables, which the kernel evaluates in turn until one does not
 * hold: include/uapi/linux/netfilter/nf_tables.h.
 */
final class NftExpressions {
  static final int NETWORK = 1;
  static final int TRANSPORT = 2;
  static final int ACCEPT = 1;
  static final int DROP = 0;

  private static final int META_OIFNAME = 7;
  private static final int META_NFPROTO = 15;
  private static final int NFPROTO_IPV4 = 2;
  private static final int NFPROTO_IPV6 = 10;
  private static final int EQUAL = 0;
  private static final int NOT_EQUAL = 1;
  private static final int IFNAMSIZ = 16;

  /** NFT_REG_4, the last 16 bytes of the registers, for what is compared at once. */
  private static final int SCRATCH = 4;

  /** {@code xt_conntrack_mtinfo3}, with its padding. */
  private static final int CONNTRACK_BYTES = 168;

  private static final int CONNTRACK_FLAGS_AT = 146;
  private static final int CONNTRACK_STATES_AT = 150;
  private static final int CONNTRACK_REVISION = 3;
  private static final short STATE = 1;
  private static final short ESTABLISHED_OR_RELATED = 6;

  private final NetlinkMessage list;

  NftExpressions(NetlinkMessage list) {
    this.list = list;
  }

  static byte[] be(int value, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (value >> (8 * (length - 1 - i)));
    }
    return bytes;
  }

  static NetlinkMessage be32(NetlinkMessage message, int type, int value) {
    return message.attribute(type, be(value, 4));
  }

  private void add(String name, Consumer<NetlinkMessage> data) {
    list.nest(1, e -> e.attribute(1, name).nest(2, data));
  }

  void meta(int key, int value) {
    loadMeta(key);
    compare(EQUAL, new byte[] {(byte) value});
  }

  private void loadMeta(int key) {
    add("meta", m -> be32(be32(m, 1, SCRATCH), 2, key));
  }

  void equal(int base, int offset, byte[] value) {
    load(base, offset, value.length, SCRATCH);
    compare(EQUAL, value);
  }

  /** In a chain of the family inet; the other families know theirs. */
  void family(boolean four) {
    meta(META_NFPROTO, four ? NFPROTO_IPV4 : NFPROTO_IPV6);
  }

  /** Packets of one family, with their source in a register. */
  void source(boolean four, int register) {
    family(four);
    load(NETWORK, four ? 12 : 8, four ? 4 : 16, register);
  }

  void from(Cidr network) {
    in(network, network.bits() == 32 ? 12 : 8, EQUAL);
  }

  void to(Cidr network) {
    in(network, network.bits() == 32 ? 16 : 24, EQUAL);
  }

  void notTo(Cidr network) {
    in(network, network.bits() == 32 ? 16 : 24, NOT_EQUAL);
  }

  private void in(Cidr network, int offset, int operation) {
    int bytes = network.bits() / 8;
    load(NETWORK, offset, bytes, SCRATCH);
    mask(SCRATCH, bytes, network.prefixLength());
    compare(operation, network.network().address().getAddress());
  }

  void notThrough(String device) {
    loadMeta(META_OIFNAME);
    compare(NOT_EQUAL, Arrays.copyOf(device.getBytes(StandardCharsets.UTF_8), IFNAMSIZ));
  }

  /** Packets of connections that are known, as iptables writes it, for iptables to read. */
  void replies() {
    byte[] info = new byte[CONNTRACK_BYTES];
    ByteBuffer.wrap(info)
        .order(ByteOrder.nativeOrder())
        .putShort(CONNTRACK_FLAGS_AT, STATE)
        .putShort(CONNTRACK_STATES_AT, ESTABLISHED_OR_RELATED);
    add("match", m -> be32(m.attribute(1, "conntrack"), 2, CONNTRACK_REVISION).attribute(3, info));
  }

  /** Keeps the first bits of a register. */
  void mask(int register, int length, int prefix) {
    byte[] mask = new byte[length];
    for (int bit = 0; bit < prefix; bit++) {
      mask[bit / 8] |= (byte) (0x80 >> bit % 8);
    }
    add(
        "bitwise",
        m ->
            be32(be32(be32(m, 1, register), 2, register), 3, length)
                .nest(4, data -> data.attribute(1, mask))
                .nest(5, data -> data.attribute(1, new byte[length])));
  }

  void lookup(String set, int register) {
    add("lookup", m -> be32(m.attribute(1, set), 2, register));
  }

  void count() {
    add("counter", m -> {});
  }

  /** Gives packets the address of the device by which they leave. */
  void masquerade() {
    add("masq", m -> {});
  }

  void verdict(int code) {
    add("immediate", m -> be32(m, 1, 0).nest(2, data -> data.nest(2, v -> be32(v, 1, code))));
  }

  void load(int base, int offset, int length, int register) {
    add("payload", m -> be32(be32(be32(be32(m, 1, register), 2, base), 3, offset), 4, length));
  }

  private void compare(int operation, byte[] value) {
    add(
        "cmp",
        m -> be32(be32(m, 1, SCRATCH), 2, operation).nest(3, data -> data.attribute(1, value)));
  }
}

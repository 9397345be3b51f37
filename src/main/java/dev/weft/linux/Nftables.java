package dev.weft.linux;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One table of nf_tables, nft(8), of the family inet, in one namespace: {@code table inet weft}. It
 * is written as a whole, in one transaction of NETLINK_NETFILTER, so that no packet sees a part.
 * For one thread.
 */
public final class Nftables implements AutoCloseable {
  private static final int NEWTABLE = 0;
  private static final int GETTABLE = 1;
  private static final int DELTABLE = 2;
  private static final int NEWCHAIN = 3;
  private static final int NEWRULE = 6;
  private static final int TABLE_NAME = 1;
  private static final int TABLE_USERDATA = 6;
  private static final String TABLE = "weft";

  private final NftSocket socket;

  private Nftables(NftSocket socket) {
    this.socket = socket;
  }

  /** Opens a socket in a namespace, which the caller may close then. */
  public static Nftables open(Netns netns) throws LinuxException {
    return new Nftables(NftSocket.open(netns));
  }

  static NetlinkMessage message(int type, int flags) {
    return NftSocket.message(type, flags, NftSocket.INET);
  }

  /** A base chain of a table that is there, with the policy accept. */
  static NetlinkMessage chain(String table, String name, String type, int hook, int priority) {
    return message(NEWCHAIN, NetlinkMessage.CREATE)
        .attribute(1, table)
        .attribute(3, name)
        .nest(4, in -> NftExpressions.be32(NftExpressions.be32(in, 1, hook), 2, priority))
        .attribute(7, type);
  }

  /** A rule at the end of a chain that is there. */
  static NetlinkMessage rule(String table, String chain, Consumer<NftExpressions> expressions) {
    return message(NEWRULE, NetlinkMessage.CREATE | NetlinkMessage.APPEND)
        .attribute(1, table)
        .attribute(2, chain)
        .nest(4, list -> expressions.accept(new NftExpressions(list)));
  }

  /** One more after each change of the namespace's tables, whoever makes it. */
  public int generation() throws LinuxException {
    return socket.generation();
  }

  /** The comment of the table; empty if there is no table of the name. */
  public Optional<String> comment() throws LinuxException {
    return socket
        .get(message(GETTABLE, 0).attribute(TABLE_NAME, TABLE), "read table " + TABLE)
        .map(a -> comment(a.bytes(TABLE_USERDATA)));
  }

  /** Type 0 is the comment, with its length and a terminating zero (libnftnl). */
  static byte[] userdata(String comment) {
    byte[] text = comment.getBytes(StandardCharsets.UTF_8);
    byte[] data = new byte[text.length + 3];
    data[1] = (byte) (text.length + 1);
    System.arraycopy(text, 0, data, 2, text.length);
    return data;
  }

  /** The comment of a table or rule; empty for none. */
  static String comment(byte[] data) {
    return data.length > 3 && data[0] == 0
        ? new String(data, 2, data.length - 3, StandardCharsets.UTF_8)
        : "";
  }

  /**
   * Replaces the table, whoever made it.
   *
   * @param comment at most 200 bytes
   * @return the generation as it is unless somebody else changes a table meanwhile
   */
  public int put(PacketRules rules, String comment) throws LinuxException {
    int before = generation();
    List<NetlinkMessage> messages = new ArrayList<>();
    // There is a table to delete for certain, then.
    messages.add(message(NEWTABLE, NetlinkMessage.CREATE).attribute(TABLE_NAME, TABLE));
    messages.add(message(DELTABLE, 0).attribute(TABLE_NAME, TABLE));
    messages.add(
        message(NEWTABLE, NetlinkMessage.CREATE)
            .attribute(TABLE_NAME, TABLE)
            .attribute(TABLE_USERDATA, userdata(comment)));
    rules.fence().ifPresent(fence -> messages.addAll(FenceRules.of(TABLE, fence)));
    rules.ports().ifPresent(fence -> messages.addAll(PortFenceRules.of(TABLE, fence)));
    rules.masquerade().ifPresent(to -> messages.addAll(MasqueradeRules.of(TABLE, to)));
    socket.transact(messages, "write table " + TABLE);
    return before + 1;
  }

  /** Deletes the table; success also if there is none. */
  public void remove() throws LinuxException {
    if (comment().isPresent()) {
      socket.transact(
          List.of(message(DELTABLE, 0).attribute(TABLE_NAME, TABLE)), "delete " + TABLE);
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}

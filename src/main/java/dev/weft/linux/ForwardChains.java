package dev.weft.linux;

import dev.weft.address.Cidr;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Chains of other programs that drop every forwarded packet which none of their rules accepts. A
 * table of one's own cannot undo that: what one chain accepts the next one still sees. In the chain
 * FORWARD of iptables (its nf_tables form), where programs that make networks put their rules, a
 * node can add its own, behind all others, so that only the policy changes. For one thread.
 */
public final class ForwardChains implements AutoCloseable {
  private static final int GETCHAIN = 4;
  private static final int NEWRULE = 6;
  private static final int GETRULE = 7;
  private static final int DELRULE = 8;
  private static final int CHAIN_TABLE = 1;
  private static final int CHAIN_NAME = 3;
  private static final int CHAIN_HOOK = 4;
  private static final int CHAIN_POLICY = 5;
  private static final int RULE_TABLE = 1;
  private static final int RULE_CHAIN = 2;
  private static final int RULE_HANDLE = 3;
  private static final int RULE_EXPRESSIONS = 4;
  private static final int RULE_USERDATA = 7;
  private static final int FORWARD = 2;
  private static final int ANY_FAMILY = 0;
  private static final Map<Integer, String> FAMILIES = Map.of(1, "inet", 2, "ip", 10, "ip6");

  /** A base chain of the hook forward whose policy is drop. */
  public record Chain(int family, String table, String name) {
    /** Whether it is that of iptables or ip6tables. */
    public boolean isIptables() {
      return family != NftSocket.INET && table.equals("filter") && name.equals("FORWARD");
    }

    /** Whether packets of a network pass it. */
    public boolean sees(Cidr network) {
      return family == NftSocket.INET || (family == 2) == (network.bits() == 32);
    }

    @Override
    public String toString() {
      return FAMILIES.get(family) + " " + table + " " + name;
    }
  }

  /**
   * Packets to accept.
   *
   * @param from empty for any source
   * @param to empty for any destination
   * @param replies whether only those of connections that are known
   */
  public record Pass(Optional<Cidr> from, Optional<Cidr> to, boolean replies) {
    /** The range that is named; the source's if both are. */
    public Cidr network() {
      return from.or(() -> to).orElseThrow();
    }
  }

  private final NftSocket socket;

  private ForwardChains(NftSocket socket) {
    this.socket = socket;
  }

  /** Opens a socket in a namespace, which the caller may close then. */
  public static ForwardChains open(Netns netns) throws LinuxException {
    return new ForwardChains(NftSocket.open(netns));
  }

  /** One more after each change of the namespace's tables, whoever makes it. */
  public int generation() throws LinuxException {
    return socket.generation();
  }

  /** The chains that drop what they do not know. */
  public List<Chain> dropping() throws LinuxException {
    List<Chain> chains = new ArrayList<>();
    for (NftSocket.Found found : chains()) {
      if (be32(found.attributes().bytes(CHAIN_POLICY)) == NftExpressions.DROP) {
        chains.add(chain(found));
      }
    }
    return chains;
  }

  private List<NftSocket.Found> chains() throws LinuxException {
    NetlinkMessage all = NftSocket.message(GETCHAIN, NetlinkMessage.DUMP, ANY_FAMILY);
    return socket.dump(all, "list nf_tables' chains").stream()
        .filter(found -> FAMILIES.containsKey(found.family()))
        .filter(found -> found.attributes().has(CHAIN_HOOK))
        .filter(f -> be32(f.attributes().nest(CHAIN_HOOK).bytes(1)) == FORWARD)
        .toList();
  }

  private static Chain chain(NftSocket.Found found) {
    Attributes its = found.attributes();
    return new Chain(found.family(), its.text(CHAIN_TABLE), its.text(CHAIN_NAME));
  }

  /** Whether a rule of the chain names the network, or the device. */
  public boolean names(Chain chain, Cidr network, String device) throws LinuxException {
    // As nft(8) and iptables write it: whole bytes of the prefix, or all with a mask.
    byte[] address =
        Arrays.copyOf(
            network.address().getAddress(), Math.max(1, (network.prefixLength() + 7) / 8));
    byte[] name = device.getBytes(StandardCharsets.UTF_8);
    for (Attributes rule : rules(chain)) {
      byte[] expressions = rule.bytes(RULE_EXPRESSIONS);
      if (holds(expressions, address) || holds(expressions, name)) {
        return true;
      }
    }
    return false;
  }

  private static boolean holds(byte[] all, byte[] part) {
    for (int at = 0; at + part.length <= all.length; at++) {
      if (Arrays.equals(all, at, at + part.length, part, 0, part.length)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Makes these the rules of the chain with this comment, behind all others.
   *
   * @param comment at most 200 bytes, with what tells one set of rules from another
   * @param owner what the comments of all such rules, also of former ones, begin with
   * @return whether they were others: the generation is one more now
   */
  public boolean keep(Chain chain, List<Pass> passes, String owner, String comment)
      throws LinuxException {
    List<Pass> own = passes.stream().filter(pass -> chain.sees(pass.network())).toList();
    List<Attributes> present = rules(chain, owner);
    boolean same =
        present.size() == own.size() && present.stream().allMatch(r -> comment(r).equals(comment));
    if (same) {
      return false;
    }
    List<NetlinkMessage> messages = new ArrayList<>();
    present.forEach(rule -> messages.add(delete(chain, rule)));
    for (Pass pass : own) {
      messages.add(
          NftSocket.message(NEWRULE, NetlinkMessage.CREATE | NetlinkMessage.APPEND, chain.family())
              .attribute(RULE_TABLE, chain.table())
              .attribute(RULE_CHAIN, chain.name())
              .nest(RULE_EXPRESSIONS, list -> write(pass, new NftExpressions(list)))
              .attribute(RULE_USERDATA, Nftables.userdata(comment)));
    }
    socket.transact(messages, "add rules to chain " + chain);
    return true;
  }

  private static void write(Pass pass, NftExpressions e) {
    pass.from().ifPresent(e::from);
    pass.to().ifPresent(e::to);
    if (pass.replies()) {
      e.replies();
    }
    e.count();
    e.verdict(NftExpressions.ACCEPT);
  }

  /** Removes the rules from all chains, also from those that drop nothing now. */
  public void remove(String owner) throws LinuxException {
    List<NetlinkMessage> messages = new ArrayList<>();
    for (NftSocket.Found found : chains()) {
      Chain chain = chain(found);
      if (chain.isIptables()) {
        rules(chain, owner).forEach(rule -> messages.add(delete(chain, rule)));
      }
    }
    if (!messages.isEmpty()) {
      socket.transact(messages, "remove rules of chains FORWARD");
    }
  }

  private static NetlinkMessage delete(Chain chain, Attributes rule) {
    return NftSocket.message(DELRULE, 0, chain.family())
        .attribute(RULE_TABLE, chain.table())
        .attribute(RULE_CHAIN, chain.name())
        .attribute(RULE_HANDLE, rule.bytes(RULE_HANDLE));
  }

  private List<Attributes> rules(Chain chain, String owner) throws LinuxException {
    return rules(chain).stream().filter(rule -> comment(rule).startsWith(owner)).toList();
  }

  private List<Attributes> rules(Chain chain) throws LinuxException {
    NetlinkMessage all =
        NftSocket.message(GETRULE, NetlinkMessage.DUMP, chain.family())
            .attribute(RULE_TABLE, chain.table())
            .attribute(RULE_CHAIN, chain.name());
    return socket.dump(all, "list the rules of chain " + chain).stream()
        .filter(found -> found.attributes().text(RULE_TABLE).equals(chain.table()))
        .filter(found -> found.attributes().text(RULE_CHAIN).equals(chain.name()))
        .map(NftSocket.Found::attributes)
        .toList();
  }

  private static String comment(Attributes rule) {
    return rule.has(RULE_USERDATA) ? Nftables.comment(rule.bytes(RULE_USERDATA)) : "";
  }

  private static int be32(byte[] value) {
    return value.length < 4 ? -1 : ByteBuffer.wrap(value).order(ByteOrder.BIG_ENDIAN).getInt();
  }

  @Override
  public void close() {
    socket.close();
  }
}

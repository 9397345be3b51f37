package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Blocks of four addresses (a /30: network, endpoint, client, broadcast) of one IPv4 network. A
 * block may be in use more than once: in namespaces that do not see each other. Where there is an
 * IPv6 network too, each block has a /126 of it beside, of the same number.
 */
public final class ConnectionAddresses {
  private static final int BLOCK_BITS = 30;
  private static final int BLOCK_BITS_6 = 126;

  private final int base;
  private final int blocks;
  private final Optional<Cidr> six;
  private final Map<Integer, Integer> uses = new HashMap<>();
  private int cursor;

  /**
   * @param cidr at most 30 bits
   * @param six an IPv6 network with as many blocks, if connections have IPv6 addresses
   * @param seed where to begin, so that two nodes seldom propose the same
   */
  public ConnectionAddresses(Cidr cidr, Optional<Cidr> six, long seed) {
    this.six = six;
    base = ByteBuffer.wrap(cidr.address().getAddress()).getInt();
    blocks = 1 << (BLOCK_BITS - cidr.prefixLength());
    cursor = (int) Math.floorMod(seed, (long) blocks);
  }

  /** Takes up to {@code count} blocks that nobody on this node uses; fewer if there are no more. */
  public List<Cidr> take(int count, Predicate<Cidr> usable) {
    List<Cidr> taken = new ArrayList<>();
    for (int i = 0; i < blocks && taken.size() < count; i++) {
      Cidr block = block(cursor);
      if (!uses.containsKey(cursor) && usable.test(block)) {
        uses.put(cursor, 1);
        taken.add(block);
      }
      cursor = (cursor + 1) % blocks;
    }
    return taken;
  }

  /** The IPv6 network, if connections have IPv6 addresses. */
  public Optional<Cidr> six() {
    return six;
  }

  /** The IPv6 block beside a block; empty for one outside this network. */
  public Optional<Cidr> beside(Cidr block) {
    int index = index(block);
    if (index < 0) {
      return Optional.empty();
    }
    return six.map(
        network -> {
          byte[] bytes = network.address().getAddress();
          BigInteger first = new BigInteger(1, bytes).add(BigInteger.valueOf((long) index << 2));
          byte[] sum = first.toByteArray();
          int length = Math.min(sum.length, bytes.length);
          System.arraycopy(sum, sum.length - length, bytes, bytes.length - length, length);
          return new Cidr(IpAddress.of(bytes), BLOCK_BITS_6);
        });
  }

  /** Whether that is a block of this network, or the IPv6 one beside it. */
  public boolean isBlock(Cidr prefix) {
    return prefix.isNetwork()
        && (index(prefix) >= 0
            || (prefix.prefixLength() == BLOCK_BITS_6
                && six.filter(network -> network.contains(prefix)).isPresent()));
  }

  /** Counts one more use of a block; a block outside this network is ignored. */
  public void use(Cidr block) {
    int index = index(block);
    if (index >= 0) {
      uses.merge(index, 1, Integer::sum);
    }
  }

  public void release(Cidr block) {
    uses.computeIfPresent(index(block), (index, count) -> count == 1 ? null : count - 1);
  }

  /** Blocks in use. */
  public int used() {
    return uses.size();
  }

  public int size() {
    return blocks;
  }

  private Cidr block(int index) {
    byte[] bytes = ByteBuffer.allocate(4).putInt(base + (index << 2)).array();
    return new Cidr(IpAddress.of(bytes), BLOCK_BITS);
  }

  private int index(Cidr block) {
    byte[] bytes = block.address().getAddress();
    if (bytes.length != 4 || block.prefixLength() != BLOCK_BITS) {
      return -1;
    }
    long offset = Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt() - base) >>> 2;
    return offset < blocks ? (int) offset : -1;
  }
}

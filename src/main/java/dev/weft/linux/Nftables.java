package dev.weft.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One table of nf_tables, nft(8), of the family inet, in one namespace: {@code table inet weft}. It
 * is written as a whole, in one transaction of NETLINK_NETFILTER, so that no packet sees a part.
 * For one thread.
 */
public final class Nftables implements AutoCloseable {
  private static final int NETLINK_NETFILTER = 12;
  private static final int SUBSYSTEM = 10;
  private static final int BATCH_BEGIN = 16;
  private static final int BATCH_END = 17;
  private static final int NEWTABLE = 0;
  private static final int GETTABLE = 1;
  private static final int DELTABLE = 2;
  private static final int GETGEN = 16;
  private static final int NFPROTO_INET = 1;
  private static final int NFGENMSG = 4;
  private static final int TABLE_NAME = 1;
  private static final int TABLE_USERDATA = 6;
  private static final int GEN_ID = 1;
  private static final String TABLE = "weft";
  private static final int ANSWER_MILLIS = 10_000;
  private static final int SEND_BYTES = 4 << 20;

  private final NativeSocket socket;
  private final byte[] in = new byte[32 << 10];
  private int sequence;

  private Nftables(NativeSocket socket) {
    this.socket = socket;
  }

  /** Opens a socket in a namespace, which the caller may close then. */
  public static Nftables open(Netns netns) throws LinuxException {
    NativeSocket socket =
        netns.inside(
            () ->
                NativeSocket.open(
                    NativeSocket.AF_NETLINK,
                    NativeSocket.SOCK_RAW,
                    NETLINK_NETFILTER,
                    "nf_tables"));
    try {
      socket.bind(SocketAddresses.netlink(0));
      socket.sendBuffer(SEND_BYTES);
      return new Nftables(socket);
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
  }

  static NetlinkMessage message(int type, int flags) {
    return header(SUBSYSTEM << 8 | type, flags, NFPROTO_INET, 0);
  }

  /** {@code nfgenmsg}: family, version, and a big-endian resource. */
  private static NetlinkMessage header(int type, int flags, int family, int resource) {
    return new NetlinkMessage(type, flags).u8(family).u8(0).u8(resource >> 8).u8(resource);
  }

  /** A number that changes with every change of the namespace's tables, whoever makes it. */
  public int generation() throws LinuxException {
    return get(message(GETGEN, 0), "read the generation of nf_tables")
        .map(a -> a.i32(GEN_ID, 0))
        .orElse(0);
  }

  /** The comment of the table; empty if there is no table of the name. */
  public Optional<String> comment() throws LinuxException {
    return get(message(GETTABLE, 0).attribute(TABLE_NAME, TABLE), "read table " + TABLE)
        .map(
            a -> {
              byte[] data = a.bytes(TABLE_USERDATA);
              // Type 0 is the comment, with its length and a terminating zero (libnftnl).
              return data.length > 3 && data[0] == 0
                  ? new String(data, 2, data.length - 3, StandardCharsets.UTF_8)
                  : "";
            });
  }

  /**
   * Replaces the table, whoever made it.
   *
   * @param comment at most 200 bytes
   */
  public void put(VxlanFence fence, String comment) throws LinuxException {
    byte[] text = comment.getBytes(StandardCharsets.UTF_8);
    byte[] data = new byte[text.length + 3];
    data[1] = (byte) (text.length + 1);
    System.arraycopy(text, 0, data, 2, text.length);
    List<NetlinkMessage> messages = new ArrayList<>();
    // There is a table to delete for certain, then.
    messages.add(message(NEWTABLE, NetlinkMessage.CREATE).attribute(TABLE_NAME, TABLE));
    messages.add(message(DELTABLE, 0).attribute(TABLE_NAME, TABLE));
    messages.add(
        message(NEWTABLE, NetlinkMessage.CREATE)
            .attribute(TABLE_NAME, TABLE)
            .attribute(TABLE_USERDATA, data));
    messages.addAll(FenceRules.of(TABLE, fence));
    transact(messages, "write table " + TABLE);
  }

  /** Deletes the table; success also if there is none. */
  public void remove() throws LinuxException {
    if (comment().isPresent()) {
      transact(List.of(message(DELTABLE, 0).attribute(TABLE_NAME, TABLE)), "delete " + TABLE);
    }
  }

  /** The attributes of the answer; empty for ENOENT. */
  private Optional<Attributes> get(NetlinkMessage request, String what) throws LinuxException {
    ByteBuffer out = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
    request.writeTo(out, ++sequence, true);
    socket.send(java.util.Arrays.copyOf(out.array(), out.position()));
    Optional<Attributes> found = Optional.empty();
    while (true) {
      ByteBuffer part = receive(what);
      while (part.remaining() >= NetlinkMessage.HEADER) {
        NetlinkAnswer answer = NetlinkAnswer.next(part);
        if (answer.sequence() != sequence) {
          continue;
        }
        if (!answer.ends()) {
          // A copy, which the next part does not overwrite.
          ByteBuffer body = ByteBuffer.allocate(answer.body().remaining());
          body.order(ByteOrder.LITTLE_ENDIAN).put(answer.body()).flip();
          found = Optional.of(Attributes.parse(body.position(NFGENMSG)));
          continue;
        }
        try {
          answer.check(what);
          return found;
        } catch (LinuxException e) {
          if (e.is(Errno.ENOENT)) {
            return Optional.empty();
          }
          throw e;
        }
      }
    }
  }

  private void transact(List<NetlinkMessage> messages, String what) throws LinuxException {
    int bytes = 64;
    for (NetlinkMessage message : messages) {
      bytes += NetlinkMessage.aligned(message.length());
    }
    ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int begin = ++sequence;
    header(BATCH_BEGIN, 0, 0, SUBSYSTEM).writeTo(out, begin, false);
    int last = begin + messages.size();
    for (NetlinkMessage message : messages) {
      message.writeTo(out, ++sequence, sequence == last);
      out.position(NetlinkMessage.aligned(out.position()));
    }
    header(BATCH_END, 0, 0, SUBSYSTEM).writeTo(out, ++sequence, false);
    socket.send(java.util.Arrays.copyOf(out.array(), out.position()));
    LinuxException failure = null;
    while (true) {
      ByteBuffer part = receive(what);
      while (part.remaining() >= NetlinkMessage.HEADER) {
        NetlinkAnswer answer = NetlinkAnswer.next(part);
        int number = answer.sequence();
        if (number < begin || number > last || !answer.ends()) {
          continue;
        }
        try {
          answer.check(what + ", message " + (number - begin));
        } catch (LinuxException e) {
          failure = failure == null ? e : failure;
        }
        // A batch that is refused as a whole is answered at its beginning.
        if (number == last || (number == begin && failure != null)) {
          if (failure != null) {
            throw failure;
          }
          return;
        }
      }
    }
  }

  private ByteBuffer receive(String what) throws LinuxException {
    if (!socket.awaitReadable(ANSWER_MILLIS)) {
      throw new LinuxException(what, Errno.ETIMEDOUT);
    }
    int length = socket.receive(in);
    return ByteBuffer.wrap(in, 0, Math.max(0, length)).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    socket.close();
  }
}

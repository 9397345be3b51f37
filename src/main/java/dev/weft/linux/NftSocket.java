package dev.weft.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Requests to nf_tables of one namespace, over NETLINK_NETFILTER. For one thread. */
final class NftSocket implements AutoCloseable {
  static final int INET = 1;

  private static final int NETLINK_NETFILTER = 12;
  private static final int SUBSYSTEM = 10;
  private static final int BATCH_BEGIN = 16;
  private static final int BATCH_END = 17;
  private static final int GETGEN = 16;
  private static final int NFGENMSG = 4;
  private static final int GEN_ID = 1;
  private static final int ANSWER_MILLIS = 10_000;
  private static final int SEND_BYTES = 4 << 20;

  /** A table, chain or rule: its family, NFPROTO_…, and its attributes. */
  record Found(int family, Attributes attributes) {}

  private final NativeSocket socket;
  private final byte[] in = new byte[32 << 10];
  private int sequence;

  private NftSocket(NativeSocket socket) {
    this.socket = socket;
  }

  /** Opens it in a namespace, which the caller may close then. */
  static NftSocket open(Netns netns) throws LinuxException {
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
      return new NftSocket(socket);
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * A request or a part of a transaction.
   *
   * @param family NFPROTO_…; 0 for all
   */
  static NetlinkMessage message(int type, int flags, int family) {
    return header(SUBSYSTEM << 8 | type, flags, family, 0);
  }

  /** {@code nfgenmsg}: family, version, and a big-endian resource. */
  private static NetlinkMessage header(int type, int flags, int family, int resource) {
    return new NetlinkMessage(type, flags).u8(family).u8(0).u8(resource >> 8).u8(resource);
  }

  /** One more after each transaction in the namespace, whoever makes it. */
  int generation() throws LinuxException {
    return get(message(GETGEN, 0, INET), "read the generation of nf_tables")
        .map(a -> Integer.reverseBytes(a.i32(GEN_ID, 0)))
        .orElse(0);
  }

  /** The attributes of the answer; empty for ENOENT. */
  Optional<Attributes> get(NetlinkMessage request, String what) throws LinuxException {
    return ask(request, true, what).stream().reduce((a, b) -> b).map(Found::attributes);
  }

  /** All that a dump shows; none for ENOENT. */
  List<Found> dump(NetlinkMessage request, String what) throws LinuxException {
    return ask(request, false, what);
  }

  private List<Found> ask(NetlinkMessage request, boolean acknowledged, String what)
      throws LinuxException {
    ByteBuffer out = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
    request.writeTo(out, ++sequence, acknowledged);
    socket.send(Arrays.copyOf(out.array(), out.position()));
    List<Found> found = new ArrayList<>();
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
          found.add(new Found(body.get(0) & 0xff, Attributes.parse(body.position(NFGENMSG))));
          continue;
        }
        try {
          answer.check(what);
          return found;
        } catch (LinuxException e) {
          if (e.is(Errno.ENOENT)) {
            return List.of();
          }
          throw e;
        }
      }
    }
  }

  /** Carries out all or nothing. */
  void transact(List<NetlinkMessage> messages, String what) throws LinuxException {
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
    socket.send(Arrays.copyOf(out.array(), out.position()));
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
